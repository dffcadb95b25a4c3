//! Where an event stands from left to right: by cause, by the truth, or by what a clock says.

import { lowerBound, type Trace } from "./trace";

/** Which axis: steps of cause and time, time (see `times.ts`), each node's own wall clock, or the wall clock of one node. */
export type AxisName = "steps" | "time" | "walls" | `node:${number}`;

/** A position for every event. */
export class Axis {
  /** Of each event, in units of the axis: steps, or ns. */
  readonly x: Float64Array;
  readonly first: number;
  readonly last: number;
  /** Whether a later event never stands left of an earlier one. */
  readonly isMonotone: boolean;
  /** Whether that is so of the events of each process, and of those of different times. */
  readonly isOrdered: boolean;
  /** The events of each process in order of x. */
  readonly sorted: Uint32Array[];
  private readonly ends: Float64Array;
  /** Of each message, how far left it or any later one is sent or arrives; null where that is where it is sent itself. */
  private readonly begins: Float64Array | null;

  constructor(readonly name: AxisName, private readonly trace: Trace, x: Float64Array) {
    this.x = x;
    let [first, last, isMonotone] = [Infinity, -Infinity, true];
    for (let event = 0; event < x.length; event++) {
      if (x[event]! < last) isMonotone = false;
      if (x[event]! < first) first = x[event]!;
      if (x[event]! > last) last = x[event]!;
    }
    [this.first, this.last] = x.length === 0 ? [0, 1] : [first, Math.max(last, first + 1)];
    this.isMonotone = isMonotone;
    this.isOrdered = isMonotone || (name === "steps" && trace.isTimely);
    this.sorted = isMonotone
      ? trace.ofProcess
      : trace.ofProcess.map((events) => events.slice().sort((one, other) => x[one]! - x[other]! || one - other));
    this.ends = arrivalsSoFar(trace, x);
    this.begins = isMonotone ? null : sendsFromHere(trace, x);
  }

  /** Whether x is a time in ns. */
  get isTime(): boolean {
    return this.name !== "steps";
  }

  /** Where a true time stands, for bands and fates; null where the axis has no place for it. */
  of(at: number): number | null {
    if (this.name === "time") return at;
    if (!this.isOrdered || this.trace.events === 0) return null;
    const times = this.trace.columns.at;
    const event = lowerBound(times, at, 0, times.length);
    if (event === times.length) return this.last;
    if (event === 0) return this.x[0]!;
    if (times[event] === at) return this.x[event]!;
    const [before, after] = [times[event - 1]!, times[event]!];
    return this.x[event - 1]! + ((at - before) / (after - before)) * (this.x[event]! - this.x[event - 1]!);
  }

  /** The range of events of a process (of `sorted`) within a window. */
  within(process: number, first: number, last: number): [number, number] {
    const events = this.sorted[process]!;
    return [this.bound(events, first, false), this.bound(events, last, true)];
  }

  private bound(events: Uint32Array, value: number, isAfter: boolean): number {
    let low = 0;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const x = this.x[events[middle]!]!;
      if (x < value || (isAfter && x === value)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** A range of messages outside of which none touches the window; most within do. */
  messagesWithin(first: number, last: number): [number, number] {
    const { sendEvent } = this.trace.columns;
    const begin = lowerBound(this.ends, first, 0, this.ends.length);
    let low = begin;
    let high = this.trace.messages;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.begins === null ? this.x[sendEvent[middle]!]! : this.begins[middle]!) <= last) low = middle + 1;
      else high = middle;
    }
    return [begin, low];
  }
}

/** The axis of this name, or of steps where the trace does not have it. */
export function axisOf(name: AxisName, trace: Trace): Axis {
  if (name === "time") return new Axis(name, trace, trace.columns.at);
  const isWall = trace.columns.wall.events.length > 0;
  if (name === "walls" && isWall) return new Axis(name, trace, byOwnWalls(trace));
  if (name.startsWith("node:") && isWall) {
    const node = Number(name.slice(5));
    if (Number.isInteger(node) && node >= 0 && node < trace.nodes) return new Axis(name, trace, byWallOf(trace, node));
  }
  return new Axis("steps", trace, bySteps(trace));
}

/** Each time begins right of the one before, and at one time an effect stands right of its cause: so idle time takes no room. */
function bySteps(trace: Trace): Float64Array {
  const { process, at, cause, kind, sendEvent } = trace.columns;
  const x = new Float64Array(trace.events);
  const last = new Float64Array(trace.processes).fill(-1);
  let [base, top, time] = [0, -1, -Infinity];
  for (let event = 0; event < trace.events; event++) {
    if (at[event]! !== time) {
      time = at[event]!;
      base = top + 1;
    }
    const own = process[event]!;
    const from = cause[event]! < 0 ? -1 : kind[event] === 1 ? sendEvent[cause[event]!]! : cause[event]!;
    const step = Math.max(base, last[own]! + 1, from < 0 ? 0 : x[from]! + 1);
    x[event] = last[own] = step;
    top = Math.max(top, step);
  }
  return x;
}

/** Every event where the clock of its own node puts it; a message may then arrive before it was sent. */
function byOwnWalls(trace: Trace): Float64Array {
  const { process, at, wall } = trace.columns;
  const x = Float64Array.from(at);
  const skews = new Float64Array(trace.processes);
  let claim = 0;
  for (let event = 0; event < trace.events; event++) {
    if (wall.events[claim] === event) skews[process[event]!] = wall.values[claim++]!;
    x[event] = at[event]! + skews[process[event]!]!;
  }
  return x;
}

/** Every event where the clock of one node stood at that moment, as far as its last claim tells. */
function byWallOf(trace: Trace, node: number): Float64Array {
  const { processNode, process, at, wall } = trace.columns;
  const x = new Float64Array(trace.events);
  const first = wall.events.findIndex((event) => processNode[process[event]!] === node);
  let skew = first < 0 ? 0 : wall.values[first]!;
  let claim = 0;
  for (let event = 0; event < trace.events; event++) {
    if (wall.events[claim] === event) {
      if (processNode[process[event]!] === node) skew = wall.values[claim]!;
      claim++;
    }
    x[event] = at[event]! + skew;
  }
  return x;
}

/** Of each message, how far right any message up to it arrives. */
function arrivalsSoFar(trace: Trace, x: Float64Array): Float64Array {
  const ends = new Float64Array(trace.messages);
  let end = -Infinity;
  for (let message = 0; message < trace.messages; message++) {
    const sent = x[trace.columns.sendEvent[message]!]!;
    const arrival = trace.arrival[message]!;
    // By clocks of their own, a message may arrive before it was sent.
    end = Math.max(end, sent, arrival < 0 ? sent : x[arrival]!);
    for (const again of trace.again.get(message) ?? []) end = Math.max(end, x[again]!);
    ends[message] = end;
  }
  return ends;
}

/** Of each message, how far left any message from it on is sent or arrives. */
function sendsFromHere(trace: Trace, x: Float64Array): Float64Array {
  const begins = new Float64Array(trace.messages);
  let begin = Infinity;
  for (let message = trace.messages - 1; message >= 0; message--) {
    begin = Math.min(begin, x[trace.columns.sendEvent[message]!]!);
    for (const arrival of trace.arrivals(message)) begin = Math.min(begin, x[arrival]!);
    begins[message] = begin;
  }
  return begins;
}

/** Round positions for marks of an axis, about as many as fit. */
export function ticks(first: number, last: number, count: number): number[] {
  const span = last - first;
  if (!(span > 0) || count < 1) return [];
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const marks: number[] = [];
  for (let mark = Math.ceil(first / step) * step; mark <= last; mark += step) marks.push(mark);
  return marks;
}
