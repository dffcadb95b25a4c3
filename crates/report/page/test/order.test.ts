//! Happens-before against a slow twin: reachability by walking every edge.

import assert from "node:assert/strict";
import test from "node:test";
import { axisOf, ticks } from "../src/axis";
import { decode } from "../src/columns";
import { Order, side, type Step } from "../src/order";
import { Trace } from "../src/trace";
import { encode } from "./columns";
import { drawn } from "./random";

const runs = Array.from({ length: 12 }, (_, nth) =>
  new Trace(decode(encode(drawn({ seed: nth + 1, nodes: 2 + (nth % 4), events: 120, labels: "none", crashes: nth % 2 ? "some" : "none", edges: nth % 3 ? "some" : "none" })))));

/** The events that lead to an event directly. */
function causes(trace: Trace, event: number): { from: number; message: number | null; edge?: number }[] {
  const found: { from: number; message: number | null; edge?: number }[] = [];
  const place = trace.place[event]!;
  if (place > 1) found.push({ from: trace.ofProcess[trace.columns.process[event]!]![place - 2]!, message: null });
  const cause = trace.columns.cause[event]!;
  if (cause >= 0 && trace.columns.kind[event] === 1) found.push({ from: trace.columns.sendEvent[cause]!, message: cause });
  if (cause >= 0 && trace.columns.kind[event] === 4) found.push({ from: cause, message: null });
  const { edges } = trace.columns;
  edges.to.forEach((to, edge) => {
    if (to === event) found.push({ from: edges.from[edge]!, message: null, edge });
  });
  return found;
}

/** Of each event up to `goal`, the fewest messages and edges on a chain from it to `goal`; Infinity for none. */
function distances(trace: Trace, goal: number): number[] {
  const fewest = new Array<number>(trace.events).fill(Infinity);
  fewest[goal] = 0;
  for (let event = goal; event >= 0; event--) {
    if (fewest[event] === Infinity) continue;
    for (const { from, message, edge } of causes(trace, event)) {
      fewest[from] = Math.min(fewest[from]!, fewest[event]! + (message === null && edge === undefined ? 0 : 1));
    }
  }
  return fewest;
}

test("relation, cone and the fewest messages agree with a walk over every edge", () => {
  for (const trace of runs) {
    const orders = [new Order(trace), new Order(trace, 0)];
    for (let goal = 0; goal < trace.events; goal += 7) {
      const fewest = distances(trace, goal);
      for (const order of orders) {
        const cone = order.cone(goal);
        let past = 0;
        for (let event = 0; event < trace.events; event++) {
          const isBefore = event !== goal && fewest[event] !== Infinity;
          const expected = event === goal ? "self" : isBefore ? "past" : distances(trace, event)[goal] !== Infinity ? "future" : "concurrent";
          assert.equal(side(trace, cone, event), expected, `${event} seen from ${goal}`);
          const relation = { self: "equal", past: "before", future: "after", concurrent: "concurrent" }[expected];
          assert.equal(order.relation(event, goal), relation);
          if (isBefore) {
            past++;
            checkChain(trace, order.chain(event, goal), event, goal, fewest[event]!);
          } else {
            assert.deepEqual(order.chain(event, goal), []);
          }
        }
        assert.equal(order.counts(cone).past, past);
      }
    }
  }
});

function checkChain(trace: Trace, chain: Step[], one: number, other: number, messages: number): void {
  assert.equal(chain[0]![0], one);
  assert.equal(chain.at(-1)![0], other);
  assert.equal(chain.filter(([, message, edge]) => message !== null || edge !== undefined).length, messages, `chain of ${one} to ${other}`);
  for (let nth = 1; nth < chain.length; nth++) {
    const [[before], [after, message, edge]] = [chain[nth - 1]!, chain[nth]!];
    if (edge !== undefined) {
      assert.deepEqual([trace.columns.edges.from[edge], trace.columns.edges.to[edge]], [before, after]);
    } else if (message !== null) {
      assert.equal(trace.columns.sendEvent[message], before);
      assert.ok(trace.arrivals(message).includes(after));
    } else if (trace.columns.process[before] === trace.columns.process[after]) {
      assert.ok(before < after);
    } else {
      assert.equal(trace.columns.cause[after], before);
    }
  }
}

test("every axis keeps each process in order, and steps put an effect right of its cause", () => {
  for (const trace of runs) {
    const steps = axisOf("steps", trace);
    // A band that begins with an event holds it, and no event of an earlier time.
    for (let event = 0; event < trace.events; event++) {
      const begin = steps.of(trace.columns.at[event]!)!;
      trace.columns.at.forEach((at, other) => assert.equal(at >= trace.columns.at[event]!, steps.x[other]! >= begin));
    }
    for (let event = 0; event < trace.events; event++) {
      for (const { from } of causes(trace, event)) assert.ok(steps.x[from]! < steps.x[event]!, `${from} → ${event}`);
      // What the world did is drawn on steps too, though events of one time may stand in any order there.
      const place = steps.of(trace.columns.at[event]!);
      assert.ok(place !== null && place <= steps.x[event]!, `${place} of e${event}`);
      assert.equal(axisOf("time", trace).of(trace.columns.at[event]!), trace.columns.at[event]!);
    }
    assert.equal(axisOf("walls", trace).x[trace.events - 1], trace.columns.at[trace.events - 1]! + (trace.skew(trace.events - 1) ?? 0));
    assert.equal(axisOf("node:99", trace).name, "steps");
    for (const name of ["steps", "time", "walls", "node:1"] as const) {
      const axis = axisOf(name, trace);
      const x = [...axis.sorted[0]!].map((event) => axis.x[event]!);
      assert.deepEqual(x, x.slice().sort((one, other) => one - other));
      const [first, last] = axis.within(0, axis.first, axis.last);
      assert.deepEqual([first, last], [0, axis.sorted[0]!.length]);
    }
  }
});

test("no message that touches a window is outside of the range that is looked at, and the range is narrow", () => {
  for (const trace of runs) {
    const { sendEvent } = trace.columns;
    for (const name of ["steps", "time", "walls", "node:1"] as const) {
      const axis = axisOf(name, trace);
      const span = axis.last - axis.first;
      for (let window = 0; window < 20; window++) {
        const [first, last] = [axis.first + (span * window) / 20, axis.first + (span * (window + 1)) / 20];
        const [begin, end] = axis.messagesWithin(first, last);
        for (let message = 0; message < trace.messages; message++) {
          const places = [sendEvent[message]!, ...trace.arrivals(message)].map((event) => axis.x[event]!);
          const touches = Math.min(...places) <= last && Math.max(...places) >= first;
          assert.ok(!touches || (message >= begin && message < end), `m${message} on ${name}`);
        }
        if (name === "steps" && window < 10) assert.ok(end < trace.messages, `${end} of ${trace.messages}`);
      }
    }
  }
});

test("ticks are round and few", () => {
  assert.deepEqual(ticks(0, 10, 5), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(ticks(5, 5, 5), []);
});
