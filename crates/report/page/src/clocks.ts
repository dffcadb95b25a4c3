//! What each clock says of two events, held against what happened.

import { exact, signed, timeOfDay } from "./format";
import type { Order, Relation } from "./order";
import type { Trace } from "./trace";

export interface Saying {
  clock: string;
  one: string;
  other: string;
  says: string;
  /** Whether what happened contradicts it; `?` where nobody knows in which order the two happened. */
  glyph: "✓" | "✗" | "?";
  why: string;
}

/** A line for each clock that says something of both events; `null` for the truth where nobody knows it. */
export function sayings(trace: Trace, order: Order, epoch: bigint | null, one: number, other: number, truth: Relation | null): Saying[] {
  const held = truth ?? "concurrent";
  const said = [wall(trace, epoch, one, other, held), lamport(trace, one, other, held),
    hybrid(trace, epoch, one, other, held), vector(trace, order, one, other, held)].filter((saying) => saying !== null);
  return truth !== null ? said : said.map((saying) => ({ ...saying, glyph: "?", why: "no order is known to hold it against" }));
}

function wall(trace: Trace, epoch: bigint | null, one: number, other: number, truth: Relation): Saying | null {
  const [left, right] = [trace.skew(one), trace.skew(other)];
  if (left === null || right === null) return null;
  const { at } = trace.columns;
  const [mine, theirs] = [at[one]! + left, at[other]! + right];
  const says: Relation = mine < theirs ? "before" : mine > theirs ? "after" : "equal";
  const isRight = says === truth;
  const why = isRight ? "as it was"
    : truth === "concurrent" ? (says === "equal" ? "cannot tell" : "an order where there is none")
    : says === "equal" ? "cannot tell" : "backwards";
  const glyph = isRight || says === "equal" ? "✓" : "✗";
  return {
    clock: "wall", one: timeOfDay(epoch, mine), other: timeOfDay(epoch, theirs),
    says: says === "equal" ? says : `${says}, by ${signed(Math.abs(theirs - mine)).replace("+", "")}`, glyph, why,
  };
}

function lamport(trace: Trace, one: number, other: number, truth: Relation): Saying | null {
  const [left, right] = [trace.lamport(one), trace.lamport(other)];
  if (left === null || right === null) return null;
  return { clock: "Lamport", one: exact(left), other: exact(right), ...scalar(Math.sign(left - right), truth) };
}

function hybrid(trace: Trace, epoch: bigint | null, one: number, other: number, truth: Relation): Saying | null {
  const [left, right] = [trace.hybrid(one), trace.hybrid(other)];
  if (left === null || right === null) return null;
  const { at } = trace.columns;
  const [mine, theirs] = [at[one]! + left.skew, at[other]! + right.skew];
  const order = Math.sign(mine - theirs) || Math.sign(left.counter - right.counter);
  return {
    clock: "hybrid", one: `${timeOfDay(epoch, mine)} +${left.counter}`, other: `${timeOfDay(epoch, theirs)} +${right.counter}`,
    ...scalar(order, truth),
  };
}

/** A clock of one number rules out one direction and no more. */
function scalar(order: number, truth: Relation): Pick<Saying, "says" | "glyph" | "why"> {
  const says = order < 0 ? "before or concurrent" : order > 0 ? "after or concurrent" : "concurrent";
  const isRight = truth === "equal" || says.includes(truth);
  const why = !isRight ? "contradicts what happened" : order === 0 ? "as it was" : "not contradicted, but cannot tell which";
  return { says, glyph: isRight ? "✓" : "✗", why };
}

function vector(trace: Trace, order: Order, one: number, other: number, truth: Relation): Saying | null {
  const [left, right] = [one, other].map((event) => trace.vector(event, () => order.past(event))) as [Map<string, number> | null, Map<string, number> | null];
  if (left === null || right === null) return null;
  const says = compare(left, right);
  return {
    clock: "vector", one: written(left), other: written(right), says,
    glyph: says === truth ? "✓" : "✗", why: says === truth ? "as it was" : "contradicts what happened",
  };
}

/** How two vector clocks stand. */
export function compare(one: Map<string, number>, other: Map<string, number>): Relation {
  let [isLess, isMore] = [false, false];
  for (const name of new Set([...one.keys(), ...other.keys()])) {
    const [left, right] = [one.get(name) ?? 0, other.get(name) ?? 0];
    if (left < right) isLess = true;
    if (left > right) isMore = true;
  }
  return isLess ? (isMore ? "concurrent" : "before") : isMore ? "after" : "equal";
}

/** `atlantic:1 pacific:2`. */
export function written(vector: Map<string, number>): string {
  return [...vector].map(([name, count]) => `${name}:${exact(count)}`).join(" ");
}
