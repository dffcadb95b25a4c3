//! Happens-before, computed again in the page: a cone is one cut in each process, and a relation comes with its chain.

import { Kind } from "./columns";
import { lowerBound, type Trace } from "./trace";

/** Of each process: its first so many events are in the past; from this place on (from 1) its events are in the future. */
export interface Cone {
  past: Uint32Array;
  /** 0xffffffff where nothing of the process is. */
  future: Uint32Array;
}

/** How two events stand to each other. */
export type Relation = "before" | "after" | "equal" | "concurrent";

/**
 * A step of a chain: an event, and the message by which it was reached; null within a process or from a disk. Where an edge
 * led there, which no message made, it is the third.
 */
export type Step = [event: number, message: number | null, edge?: number];

/** Nothing of a process. */
export const NEVER = 0xffff_ffff;

/** Vector clocks take four bytes for each event and process; beyond this a cone is found by walking. */
const CLOCK_ENTRIES_MAX = 64 * 1024 * 1024;

/** Happens-before of a trace: program order, messages, states read from a disk, and edges. It trusts no clock. */
export class Order {
  private readonly clocks: Uint32Array | null;

  constructor(readonly trace: Trace, entriesMax: number = CLOCK_ENTRIES_MAX) {
    const fits = trace.events * trace.processes <= entriesMax;
    this.clocks = fits ? vectorClocks(trace) : null;
  }

  /** What can have led to an event, and what it can have led to; the event itself is in both. */
  cone(event: number): Cone {
    return this.clocks === null ? walkedCone(this.trace, event) : this.cutCone(event, this.clocks);
  }

  /** Of each process, how many of its events can have led to an event, itself among them. */
  past(event: number): Uint32Array {
    const { processes } = this.trace;
    return this.clocks === null ? walkedPast(this.trace, event) : this.clocks.subarray(event * processes, (event + 1) * processes);
  }

  relation(one: number, other: number): Relation {
    if (one === other) return "equal";
    if (this.isBefore(one, other)) return "before";
    return this.isBefore(other, one) ? "after" : "concurrent";
  }

  /** Whether `one` happened before `other`, or is it. */
  isBefore(one: number, other: number): boolean {
    const { process } = this.trace.columns;
    const place = this.trace.place[one]!;
    if (this.clocks !== null) return this.clocks[other * this.trace.processes + process[one]!]! >= place;
    return one <= other && walkedPast(this.trace, other)[process[one]!]! >= place;
  }

  /** How many events are in the past and in the future of an event, itself in neither. */
  counts(cone: Cone): { past: number; future: number; concurrent: number } {
    let past = -1;
    let future = -1;
    cone.past.forEach((count) => (past += count));
    cone.future.forEach((from, process) => {
      if (from !== NEVER) future += this.trace.ofProcess[process]!.length - from + 1;
    });
    return { past, future, concurrent: this.trace.events - past - future - 1 };
  }

  /** The chain from one event to a later one with the fewest messages and edges; empty when there is none. */
  chain(one: number, other: number): Step[] {
    if (one === other || !this.isBefore(one, other)) return [];
    return shortestChain(this.trace, one, other);
  }

  private cutCone(event: number, clocks: Uint32Array): Cone {
    const { trace } = this;
    const { processes } = trace;
    const own = trace.columns.process[event]!;
    const place = trace.place[event]!;
    const future = new Uint32Array(processes).fill(NEVER);
    trace.ofProcess.forEach((events, process) => {
      // Knowledge only grows along a process, so the first event that knows of this one is found by halving.
      let low = 0;
      let high = events.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (clocks[events[middle]! * processes + own]! >= place) high = middle;
        else low = middle + 1;
      }
      if (low < events.length) future[process] = low + 1;
    });
    return { past: clocks.slice(event * processes, (event + 1) * processes), future };
  }
}

/** On which side of an event another one is, given the cone of the first. */
export function side(trace: Trace, cone: Cone, event: number): "past" | "future" | "self" | "concurrent" {
  const process = trace.columns.process[event]!;
  const place = trace.place[event]!;
  const isPast = place <= cone.past[process]!;
  const isFuture = place >= cone.future[process]!;
  if (isPast && isFuture) return "self";
  return isPast ? "past" : isFuture ? "future" : "concurrent";
}

/** The event whose knowledge an event has beside that of its own process: −1 for none. */
function source(trace: Trace, event: number): number {
  const { kind, cause, sendEvent } = trace.columns;
  const from = cause[event]!;
  return from >= 0 && kind[event] === Kind.receive ? sendEvent[from]! : from;
}

function vectorClocks(trace: Trace): Uint32Array {
  const { processes, events, place } = trace;
  const { process } = trace.columns;
  const clocks = new Uint32Array(events * processes);
  const last = new Int32Array(processes).fill(-1);
  const { edges } = trace.columns;
  let edge = 0;
  const join = (at: number, from: number): void => {
    const other = from * processes;
    for (let entry = 0; entry < processes; entry++) {
      if (clocks[other + entry]! > clocks[at + entry]!) clocks[at + entry] = clocks[other + entry]!;
    }
  };
  for (let event = 0; event < events; event++) {
    const own = process[event]!;
    const at = event * processes;
    const before = last[own]!;
    if (before >= 0) clocks.copyWithin(at, before * processes, (before + 1) * processes);
    const from = source(trace, event);
    if (from >= 0) join(at, from);
    for (; edges.to[edge] === event; edge++) join(at, edges.from[edge]!);
    clocks[at + own] = place[event]!;
    last[own] = event;
  }
  return clocks;
}

/** The same cone by walking over all events once, for traces whose clocks would not fit. */
function walkedCone(trace: Trace, event: number): Cone {
  const { process, edges } = trace.columns;
  const future = new Uint32Array(trace.processes).fill(NEVER);
  future[process[event]!] = trace.place[event]!;
  const isAfter = (from: number): boolean => from >= 0 && trace.place[from]! >= future[process[from]!]!;
  let edge = lowerBound(edges.to, event + 1, 0, edges.to.length);
  for (let later = event + 1; later < trace.events; later++) {
    const own = process[later]!;
    let isReached = future[own] === NEVER && isAfter(source(trace, later));
    for (; edges.to[edge] === later; edge++) isReached ||= future[own] === NEVER && isAfter(edges.from[edge]!);
    if (isReached) future[own] = trace.place[later]!;
  }
  return { past: walkedPast(trace, event), future };
}

function walkedPast(trace: Trace, event: number): Uint32Array {
  const { process, edges } = trace.columns;
  const past = new Uint32Array(trace.processes);
  past[process[event]!] = trace.place[event]!;
  const reach = (from: number): void => {
    if (from >= 0 && trace.place[from]! > past[process[from]!]!) past[process[from]!] = trace.place[from]!;
  };
  let edge = lowerBound(edges.to, event + 1, 0, edges.to.length) - 1;
  for (let earlier = event; earlier >= 0; earlier--) {
    const isPast = trace.place[earlier]! <= past[process[earlier]!]!;
    if (isPast) reach(source(trace, earlier));
    for (; edge >= 0 && edges.to[edge] === earlier; edge--) if (isPast) reach(edges.from[edge]!);
  }
  return past;
}

/** How a process was first entered in a search: at this event, from that one, by that message or edge. */
interface Entry {
  event: number;
  from: Entry | null;
  sender: number;
  message: number | null;
  edge?: number;
}

/** Breadth first over messages and edges: what is reached by one more, until `other` is. */
function shortestChain(trace: Trace, one: number, other: number): Step[] {
  const { process } = trace.columns;
  const goal = process[other]!;
  const reached = new Uint32Array(trace.processes).fill(NEVER);
  const readers = readersOfDisks(trace);
  let level: Entry[] = [{ event: one, from: null, sender: one, message: null }];
  while (level.length > 0) {
    const next: Entry[] = [];
    // What a disk handed on needs no message, so it joins the level that is being walked.
    for (let nth = 0; nth < level.length; nth++) {
      const entry = level[nth]!;
      const own = process[entry.event]!;
      const begin = trace.place[entry.event]!;
      if (begin >= reached[own]!) continue;
      if (own === goal && begin <= trace.place[other]!) return unwind(entry, other);
      const end = Math.min(reached[own]! - 1, trace.ofProcess[own]!.length);
      reached[own] = begin;
      walkProcess(trace, entry, begin, end, other, readers, level, next);
    }
    level = next.sort((left, right) => left.event - right.event);
  }
  return [];
}

/** Puts down where the events begin .. end of a process lead. */
function walkProcess(
  trace: Trace, entry: Entry, begin: number, end: number, other: number,
  readers: Map<number, number[]>, level: Entry[], next: Entry[],
): void {
  const events = trace.ofProcess[trace.columns.process[entry.event]!]!;
  const { sends } = trace.columns;
  for (let place = begin; place <= end; place++) {
    const event = events[place - 1]!;
    if (event > other) return;
    for (const restart of readers.get(event) ?? []) {
      level.push({ event: restart, from: entry, sender: event, message: null });
    }
    for (const edge of trace.edgesFrom(event)) {
      const to = trace.columns.edges.to[edge]!;
      if (to <= other) next.push({ event: to, from: entry, sender: event, message: null, edge });
    }
    for (let message = sends[event]!; message < sends[event + 1]!; message++) {
      // A copy may arrive in a later life of its target, which the first did not reach.
      for (const arrival of trace.again.has(message) ? trace.arrivals(message) : [trace.arrival[message]!]) {
        if (arrival >= 0 && arrival <= other) next.push({ event: arrival, from: entry, sender: event, message });
      }
    }
  }
}

function readersOfDisks(trace: Trace): Map<number, number[]> {
  const readers = new Map<number, number[]>();
  const { kind, cause } = trace.columns;
  for (let process = 0; process < trace.processes; process++) {
    const first = trace.ofProcess[process]![0];
    if (first === undefined || kind[first] !== Kind.restart || cause[first]! < 0) continue;
    readers.set(cause[first]!, [...(readers.get(cause[first]!) ?? []), first]);
  }
  return readers;
}

function unwind(last: Entry, goal: number): Step[] {
  const steps: Step[] = last.event === goal ? [] : [[goal, null]];
  for (let entry: Entry | null = last; entry !== null; entry = entry.from) {
    steps.push(entry.edge === undefined ? [entry.event, entry.message] : [entry.event, null, entry.edge]);
    if (entry.from !== null && entry.from.event !== entry.sender) steps.push([entry.sender, null]);
  }
  return steps.reverse();
}
