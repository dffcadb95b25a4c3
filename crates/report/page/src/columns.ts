//! How a trace stands in a page: columns of varints, read with every count and every reference checked.

import { Corrupt, Reader, unfolded } from "./bytes";
import { Texts } from "./texts";

/** What kind of event, as a number in the payload. */
export const KINDS = [
  "local", "receive", "persist", "crash", "restart", "write", "read", "invoke", "complete",
] as const;
/** Their numbers. */
export const Kind = {
  local: 0, receive: 1, persist: 2, crash: 3, restart: 4, write: 5, read: 6, invoke: 7, complete: 8,
} as const;

/** What became of a message that did not simply arrive; 0 stands for nothing to say. */
export const FATES = ["", "lost", "held", "duplicated", "corrupted", "waits", "in flight"] as const;
/** Their numbers. */
export const Fate = { lost: 1, held: 2, duplicated: 3, corrupted: 4, waits: 5, inFlight: 6 } as const;

/** Claims of one kind of clock: `events` rises, one claim an event. */
export interface Claims {
  events: Uint32Array;
  values: Float64Array;
}

/** What the payload holds, nothing derived. */
export interface Columns {
  texts: Texts;
  /** The name of each node, as a text; a node here is a lane, which chains of events may share. */
  nodes: Uint32Array;
  /** The node of each process, and its name as a text. */
  processNode: Uint16Array;
  processName: Uint32Array;
  /** Of each event. */
  process: Uint16Array;
  kind: Uint8Array;
  /** True time, ns since the epoch of the run. */
  at: Float64Array;
  /** The message received, the persist event restarted from, or −1. */
  cause: Int32Array;
  /** The first message that the event sends; those of event e are sends[e] .. sends[e + 1]. */
  sends: Uint32Array;
  /** Of each message. */
  sendEvent: Uint32Array;
  target: Uint16Array;
  /** Orders that no message made: `from` is before `to`, `to` rises. */
  edges: { from: Uint32Array; to: Uint32Array; why: Uint32Array };
  labelEvents: Uint32Array;
  labelTexts: Uint32Array;
  lamport: Claims;
  /** By how many ns the wall clock shows more than the truth. */
  wall: Claims;
  /** Physical part, as for wall; and the counter. */
  hybrid: Claims & { counters: Float64Array };
  /**
   * Entries of claim c are starts[c] .. starts[c + 1] of names and counts. Of a counted claim there are none: it is that of a
   * sound clock, of each process how many of its events that are before it or it claim a vector.
   */
  vector: { events: Uint32Array; isCounted: Uint8Array; starts: Uint32Array; names: Uint32Array; counts: Float64Array };
  fates: { message: Uint32Array; code: Uint8Array; at: Float64Array; why: Uint32Array };
  operations: { invoke: Uint32Array; complete: Int32Array; call: Uint32Array; told: Uint32Array };
}

const VERSION = 2;
/** Lanes beyond this are no picture, and an index must fit into 16 bits. */
const PROCESSES_MAX = 65_535;

/** The columns in these bytes, which gzip no longer packs. */
export function decode(bytes: Uint8Array): Columns {
  const reader = new Reader(bytes);
  if (String.fromCharCode(...reader.take(4, "the first four bytes")) !== "CSTL") {
    throw new Corrupt("the events do not begin with CSTL");
  }
  const version = reader.varint("the version");
  if (version !== VERSION) throw new Corrupt(`columns of version ${version}, and this page reads version ${VERSION}`);
  const [nodes, processes, events, messages, texts, fates, operations] = [
    "nodes", "processes", "events", "messages", "texts", "fates", "operations",
  ].map((what) => reader.count(what)) as [number, number, number, number, number, number, number];
  if (Math.max(nodes, processes) > PROCESSES_MAX) throw new Corrupt(`more than ${PROCESSES_MAX} processes`);

  const read = new Columner(reader);
  const held = readTexts(reader, texts);
  const nodeNames = read.below(new Uint32Array(nodes), texts, "text of a node");
  const processNode = read.below(new Uint16Array(processes), nodes, "node of a process");
  const processName = read.below(new Uint32Array(processes), texts, "name of a process");
  const process = read.below(new Uint16Array(events), processes, "process of an event");
  const { kind, sends } = readWhats(reader, events, messages);
  const at = read.spreadSums(new Float64Array(events), "time of an event");
  const target = read.below(new Uint16Array(messages), nodes, "target of a message");
  const { cause, sendEvent } = readCauses(reader, { kind, sends, target, laneOf: (event) => processNode[process[event]!]! }, nodes);
  const edges = readEdges(read, reader, events, texts);
  const labelEvents = read.events(reader.count("labels"), events, "event of a label");
  const labelTexts = read.below(new Uint32Array(labelEvents.length), texts, "text of a label");
  const lamportEvents = read.events(reader.count("lamport claims"), events, "event of a lamport claim");
  const known = { process, processes, kind, cause, sendEvent, edges };
  const lamport = { events: lamportEvents, values: readLamport(reader, lamportEvents, known) };
  const wallEvents = read.events(reader.count("wall claims"), events, "event of a wall claim");
  const wall = { events: wallEvents, values: read.sumsBy(wallEvents, process, processes, "wall claim") };
  const hybrid = readHybrid(read, reader, process, processes);
  const vector = readVector(read, reader, events, texts);
  const columns: Columns = {
    texts: held, nodes: nodeNames, processNode, processName, process, kind, at, cause, sends, sendEvent, target,
    edges, labelEvents, labelTexts, lamport, wall, hybrid, vector,
    fates: readFates(read, reader, fates, messages, texts, (message) => at[sendEvent[message]!]!),
    operations: readOperations(read, operations, events, texts),
  };
  if (reader.left > 0) throw new Corrupt(`${reader.left} bytes after the end of the events`);
  return columns;
}

type Numbers = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** Reads whole columns. */
class Columner {
  constructor(private readonly reader: Reader) {}

  varints<T extends Numbers>(into: T, what: string): T {
    this.room(into.length, what);
    for (let index = 0; index < into.length; index++) into[index] = this.reader.varint(what);
    return into;
  }

  below<T extends Numbers>(into: T, bound: number, what: string): T {
    this.room(into.length, what);
    for (let index = 0; index < into.length; index++) into[index] = this.reader.below(bound, what);
    return into;
  }

  /** Each is the sum of all differences so far, which stand first byte by first byte, then second bytes, and so on. */
  spreadSums(into: Float64Array, what: string): Float64Array {
    let open: Uint32Array | null = null;
    let scale = 1;
    for (let place = 0; open === null || open.length > 0; place++, scale *= 0x80) {
      if (place === 10) throw new Corrupt(`a number of more than ten bytes in: ${what}`);
      const bytes = this.reader.take(open === null ? into.length : open.length, what);
      let longer = 0;
      for (let index = 0; index < bytes.length; index++) if (bytes[index]! >= 0x80) longer++;
      const next: Uint32Array = new Uint32Array(longer);
      longer = 0;
      for (let index = 0; index < bytes.length; index++) {
        const number = open === null ? index : open[index]!;
        into[number]! += (bytes[index]! & 0x7f) * scale;
        if (bytes[index]! >= 0x80) next[longer++] = number;
      }
      open = next;
    }
    let sum = 0;
    for (let index = 0; index < into.length; index++) into[index] = sum += unfolded(into[index]!);
    return into;
  }

  /** Each is the sum of all differences so far, for each process by itself. */
  sumsBy(events: Uint32Array, process: Uint16Array, processes: number, what: string): Float64Array {
    this.room(events.length, what);
    const sums = new Float64Array(processes);
    const into = new Float64Array(events.length);
    for (let index = 0; index < into.length; index++) {
      into[index] = sums[process[events[index]!]!]! += this.reader.zigzag(what);
    }
    return into;
  }

  /** Events that rise strictly. */
  events(count: number, bound: number, what: string): Uint32Array {
    this.room(count, what);
    const into = new Uint32Array(count);
    let event = 0;
    for (let index = 0; index < count; index++) {
      const step = this.reader.varint(what);
      if (index > 0 && step === 0) throw new Corrupt(`${what}: the same event twice`);
      event += step;
      if (event >= bound) throw new Corrupt(`${what} ${event} of ${bound}`);
      into[index] = event;
    }
    return into;
  }

  private room(count: number, what: string): void {
    if (count > this.reader.left) throw new Corrupt(`the events end in the middle of: ${what}`);
  }
}

function readTexts(reader: Reader, count: number): Texts {
  const lengths = new Uint32Array(count);
  let total = 0;
  for (let index = 0; index < count; index++) {
    lengths[index] = reader.count("bytes of a text");
    total += lengths[index]!;
  }
  return new Texts(lengths, reader.take(total, "texts"));
}

/** Of each event its kind, and where its messages begin. */
function readWhats(reader: Reader, events: number, messages: number): { kind: Uint8Array; sends: Uint32Array } {
  if (events > reader.left) throw new Corrupt("the events end in the middle of: kind of an event");
  const kind = new Uint8Array(events);
  const sends = new Uint32Array(events + 1);
  let sum = 0;
  for (let event = 0; event < events; event++) {
    const what = reader.below(0x7fff_ffff, "kind of an event");
    if ((what & 15) >= KINDS.length) throw new Corrupt(`an event of kind ${what & 15}`);
    kind[event] = what & 15;
    sum += what >>> 4;
    if (sum > messages) break;
    sends[event + 1] = sum;
  }
  if (sum !== messages) throw new Corrupt(`messages of an event: ${sum}, not ${messages}`);
  return { kind, sends };
}

interface Sent {
  kind: Uint8Array;
  sends: Uint32Array;
  target: Uint16Array;
  laneOf: (event: number) => number;
}

/** What receives and restarts come from, and of each message its event. */
function readCauses(reader: Reader, sent: Sent, lanes: number): { cause: Int32Array; sendEvent: Uint32Array } {
  const { kind, sends, target } = sent;
  const events = kind.length;
  const cause = new Int32Array(events).fill(-1);
  const sendEvent = new Uint32Array(target.length);
  // The messages to each lane, in order, and which of them follows the furthest that was received.
  const { starts, ids } = byLane(target, lanes);
  const next = new Uint32Array(lanes);
  for (let event = 0; event < events; event++) {
    for (let message = sends[event]!; message < sends[event + 1]!; message++) sendEvent[message] = event;
    if (kind[event] === Kind.receive) {
      const lane = sent.laneOf(event);
      const nth = next[lane]! + reader.zigzag("cause of an event");
      const message = nth >= 0 && nth < starts[lane + 1]! - starts[lane]! ? ids[starts[lane]! + nth]! : Infinity;
      if (message >= sends[event]!) throw new Corrupt(`event ${event} receives a message that was not sent before`);
      next[lane] = Math.max(next[lane]!, nth + 1);
      cause[event] = message;
    } else if (kind[event] === Kind.restart) {
      const from = event - reader.varint("cause of an event");
      if (from < 0 || (from < event && kind[from] !== Kind.persist)) {
        throw new Corrupt(`event ${event} restarts from what is no state on a disk`);
      }
      cause[event] = from === event ? -1 : from;
    }
  }
  return { cause, sendEvent };
}

function byLane(target: Uint16Array, lanes: number): { starts: Uint32Array; ids: Uint32Array } {
  const starts = new Uint32Array(lanes + 1);
  for (let message = 0; message < target.length; message++) starts[target[message]! + 1]!++;
  for (let lane = 0; lane < lanes; lane++) starts[lane + 1]! += starts[lane]!;
  const ends = starts.slice();
  const ids = new Uint32Array(target.length);
  for (let message = 0; message < target.length; message++) ids[ends[target[message]!]!++] = message;
  return { starts, ids };
}

interface Known {
  process: Uint16Array;
  processes: number;
  kind: Uint8Array;
  cause: Int32Array;
  sendEvent: Uint32Array;
  edges: Columns["edges"];
}

/** Lamport times, each told as the difference from one more than the latest that can be known. */
function readLamport(reader: Reader, claims: Uint32Array, of: Known): Float64Array {
  const values = new Float64Array(claims.length);
  if (claims.length > reader.left) throw new Corrupt("the events end in the middle of: lamport claim");
  if (claims.length === 0) return values;
  const { process, kind, cause, sendEvent, edges } = of;
  const known = new Float64Array(process.length);
  const latest = new Float64Array(of.processes);
  let claim = 0;
  let edge = 0;
  for (let event = 0; event < process.length && claim < claims.length; event++) {
    const own = process[event]!;
    let time = latest[own]!;
    const from = cause[event]!;
    if (from >= 0) time = Math.max(time, known[kind[event] === Kind.receive ? sendEvent[from]! : from]!);
    for (; edges.to[edge] === event; edge++) time = Math.max(time, known[edges.from[edge]!]!);
    if (claims[claim] === event) {
      const value = (values[claim++] = time + 1 + reader.zigzag("lamport claim"));
      // From what is greater, the difference might not fit in 53 bits.
      time = value > 2 ** 52 - 2 ? 0 : value;
    }
    known[event] = latest[own] = time;
  }
  return values;
}

function readEdges(read: Columner, reader: Reader, events: number, texts: number): Columns["edges"] {
  const to = read.varints(new Uint32Array(reader.count("edges")), "later event of an edge");
  let last = 0;
  for (let edge = 0; edge < to.length; edge++) {
    last += to[edge]!;
    if (last >= events) throw new Corrupt(`an edge to event ${last} of ${events}`);
    to[edge] = last;
  }
  const from = read.varints(new Float64Array(to.length), "earlier event of an edge");
  from.forEach((back, edge) => {
    // An edge leads on, so that none of them closes a circle.
    if (back < 1 || back > to[edge]!) throw new Corrupt(`an edge to event ${to[edge]} from none before it`);
    from[edge] = to[edge]! - back;
  });
  return { from: Uint32Array.from(from), to, why: read.below(new Uint32Array(to.length), texts, "text of an edge") };
}

function readHybrid(read: Columner, reader: Reader, process: Uint16Array, processes: number): Columns["hybrid"] {
  const events = read.events(reader.count("hybrid claims"), process.length, "event of a hybrid claim");
  const values = read.sumsBy(events, process, processes, "hybrid claim");
  return { events, values, counters: read.varints(new Float64Array(events.length), "counter of a hybrid claim") };
}

function readVector(read: Columner, reader: Reader, bound: number, texts: number): Columns["vector"] {
  const events = read.events(reader.count("vector claims"), bound, "event of a vector claim");
  const starts = new Uint32Array(events.length + 1);
  // Grown by doubling, since how many entries there are is told claim by claim.
  let names = new Uint32Array(64);
  let counts = new Float64Array(names.length);
  const isCounted = new Uint8Array(events.length);
  let length = 0;
  for (let claim = 0; claim < events.length; claim++) {
    const told = reader.count("entries of a vector claim");
    isCounted[claim] = told === 0 ? 1 : 0;
    const entries = Math.max(0, told - 1);
    if (length + entries > names.length) {
      const room = Math.max(names.length * 2, length + entries);
      const [grownNames, grownCounts] = [new Uint32Array(room), new Float64Array(room)];
      grownNames.set(names);
      grownCounts.set(counts);
      [names, counts] = [grownNames, grownCounts];
    }
    for (let entry = 0; entry < entries; entry++, length++) {
      names[length] = reader.below(texts, "name in a vector claim");
      counts[length] = reader.varint("counter of a vector claim");
    }
    starts[claim + 1] = length;
  }
  return { events, isCounted, starts, names: names.slice(0, length), counts: counts.slice(0, length) };
}

function readFates(
  read: Columner, reader: Reader, count: number, messages: number, texts: number, sentAt: (message: number) => number,
): Columns["fates"] {
  const code = read.below(new Uint8Array(count), FATES.length, "fate of a message");
  const message = new Uint32Array(count);
  let last = 0;
  for (let index = 0; index < count; index++) {
    // In order of their messages, of which one may have several, so the difference is never negative.
    last += reader.varint("message of a fate");
    if (last >= messages) throw new Corrupt(`fate of message ${last} of ${messages}`);
    message[index] = last;
  }
  const at = new Float64Array(count);
  for (let index = 0; index < count; index++) at[index] = sentAt(message[index]!) + reader.zigzag("time of a fate");
  return { message, code, at, why: read.below(new Uint32Array(count), texts, "text of a fate") };
}

function readOperations(read: Columner, count: number, events: number, texts: number): Columns["operations"] {
  const invoke = read.varints(new Uint32Array(count), "invocation of an operation");
  for (let index = 0; index < count; index++) {
    const event = invoke[index]! + (index > 0 ? invoke[index - 1]! : 0);
    if (event >= events) throw new Corrupt(`operation at event ${event} of ${events}`);
    invoke[index] = event;
  }
  const spans = read.varints(new Float64Array(count), "completion of an operation");
  const complete = new Int32Array(count).fill(-1);
  for (let index = 0; index < count; index++) {
    const event = invoke[index]! + spans[index]!;
    if (event >= events) throw new Corrupt(`operation ends at event ${event} of ${events}`);
    if (spans[index] !== 0) complete[index] = event;
  }
  const call = read.below(new Uint32Array(count), texts, "text of an operation");
  return { invoke, complete, call, told: read.below(new Uint32Array(count), texts, "text of an answer") };
}
