//! What happened, as the page asks for it: columns, and what follows from them at once.

import type { Claims, Columns } from "./columns";
import { FATES, Fate, KINDS, Kind } from "./columns";
import { since } from "./format";
import { timeWords, type TimeWords } from "./times";

/** A trace with its indexes. Events, messages, processes and nodes are numbers. */
export class Trace {
  readonly events: number;
  readonly messages: number;
  readonly processes: number;
  readonly nodes: number;
  /** Which event of its process an event is, from 1. */
  readonly place: Uint32Array;
  /** The events of each process, in its order. */
  readonly ofProcess: Uint32Array[];
  /** The processes of each node, in the order of their lives. */
  readonly ofNode: number[][];
  /** The event that first receives a message, or −1. */
  readonly arrival: Int32Array;
  /** Further receipts of a message. */
  readonly again: Map<number, number[]>;
  /** Indexes into the fates, by message. */
  private readonly fateOf: Map<number, number[]>;
  readonly nodeNames: string[];
  /** Of each process, on which row of its lane it is drawn, from above; those that last at one time are on different ones. */
  readonly row: Uint32Array;
  /** Of each node, how many rows its lane has; 0 where all processes are lives one after another, which need none. */
  readonly rows: Uint32Array;
  /** Of each process, the places of its events that claim a vector. */
  private claiming: number[][] | null = null;
  /** Whether no event is earlier than the one before it. */
  readonly isTimely: boolean;
  /** When the run ends, in ns. */
  readonly end: number;
  /** From an event to the edges that begin there. */
  private edgesAfter: Map<number, number[]> | null = null;
  /** Of events that begin or end an operation, the text of the call or of the answer. */
  readonly said: Map<number, number>;

  /** What the time of an event is called. */
  readonly timeWords: TimeWords;
  /** Whether times are places in a log, or steps: nothing real is over before a microsecond has passed. */
  readonly isLog: boolean;
  /** From one place to the next, in ns. */
  private readonly placeNs: number;

  /** `times` is which kind of time it has, as the facts tell. */
  constructor(readonly columns: Columns, times = "recorded") {
    this.events = columns.process.length;
    this.messages = columns.target.length;
    this.processes = columns.processNode.length;
    this.nodes = columns.nodes.length;
    this.nodeNames = Array.from(columns.nodes, (text) => columns.texts.get(text));
    const counts = new Uint32Array(this.processes);
    this.place = new Uint32Array(this.events);
    for (let event = 0; event < this.events; event++) this.place[event] = ++counts[columns.process[event]!]!;
    this.ofProcess = Array.from(counts, (count) => new Uint32Array(count));
    for (let event = 0; event < this.events; event++) {
      this.ofProcess[columns.process[event]!]![this.place[event]! - 1] = event;
    }
    this.ofNode = Array.from({ length: this.nodes }, () => []);
    for (let process = 0; process < this.processes; process++) this.ofNode[columns.processNode[process]!]!.push(process);
    this.arrival = new Int32Array(this.messages).fill(-1);
    this.again = new Map();
    this.receive();
    this.said = new Map();
    const { invoke, complete, call, told } = columns.operations;
    invoke.forEach((event, operation) => {
      this.said.set(event, call[operation]!);
      if (complete[operation]! >= 0) this.said.set(complete[operation]!, told[operation]!);
    });
    this.isTimely = columns.at.every((at, event) => event === 0 || at >= columns.at[event - 1]!);
    this.end = columns.at.reduce((end, at) => Math.max(end, at), 0);
    this.isLog = times === "untimed" || this.end < 1000;
    this.placeNs = columns.at.every((at) => at % 1e6 === 0) ? 1e6 : 1;
    this.timeWords = timeWords(times, this.isLog);
    [this.row, this.rows] = rowsOf(this);
    this.fateOf = new Map();
    columns.fates.message.forEach((message, index) => push(this.fateOf, message, index));
  }

  private receive(): void {
    const { kind, cause } = this.columns;
    for (let event = 0; event < this.events; event++) {
      if (kind[event] !== Kind.receive) continue;
      const message = cause[event]!;
      if (this.arrival[message] === -1) this.arrival[message] = event;
      else push(this.again, message, event);
    }
  }

  /** A time, as it is shown: seconds of a run would all be nothing in a log. */
  moment(ns: number): string {
    return this.isLog ? `at ${ns / this.placeNs}` : since(ns);
  }

  /** The node of an event. */
  node(event: number): number {
    return this.columns.processNode[this.columns.process[event]!]!;
  }

  /** `pacific`, then `pacific#1`. */
  processName(process: number): string {
    return this.columns.texts.get(this.columns.processName[process]!);
  }

  /** Whether a process is one of several chains on a lane, which is no order of theirs. */
  isChain(process: number): boolean {
    return this.rows[this.columns.processNode[process]!]! > 0;
  }

  /** The edges that end at an event. */
  edgesTo(event: number): number[] {
    const { to } = this.columns.edges;
    const edges: number[] = [];
    for (let edge = lowerBound(to, event, 0, to.length); edge < to.length && to[edge] === event; edge++) edges.push(edge);
    return edges;
  }

  /** The edges that begin at an event. */
  edgesFrom(event: number): number[] {
    if (this.edgesAfter === null) {
      this.edgesAfter = new Map();
      const { from } = this.columns.edges;
      for (let edge = 0; edge < from.length; edge++) push(this.edgesAfter, from[edge]!, edge);
    }
    return this.edgesAfter.get(event) ?? [];
  }

  /** What an edge is, in a word. */
  edgeName(edge: number): string {
    return this.columns.texts.get(this.columns.edges.why[edge]!);
  }

  kindName(event: number): string {
    return KINDS[this.columns.kind[event]!]!;
  }

  /** What an event is called, or the call or the answer of a client that it is, or an empty text. */
  label(event: number): string {
    const { labelEvents, labelTexts, texts } = this.columns;
    const index = indexOf(labelEvents, event);
    const text = index < 0 ? this.said.get(event) : labelTexts[index]!;
    return text === undefined ? "" : texts.get(text);
  }

  /** What happened, in a few words, for an event without a label too. */
  what(event: number): string {
    const label = this.label(event);
    if (label !== "") return label;
    const kind = this.kindName(event);
    const message = this.received(event);
    if (message >= 0) return `receive m${message} from ${this.nodeNames[this.node(this.columns.sendEvent[message]!)]!}`;
    const sent = this.sent(event);
    if (kind === "local" && sent.length > 0) return `send ${sent.map((id) => `m${id}`).slice(0, 8).join(" ")}`;
    return kind === "persist" ? "persist its state" : kind;
  }

  /** The message that an event receives, or −1. */
  received(event: number): number {
    return this.columns.kind[event] === Kind.receive ? this.columns.cause[event]! : -1;
  }

  /** The messages that an event sends. */
  sent(event: number): number[] {
    const { sends } = this.columns;
    return Array.from({ length: sends[event + 1]! - sends[event]! }, (_, nth) => sends[event]! + nth);
  }

  /** Every event that receives a message. */
  arrivals(message: number): number[] {
    const first = this.arrival[message]!;
    return first < 0 ? [] : [first, ...(this.again.get(message) ?? [])];
  }

  /** What is told of a message beside its arrival. */
  fates(message: number): { name: string; code: number; at: number; why: string }[] {
    const { code, at, why } = this.columns.fates;
    return (this.fateOf.get(message) ?? []).map((index) => ({
      name: FATES[code[index]!]!, code: code[index]!, at: at[index]!, why: this.columns.texts.get(why[index]!),
    }));
  }

  /** Whether a fate of this code is told of a message. */
  hasFate(message: number, wanted: number): boolean {
    const indexes = this.fateOf.get(message);
    return indexes !== undefined && indexes.some((index) => this.columns.fates.code[index] === wanted);
  }

  /** Whether nobody received it, and it is told that the world lost or spoiled it. */
  isLost(message: number): boolean {
    return this.arrival[message]! < 0 && (this.hasFate(message, Fate.lost) || this.hasFate(message, Fate.corrupted));
  }

  /** By how much the wall clock of an event shows more than the truth, in ns; null when it says nothing. */
  skew(event: number): number | null {
    return claimed(this.columns.wall, event);
  }

  lamport(event: number): number | null {
    return claimed(this.columns.lamport, event);
  }

  hybrid(event: number): { skew: number; counter: number } | null {
    const { hybrid } = this.columns;
    const index = indexOf(hybrid.events, event);
    return index < 0 ? null : { skew: hybrid.values[index]!, counter: hybrid.counters[index]! };
  }

  /** The vector that an event claims, by names in their order; `past` tells how many events of each process lead to it, itself among them. */
  vector(event: number, past: () => ArrayLike<number>): Map<string, number> | null {
    const { vector, texts } = this.columns;
    const index = indexOf(vector.events, event);
    if (index < 0) return null;
    if (vector.isCounted[index] === 1) return this.counted(past());
    const entries: [string, number][] = [];
    for (let entry = vector.starts[index]!; entry < vector.starts[index + 1]!; entry++) {
      entries.push([texts.get(vector.names[entry]!), vector.counts[entry]!]);
    }
    return byName(entries);
  }

  /** What a sound clock counts: of each process its first events that claim a vector. */
  private counted(past: ArrayLike<number>): Map<string, number> {
    const { vector, process } = this.columns;
    if (this.claiming === null) {
      this.claiming = Array.from({ length: this.processes }, () => []);
      for (const event of vector.events) this.claiming[process[event]!]!.push(this.place[event]!);
    }
    const entries: [string, number][] = [];
    this.claiming.forEach((places, own) => {
      const count = lowerBound(places, past[own]! + 1, 0, places.length);
      if (count > 0) entries.push([this.processName(own), count]);
    });
    return byName(entries);
  }
}

/** Rows for processes that share a lane without being lives of one node: each on the first row on which nobody is meanwhile. */
function rowsOf(trace: Trace): [Uint32Array, Uint32Array] {
  const { kind, at } = trace.columns;
  const row = new Uint32Array(trace.processes);
  const rows = new Uint32Array(trace.nodes);
  const chainsOf = trace.ofNode.map((processes) => processes.filter((process) => trace.ofProcess[process]!.length > 0));
  const isLives = (chains: number[]): boolean =>
    chains.every((process, nth) => nth === 0 || kind[trace.ofProcess[process]![0]!] === Kind.restart);
  if (chainsOf.every(isLives)) return [row, rows];
  chainsOf.forEach((chains, node) => {
    const spans = chains.map((process) => {
      const events = trace.ofProcess[process]!;
      return { process, first: at[events[0]!]!, last: at[events[events.length - 1]!]! };
    });
    spans.sort((one, other) => one.first - other.first || one.process - other.process);
    const ends: number[] = [];
    for (const { process, first, last } of spans) {
      let free = ends.findIndex((end) => end < first);
      if (free < 0) free = ends.length < ROWS_MAX ? ends.length : ends.indexOf(Math.min(...ends));
      ends[free] = last;
      row[process] = free;
    }
    rows[node] = ends.length;
  });
  return [row, rows];
}

/** Chains at one time that have rows of their own; more share rows. */
const ROWS_MAX = 64;

/** Where a value stands in a rising array, or −1. */
export function indexOf(rising: Uint32Array, value: number): number {
  const at = lowerBound(rising, value, 0, rising.length);
  return at < rising.length && rising[at] === value ? at : -1;
}

/** The first index in low .. high whose value is not below `value`. */
export function lowerBound(rising: ArrayLike<number>, value: number, low: number, high: number): number {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rising[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function claimed(claims: Claims, event: number): number | null {
  const index = indexOf(claims.events, event);
  return index < 0 ? null : claims.values[index]!;
}

function byName(entries: [string, number][]): Map<string, number> {
  return new Map(entries.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0)));
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
