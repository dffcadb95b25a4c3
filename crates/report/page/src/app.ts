//! What stands behind every part of the page: the run, what the reader chose, and the few ways to change that.

import { Axis, axisOf, type AxisName } from "./axis";
import { serverOf } from "./clients";
import type { Facts, Judgement } from "./facts";
import { Misread, search, type Found } from "./query";
import type { Cone, Order, Relation, Step } from "./order";
import type { Focus } from "./scene";
import { Store, type State } from "./state";
import type { Trace } from "./trace";
import { countVisible } from "./visible";
import { SAMPLE_MAX } from "./scene";

/** A run with more events than this is opened at its evidence, not as a whole. */
const WHOLE_MAX = 600;

export class App {
  readonly store: Store;
  axis: Axis;
  found: Found | null = null;
  /** Why the query cannot be read. */
  misread = "";
  /** The axis on which the run is opened. */
  readonly firstAxis: AxisName;
  /** Where the run parts from the one it is compared to. */
  parting: number | null = null;
  private readonly axes = new Map<AxisName, Axis>();
  private focused: { key: string; focus: Focus } | null = null;

  constructor(readonly facts: Facts, readonly trace: Trace, readonly order: Order) {
    // A step for each event is no help among very many, where only time tells them apart.
    this.firstAxis = this.worst() === null && trace.events > WHOLE_MAX * 50 ? "time" : "steps";
    this.axis = this.axisNamed(this.firstAxis);
    this.store = new Store({
      axis: this.axis.name, first: this.axis.first, last: this.axis.last, one: null, other: null, hover: null,
      cone: "both", explain: null, query: "", match: 0, tab: "promises", theme: "auto",
      lanes: lanesOf(trace), hidden: new Set(),
    });
    this.open();
  }

  get state(): State {
    return this.store.state;
  }

  /** As a stranger first sees it: the evidence pinned, and in view. */
  private open(): void {
    const worst = this.worst();
    if (worst === null) return;
    const [one, other] = pairOf(worst, this.trace);
    this.store.set({ one, other });
    if (this.trace.events > WHOLE_MAX) this.frame([...worst.events, ...worst.chain.map(([event]) => event)]);
  }

  /** The judgement that matters most: the first that is violated. */
  worst(): Judgement | null {
    return this.facts.judgements.find((one) => one.word === "violated" && one.events.length > 0) ?? null;
  }

  /** Events in evidence, rising. */
  violations(): number[] {
    const events = this.facts.judgements.filter((one) => one.word === "violated").flatMap((one) => one.events);
    return [...new Set(events)].sort((one, other) => one - other);
  }

  /** What stands out: the evidence that is explained, or that of the worst judgement, and the chain of the two pinned events. */
  focus(): Focus {
    const { explain, one, other } = this.state;
    const key = `${explain} ${one} ${other}`;
    if (this.focused?.key === key) return this.focused.focus;
    const judgement = explain === null ? this.worst() : (this.facts.judgements[explain] ?? null);
    const events = new Set(judgement?.events);
    const messages = new Set(judgement?.messages);
    const edges = new Set<number>();
    const chains: Step[][] = [judgement?.chain ?? [], this.chain(), ...(explain === null ? [] : this.links(judgement?.events ?? []))];
    for (const [, message, edge] of chains.flat()) {
      if (message !== null) messages.add(message);
      if (edge !== undefined) edges.add(edge);
    }
    if (explain !== null) for (const [event] of chains.flat()) events.add(event);
    this.focused = { key, focus: { events, messages, edges } };
    return this.focused.focus;
  }

  /** How the first few events in evidence hang together. */
  private links(events: number[]): Step[][] {
    const few = events.slice(0, 4);
    return few.flatMap((one) => few.filter((other) => other > one).map((other) => this.order.chain(one, other)));
  }

  /** The chain of messages between the two pinned events, whichever is first; empty when there is none. */
  chain(): Step[] {
    const { one, other } = this.state;
    if (one === null || other === null) return [];
    const chain = this.order.chain(one, other);
    return chain.length > 0 ? chain : this.order.chain(other, one);
  }

  relation(one: number, other: number): { relation: Relation; chain: Step[] } {
    const relation = this.order.relation(one, other);
    const chain = relation === "after" ? this.order.chain(other, one) : this.order.chain(one, other);
    return { relation, chain };
  }

  cone(event: number): Cone {
    return this.order.cone(event);
  }

  /** Pins an event: the first, or the one it is compared to; the first again, or nothing, lets go. */
  press(event: number | null): void {
    const { one, other } = this.state;
    if (event === null || (event === one && other === null)) this.store.set({ one: null, other: null });
    else if (one === null || event === one) this.store.set({ one: event, other: null });
    else this.store.set({ other: event === other ? null : event });
  }

  /** Pins these events and no others, and brings them into view. */
  select(...events: number[]): void {
    const [one = null, other = null] = events.filter((event) => event >= 0 && event < this.trace.events);
    this.store.set({ one, other, hover: null });
    const last = other ?? one;
    if (last !== null) this.reveal(last);
  }

  /** Moves the window just enough that an event is in it, and its lane is drawn. */
  reveal(event: number): void {
    const { first, last, hidden } = this.state;
    const node = this.trace.node(event);
    if (hidden.has(node)) this.store.set({ hidden: new Set([...hidden].filter((one) => one !== node)) });
    const x = this.axis.x[event]!;
    const margin = (last - first) * 0.06;
    if (x < first + margin) this.look(x - margin * 2, x - margin * 2 + last - first);
    if (x > last - margin) this.look(x + margin * 2 - (last - first), x + margin * 2);
  }

  /** Shows this part of the axis, as far as there is one. */
  look(first: number, last: number): void {
    const { axis } = this;
    const span = Math.min(Math.max(last - first, axis.isTime ? 100 : 3), axis.last - axis.first);
    const middle = (first + last) / 2;
    const from = Math.max(axis.first, Math.min(axis.last - span, middle - span / 2));
    this.store.set({ first: from, last: from + span });
  }

  /** Shows more (above 1) or less of the axis; what is at `around` stays where it is. */
  zoom(factor: number, around: number): void {
    const { first, last } = this.state;
    this.look(around - (around - first) * factor, around + (last - around) * factor);
  }

  /** Shows all. */
  whole(): void {
    this.store.set({ first: this.axis.first, last: this.axis.last });
  }

  /** Brings these events into view, with what is around them. */
  frame(events: number[]): void {
    if (events.length === 0) return this.whole();
    const x = events.map((event) => this.axis.x[event]!);
    const [first, last] = [Math.min(...x), Math.max(...x)];
    const margin = Math.max((last - first) * 0.35, this.axis.isTime ? (this.axis.last - this.axis.first) / 200 : 12);
    this.look(first - margin, last + margin);
  }

  /** Places events by another axis, with about the same of them in view. */
  setAxis(name: AxisName): void {
    const { first, last, lanes } = this.state;
    const before = this.axis;
    const isWhole = first <= before.first && last >= before.last;
    const axis = this.useAxis(name);
    if (isWhole || countVisible(this.trace, before, lanes, first, last) > SAMPLE_MAX * 10) {
      this.store.set({ axis: axis.name });
      this.whole();
      return;
    }
    let [from, to] = [Infinity, -Infinity];
    for (let process = 0; process < this.trace.processes; process++) {
      const [begin, end] = before.within(process, first, last);
      for (let index = begin; index < end; index++) {
        const x = axis.x[before.sorted[process]![index]!]!;
        from = Math.min(from, x);
        to = Math.max(to, x);
      }
    }
    this.store.set({ axis: axis.name });
    if (from <= to) this.look(from, to);
    else this.whole();
  }

  private useAxis(name: AxisName): Axis {
    this.axis = this.axisNamed(name);
    return this.axis;
  }

  private axisNamed(name: AxisName): Axis {
    const axis = this.axes.get(name) ?? axisOf(name, this.trace);
    this.axes.set(name, axis);
    return axis;
  }

  /** Searches; the first match comes into view if asked. */
  search(query: string): Uint32Array {
    this.misread = "";
    this.found = null;
    try {
      if (query.trim() !== "") this.found = search(query, this.trace, this.order);
    } catch (error) {
      if (!(error instanceof Misread)) throw error;
      this.misread = error.message;
    }
    this.store.set({ query, match: -1 });
    return this.found?.events ?? new Uint32Array();
  }

  /** Goes to the next match, or the one before. */
  step(by: 1 | -1): void {
    const count = this.found?.events.length ?? 0;
    if (count === 0) return;
    const match = this.state.match < 0 ? (by > 0 ? 0 : count - 1) : (this.state.match + by + count) % count;
    this.store.set({ match });
    this.select(this.found!.events[match]!);
  }

  /** Lets only the evidence of a judgement stand out; null for everything again. */
  explain(index: number | null): void {
    const judgement = index === null ? undefined : this.facts.judgements[index];
    if (judgement === undefined) return this.store.set({ explain: null });
    const [one, other] = pairOf(judgement, this.trace);
    const needed = new Set([...judgement.events, ...judgement.chain.map(([event]) => event)].map((event) => this.trace.node(event)));
    const hidden = new Set([...this.state.hidden].filter((node) => !needed.has(node)));
    this.store.set({ explain: index, one, other, hover: null, hidden });
    this.frame([...judgement.events, ...judgement.chain.map(([event]) => event)]);
  }
}

/** All nodes in their order, but each one that talks to a single other one, as clients do, just below that one. */
export function lanesOf(trace: Trace): number[] {
  const server = serverOf(trace);
  const nodes = Array.from({ length: trace.nodes }, (_, node) => node);
  return nodes.filter((node) => server[node] === -1).flatMap((node) => [node, ...nodes.filter((client) => server[client] === node)]);
}

/**
 * The two events that a judgement is about: those between which a chain is, or is said not to be; else the last one and the
 * first that it repeats, of the same kind and word at the same node, as two firings do; else the first two.
 */
export function pairOf(judgement: Judgement, trace: Trace): [number | null, number | null] {
  const { events, chain } = judgement;
  if (chain.length > 1) return [chain[0]![0], chain.at(-1)![0]];
  const said = /from e(\d+) to e(\d+)/.exec(judgement.proof.join(" "));
  const pair = said === null ? [] : [Number(said[1]), Number(said[2])];
  if (pair.length === 2 && pair.every((event) => events.includes(event))) return [pair[0]!, pair[1]!];
  const last = events.at(-1);
  const first = last === undefined ? undefined : events.find((event) => event !== last && isRepeated(trace, event, last));
  return first === undefined ? [events[0] ?? null, events[1] ?? null] : [first, last!];
}

function isRepeated(trace: Trace, one: number, other: number): boolean {
  const word = (event: number): string => trace.what(event).split(" ", 1)[0]!;
  return trace.node(one) === trace.node(other) && trace.kindName(one) === trace.kindName(other) && word(one) === word(other);
}
