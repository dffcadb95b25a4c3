//! How a trace stands in a page: columns of varints, read with every count and every reference checked.

import { Corrupt, Reader } from "./bytes";
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
  /** Entries of claim c are starts[c] .. starts[c + 1] of names and counts. */
  vector: { events: Uint32Array; starts: Uint32Array; names: Uint32Array; counts: Float64Array };
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
  const kind = reader.take(events, "kinds").slice();
  const wrong = kind.find((byte) => byte >= KINDS.length);
  if (wrong !== undefined) throw new Corrupt(`an event of kind ${wrong}`);
  const at = read.sums(new Float64Array(events), "time of an event");
  const back = readCauses(reader, kind);
  const sends = read.starts(events, messages, "messages of an event");
  const target = read.below(new Uint16Array(messages), nodes, "target of a message");
  const sendEvent = resolve(kind, back, sends, messages);
  const edges = readEdges(read, reader, events, texts);
  const labelEvents = read.events(reader.count("labels"), events, "event of a label");
  const labelTexts = read.below(new Uint32Array(labelEvents.length), texts, "text of a label");
  const lamportEvents = read.events(reader.count("lamport claims"), events, "event of a lamport claim");
  const lamport = { events: lamportEvents, values: read.sums(new Float64Array(lamportEvents.length), "lamport claim") };
  const wallEvents = read.events(reader.count("wall claims"), events, "event of a wall claim");
  const wall = { events: wallEvents, values: read.sumsBy(wallEvents, process, processes, "wall claim") };
  const hybrid = readHybrid(read, reader, process, processes);
  const vector = readVector(read, reader, events, texts);
  const columns: Columns = {
    texts: held, nodes: nodeNames, processNode, processName, process, kind, at, cause: back, sends, sendEvent, target,
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

  /** Each is the sum of all differences so far. */
  sums(into: Float64Array, what: string): Float64Array {
    this.room(into.length, what);
    let sum = 0;
    for (let index = 0; index < into.length; index++) into[index] = sum += this.reader.zigzag(what);
    return into;
  }

  /** The same, summed for each process by itself. */
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

  /** Where the things of each begin, from how many each has; they must come to `total`. */
  starts(count: number, total: number, what: string): Uint32Array {
    this.room(count, what);
    const into = new Uint32Array(count + 1);
    let sum = 0;
    for (let index = 0; index < count; index++) {
      sum += this.reader.varint(what);
      if (sum > total) throw new Corrupt(`${what}: more than ${total}`);
      into[index + 1] = sum;
    }
    if (sum !== total) throw new Corrupt(`${what}: ${sum}, not ${total}`);
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

/** As they stand in the payload: how far back, for receives and restarts. */
function readCauses(reader: Reader, kind: Uint8Array): Int32Array {
  const back = new Int32Array(kind.length).fill(-1);
  for (let event = 0; event < kind.length; event++) {
    if (kind[event] === Kind.receive || kind[event] === Kind.restart) {
      back[event] = reader.below(0x7fff_ffff, "cause of an event");
    }
  }
  return back;
}

/** Turns how far back into which, in place, and tells of each message its event. */
function resolve(kind: Uint8Array, back: Int32Array, sends: Uint32Array, messages: number): Uint32Array {
  const sendEvent = new Uint32Array(messages);
  for (let event = 0; event < kind.length; event++) {
    for (let message = sends[event]!; message < sends[event + 1]!; message++) sendEvent[message] = event;
    if (kind[event] === Kind.receive) {
      const message = sends[event]! - 1 - back[event]!;
      if (message < 0) throw new Corrupt(`event ${event} receives a message that was not sent before`);
      back[event] = message;
    } else if (kind[event] === Kind.restart) {
      const from = event - back[event]!;
      if (from < 0 || (from < event && kind[from] !== Kind.persist)) {
        throw new Corrupt(`event ${event} restarts from what is no state on a disk`);
      }
      back[event] = from === event ? -1 : from;
    }
  }
  return sendEvent;
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
  let names = new Uint32Array(Math.max(16, events.length * 4));
  let counts = new Float64Array(names.length);
  let length = 0;
  for (let claim = 0; claim < events.length; claim++) {
    const entries = reader.count("entries of a vector claim");
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
  return { events, starts, names: names.slice(0, length), counts: counts.slice(0, length) };
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
