//! Patterns of messages that have a name: what is asked and answered, told to all, gathered, or goes wrong.

import { serverOf } from "./clients";
import { Kind } from "./columns";
import type { Order } from "./order";
import type { Trace } from "./trace";

/** Every pattern: its name in a query, and what it finds. */
export const MOTIFS: { name: string; finds: string }[] = [
  { name: "request-response", finds: "a message and the next one back" },
  { name: "broadcast", finds: "one node tells all that it ever tells in one go: three or more, or all there are; clients aside" },
  { name: "gather", finds: "one node hears in a row from all that it ever hears from: as many, clients aside" },
  { name: "causal-violation", finds: "an effect delivered before its cause" },
  { name: "lost-ack", finds: "what was asked arrived, the answer was lost" },
  { name: "split-brain", finds: "concurrent writes of different nodes" },
];

/** The events of a pattern; none for a name that is not one. */
export function motif(name: string, trace: Trace, order: Order): Iterable<number> {
  switch (name) {
    case "request-response":
      return requests(trace, false);
    case "lost-ack":
      return requests(trace, true);
    case "broadcast":
      return broadcasts(trace);
    case "gather":
      return gathers(trace);
    case "causal-violation":
      return causalViolations(trace, order);
    case "split-brain":
      return splitBrains(trace, order);
    default:
      return [];
  }
}

/** After a receipt, the receiver's first message back to the sender, sent by the same event or one of the next few. */
function requests(trace: Trace, isLost: boolean): Set<number> {
  const found = new Set<number>();
  const { sendEvent, process } = trace.columns;
  for (let message = 0; message < trace.messages; message++) {
    const arrival = trace.arrival[message]!;
    if (arrival < 0) continue;
    const back = answer(trace, arrival, trace.node(sendEvent[message]!));
    if (back === null) continue;
    const returned = trace.arrival[back]!;
    if (isLost ? !trace.isLost(back) : returned < 0 || process[returned] !== process[sendEvent[message]!]) continue;
    for (const event of [sendEvent[message]!, arrival, sendEvent[back]!, returned]) if (event >= 0) found.add(event);
  }
  return found;
}

/** The first message to a node that a process sends from an event on, before it hears from that node again. */
function answer(trace: Trace, from: number, node: number): number | null {
  const { process, sends, target } = trace.columns;
  const events = trace.ofProcess[process[from]!]!;
  const place = trace.place[from]! - 1;
  for (let index = place; index < Math.min(events.length, place + 8); index++) {
    const event = events[index]!;
    const heard = trace.received(event);
    if (index > place && heard >= 0 && trace.node(trace.columns.sendEvent[heard]!) === node) return null;
    for (let message = sends[event]!; message < sends[event + 1]!; message++) if (target[message] === node) return message;
  }
  return null;
}

/** How many a broadcast tells and a gathering hears at least, where there are so many besides clients. */
const OTHERS_MIN = 3;

/** Whom each node ever tells, or hears from, and how many that must be to be called all; clients are not counted. */
interface Circle {
  told: Set<number>[];
  heard: Set<number>[];
  least: number;
  isClient: (node: number) => boolean;
}

function circle(trace: Trace): Circle {
  const asks = askers(trace);
  const isClient = (node: number): boolean => asks[node] === 1;
  const sets = (): Set<number>[] => Array.from({ length: trace.nodes }, () => new Set<number>());
  const [told, heard] = [sets(), sets()];
  for (let message = 0; message < trace.messages; message++) {
    const [from, to] = [trace.node(trace.columns.sendEvent[message]!), trace.columns.target[message]!];
    if (from === to || isClient(from) || isClient(to)) continue;
    told[from]!.add(to);
    if (trace.arrival[message]! >= 0) heard[to]!.add(from);
  }
  const servers = asks.filter((one) => one === 0).length;
  return { told, heard, least: Math.max(2, Math.min(OTHERS_MIN, servers - 1)), isClient };
}

/** 1 for each client that speaks first: one that its server told first is rather a part of what the server leads. */
function askers(trace: Trace): Uint8Array {
  const server = serverOf(trace);
  const asks = new Uint8Array(trace.nodes);
  const isMet = new Uint8Array(trace.nodes);
  for (let message = 0; message < trace.messages; message++) {
    const [from, to] = [trace.node(trace.columns.sendEvent[message]!), trace.columns.target[message]!];
    if (from === to) continue;
    if (server[from] !== -1 && isMet[from] === 0) asks[from] = 1;
    [isMet[from], isMet[to]] = [1, 1];
  }
  return asks;
}

function broadcasts(trace: Trace): Set<number> {
  const found = new Set<number>();
  const { sends, target } = trace.columns;
  const { told, least } = circle(trace);
  for (let event = 0; event < trace.events; event++) {
    const all = told[trace.node(event)]!;
    if (all.size < least || sends[event + 1]! - sends[event]! < all.size) continue;
    const now = new Set(trace.sent(event).map((message) => target[message]!));
    if (![...all].every((node) => now.has(node))) continue;
    found.add(event);
    for (const message of trace.sent(event)) if (trace.arrival[message]! >= 0) found.add(trace.arrival[message]!);
  }
  return found;
}

/** A run of receipts at one process, broken by nothing that it sends, in which all that it ever hears from are heard. */
function gathers(trace: Trace): Set<number> {
  const found = new Set<number>();
  const { heard: everHeard, least, isClient } = circle(trace);
  trace.ofProcess.forEach((events) => {
    const all = events.length === 0 ? 0 : everHeard[trace.node(events[0]!)]!.size;
    if (all < least) return;
    let heard = new Map<number, number>();
    for (const event of events) {
      const message = trace.received(event);
      const from = message < 0 ? -1 : trace.node(trace.columns.sendEvent[message]!);
      if (from >= 0 && from !== trace.node(event) && !isClient(from)) heard.set(from, event);
      if (heard.size >= all) {
        for (const receipt of heard.values()) {
          found.add(receipt);
          found.add(trace.columns.sendEvent[trace.received(receipt)]!);
        }
        heard = new Map();
      }
      if (trace.columns.sends[event + 1]! > trace.columns.sends[event]!) heard = new Map();
    }
  });
  return found;
}

/** Two messages to one process: the sending of one happened before that of the other, yet it arrives later. */
function causalViolations(trace: Trace, order: Order): Set<number> {
  const found = new Set<number>();
  const { sendEvent } = trace.columns;
  for (const events of trace.ofProcess) {
    // Of each sending process, what came latest so far: a later arrival that was sent before one of these is out of order.
    const latest = new Map<number, { send: number; arrival: number }>();
    for (const event of events) {
      const message = trace.received(event);
      if (message < 0 || trace.arrival[message] !== event) continue;
      const send = sendEvent[message]!;
      for (const before of latest.values()) {
        if (before.send === send || !order.isBefore(send, before.send)) continue;
        for (const one of [send, before.send, before.arrival, event]) found.add(one);
      }
      const own = trace.columns.process[send]!;
      const known = latest.get(own);
      if (known === undefined || known.send < send) latest.set(own, { send, arrival: event });
    }
  }
  return found;
}

/** Pairs that are looked at, at most: neighbours in time are what conflicts. */
const NEIGHBOURS = 64;

function splitBrains(trace: Trace, order: Order): Set<number> {
  const found = new Set<number>();
  const writes: number[] = [];
  for (let event = 0; event < trace.events; event++) if (trace.columns.kind[event] === Kind.write) writes.push(event);
  writes.forEach((one, nth) => {
    for (const other of writes.slice(nth + 1, nth + 1 + NEIGHBOURS)) {
      if (trace.node(one) === trace.node(other) || order.relation(one, other) !== "concurrent") continue;
      found.add(one);
      found.add(other);
    }
  });
  return found;
}
