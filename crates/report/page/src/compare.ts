//! Two runs side by side: how far they are alike, and where they part.

import type { Trace } from "./trace";

/** Which event of the one run is which of the other, and the first difference. */
export interface Comparison {
  /** Of each event of the first run, the same event in the second, or −1. */
  theirs: Int32Array;
  /** Of each event of the second run, the same event in the first, or −1. */
  mine: Int32Array;
  /** Events that are alike. */
  alike: number;
  /** Where they part: the earliest event in each that the other does not have at its place; null at the end of a process. */
  parting: { mine: number | null; theirs: number | null } | null;
}

/**
 * Compares process by process, from the beginning: two events are the same if they are of one kind, have one label, receive the
 * same message and send to the same nodes. A message is the same if it is the same one of the same process. Times may differ.
 */
export function compare(one: Trace, other: Trace): Comparison {
  const theirs = new Int32Array(one.events).fill(-1);
  const mine = new Int32Array(other.events).fill(-1);
  const names = new Map(Array.from({ length: other.processes }, (_, process) => [other.processName(process), process]));
  let alike = 0;
  let parting: Comparison["parting"] = null;
  let earliest = Infinity;
  const part = (left: number | undefined, right: number | undefined): void => {
    if (left === undefined && right === undefined) return;
    const at = Math.min(left === undefined ? Infinity : one.columns.at[left]!, right === undefined ? Infinity : other.columns.at[right]!);
    if (at >= earliest) return;
    earliest = at;
    parting = { mine: left ?? null, theirs: right ?? null };
  };
  const seen = new Set<number>();
  for (let process = 0; process < one.processes; process++) {
    const twin = names.get(one.processName(process));
    const [left, right] = [one.ofProcess[process]!, twin === undefined ? new Uint32Array() : other.ofProcess[twin]!];
    if (twin !== undefined) seen.add(twin);
    let place = 0;
    while (place < left.length && place < right.length && isSame(one, left[place]!, other, right[place]!)) {
      theirs[left[place]!] = right[place]!;
      mine[right[place]!] = left[place]!;
      place++;
    }
    alike += place;
    part(left[place], right[place]);
  }
  for (let process = 0; process < other.processes; process++) if (!seen.has(process)) part(undefined, other.ofProcess[process]![0]);
  return { theirs, mine, alike, parting };
}

function isSame(one: Trace, left: number, other: Trace, right: number): boolean {
  if (one.columns.kind[left] !== other.columns.kind[right] || one.label(left) !== other.label(right)) return false;
  const [heard, heardToo] = [one.received(left), other.received(right)];
  if (heard >= 0 && origin(one, heard) !== origin(other, heardToo)) return false;
  const [sent, sentToo] = [one.sent(left), other.sent(right)];
  const name = (trace: Trace, message: number): string => trace.nodeNames[trace.columns.target[message]!]!;
  return sent.length === sentToo.length && sent.every((message, nth) => name(one, message) === name(other, sentToo[nth]!));
}

/** Which message of which event of which process, as text. */
function origin(trace: Trace, message: number): string {
  const send = trace.columns.sendEvent[message]!;
  return `${trace.processName(trace.columns.process[send]!)} ${trace.place[send]} ${message - trace.columns.sends[send]!}`;
}
