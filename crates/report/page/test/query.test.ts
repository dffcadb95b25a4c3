//! What a search finds and how it refuses, patterns on traces small enough to see them, and clocks against what happened.

import assert from "node:assert/strict";
import test from "node:test";
import { compare, sayings } from "../src/clocks";
import { decode } from "../src/columns";
import { Order } from "../src/order";
import { Misread, search } from "../src/query";
import { Trace } from "../src/trace";
import { encode, type MadeEvent } from "./columns";
import { drawn } from "./random";

const NODES = ["a", "b", "c"];

/** A trace of these events, a time each; each tells its process, its kind, and what else it is. */
function traced(events: (Partial<MadeEvent> & { process: number })[], lost: number[] = [], nodes: string[] = NODES): [Trace, Order] {
  const made = {
    nodes, processes: nodes.map((_, node) => ({ node, life: 0 })), names: nodes, operations: [],
    events: events.map((event, id) => ({ kind: event.cause === undefined ? 0 : 1, at: id * 10, ...event })),
    fates: lost.map((message) => ({ message, code: 1, at: 100, why: "" })),
  };
  const trace = new Trace(decode(encode(made)));
  return [trace, new Order(trace)];
}

function found(query: string, [trace, order]: [Trace, Order]): number[] {
  return [...search(query, trace, order).events];
}

test("request and response, and the answer that was lost", () => {
  const answered = traced([{ process: 0, targets: [1] }, { process: 1, cause: 0 }, { process: 1, targets: [0] }, { process: 0, cause: 1 }, { process: 2 }]);
  assert.deepEqual(found("motif:request-response", answered), [0, 1, 2, 3]);
  assert.deepEqual(found("motif:lost-ack", answered), []);
  const unanswered = traced([{ process: 0, targets: [1] }, { process: 1, cause: 0, targets: [0] }, { process: 0 }], [1]);
  assert.deepEqual(found("motif:lost-ack", unanswered), [0, 1]);
  assert.deepEqual(found("motif:request-response", unanswered), []);
});

test("broadcast and gather need every node that one ever talks to", () => {
  const both = traced([
    { process: 0, targets: [1, 2] }, { process: 1, cause: 0, targets: [0] }, { process: 2, cause: 1, targets: [0] },
    { process: 0, cause: 2 }, { process: 0, cause: 3 },
  ]);
  assert.deepEqual(found("motif:broadcast", both), [0, 1, 2]);
  assert.deepEqual(found("motif:gather", both), [1, 2, 3, 4]);
  const half = traced([{ process: 0, targets: [1] }, { process: 1, cause: 0, targets: [0] }, { process: 0, cause: 1 }]);
  assert.deepEqual(found("motif:broadcast || motif:gather", half), []);
});

test("clients that are nodes keep no broadcast and no gathering from being found", () => {
  const asked = [{ process: 3, targets: [0] }, { process: 0, cause: 0 }];
  const round = [
    { process: 0, targets: [1, 2] }, { process: 1, cause: 1, targets: [0] }, { process: 2, cause: 2, targets: [0] },
    { process: 0, cause: 3 }, { process: 0, cause: 4 },
  ];
  const all = traced([...asked, ...round, { process: 0, targets: [3] }, { process: 3, cause: 5 }], [], [...NODES, "crew"]);
  assert.deepEqual(found("motif:broadcast", all), [2, 3, 4]);
  assert.deepEqual(found("motif:gather", all), [3, 4, 5, 6]);
  const some = traced([
    { process: 0, targets: [1, 2, 3] }, { process: 0, targets: [4] }, { process: 1, cause: 0, targets: [2] }, { process: 2, targets: [3] },
    { process: 3, targets: [4] },
  ], [], [...NODES, "d", "e"]);
  assert.deepEqual(found("motif:broadcast", some), [], "one that it talks to is not told");
});

test("an effect delivered before its cause", () => {
  const wrong = traced([
    { process: 0, targets: [1, 2] }, { process: 1, cause: 0, targets: [2] }, { process: 2, cause: 2 }, { process: 2, cause: 1 },
  ]);
  assert.deepEqual(found("motif:causal-violation", wrong), [0, 1, 2, 3]);
  const right = traced([
    { process: 0, targets: [1, 2] }, { process: 1, cause: 0, targets: [2] }, { process: 2, cause: 1 }, { process: 2, cause: 2 },
  ]);
  assert.deepEqual(found("motif:causal-violation", right), []);
});

test("concurrent writes of two nodes, not those of which one knew of the other", () => {
  const split = traced([{ process: 0, kind: 5 }, { process: 1, kind: 5, targets: [2] }, { process: 2, cause: 0 }, { process: 2, kind: 5 }]);
  assert.deepEqual(found("motif:split-brain", split), [0, 1, 3]);
  const told = traced([{ process: 0, kind: 5, targets: [1] }, { process: 1, cause: 0 }, { process: 1, kind: 5 }]);
  assert.deepEqual(found("motif:split-brain", told), []);
});

test("operators bind alike and from the left, side by side means and", () => {
  const run = traced([{ process: 0, label: "one" }, { process: 1, label: "two" }, { process: 2, label: "one two" }]);
  assert.deepEqual(found("one", run), [0, 2]);
  assert.deepEqual(found("ONE two", run), [2]);
  assert.deepEqual(found("one || two && node=a", run), [0]);
  assert.deepEqual(found("one || (two && node=b)", run), [0, 1, 2]);
  assert.deepEqual(found("one ^ two", run), [0, 1]);
  assert.deepEqual(found("one | two & host=c", run), [2]);
  assert.deepEqual(found("event=one", run), [0]);
  assert.deepEqual(found("event!=one", run), [1, 2]);
  assert.deepEqual(found("'one two'", run), [2]);
  assert.deepEqual(found("/^t.o$/", run), [1]);
  assert.deepEqual(found("id=e1", run), [1]);
  assert.deepEqual(found("", run), []);
});

test("a query that cannot be read says where", () => {
  const run = traced([{ process: 0, label: "x" }]);
  for (const [query, why] of [
    ["(x", "the parenthesis at letter 1 is not closed"], ["x)", "`)` at letter 2 closes nothing"], ["x &&", "something is missing at the end"],
    ["|| x", "`|` at letter 1 has nothing before it"], ["colour=red", "there is no field `colour`; there are event, node, host, process, kind, message, lamport, at, id"],
    ["kind=lots", "there is no kind `lots`; there are local, receive, persist, crash, restart, write, read, invoke, complete, send, lost, duplicated, undelivered, held, corrupted, waits, in flight"],
    ["motif:ring", "there is no pattern `ring`; there are request-response, broadcast, gather, causal-violation, lost-ack, split-brain"],
    ["node=", "`node=` has no value"], ["before:e9", "`before:e9` names no event; write before:e0 … before:e0"], ["event=/(/", "/(/ is no pattern"],
    [`${"(".repeat(300)}x`, "too many parentheses"], ['"open', 'cannot read `"open` at letter 1'],
  ] as const) {
    assert.throws(() => found(query, run), (error) => error instanceof Misread && error.message === why, query);
  }
});

test("a word is found in the texts that have it, in whatever case and language", () => {
  const labels = ["Grüße an Bord", "aGRÜSSE", "grüße", "İstanbul", "ab", "b", "🛰 up", "x"];
  const run = traced(labels.map((label, nth) => ({ process: nth % 3, label })));
  const slow = (word: string): number[] => labels.flatMap((label, id) => (label.toLowerCase().includes(word.toLowerCase()) ? [id] : []));
  for (const word of ["grüße", "ab", "🛰", "bord", "GRÜ"]) assert.deepEqual(found(`"${word}"`, run).filter((id) => labels[id]!.length > 1), slow(word), word);
});

test("how events stand to one another agrees with relations, event by event", () => {
  const trace = new Trace(decode(encode(drawn({ seed: 4, nodes: 4, events: 150, labels: "none", crashes: "some" }))));
  const order = new Order(trace);
  const names = { before: "before", after: "after", concurrent: "concurrent" } as const;
  for (const name of Object.values(names)) {
    const expected = Array.from({ length: trace.events }, (_, event) => event).filter((event) => order.relation(event, 70) === name);
    assert.deepEqual(found(`${name}:e70`, [trace, order]), expected);
  }
});

test("what clocks say is held against what happened", () => {
  const stamps = (lamport: number, skew: number, vector: [number, number][]): Partial<MadeEvent> => ({ lamport, skew, vector, hybrid: { skew, counter: 0 } });
  const [trace, order] = traced([
    { process: 0, targets: [1], ...stamps(1, 500, [[0, 1]]) }, { process: 1, cause: 0, ...stamps(1, 0, [[1, 1]]) }, { process: 2, ...stamps(9, 0, [[2, 1]]) },
  ]);
  const told = (one: number, other: number, truth: "before" | "concurrent"): string[] =>
    sayings(trace, order, null, one, other, truth).map(({ clock, glyph, says, why }) => `${clock} ${glyph} ${says}: ${why}`);
  assert.deepEqual(told(0, 1, "before"), [
    "wall ✗ after, by 490 ns: backwards", "Lamport ✗ concurrent: contradicts what happened",
    "hybrid ✗ after or concurrent: contradicts what happened", "vector ✗ concurrent: contradicts what happened",
  ]);
  assert.deepEqual(told(1, 2, "concurrent"), [
    "wall ✗ before, by 10 ns: an order where there is none", "Lamport ✓ before or concurrent: not contradicted, but cannot tell which",
    "hybrid ✓ before or concurrent: not contradicted, but cannot tell which", "vector ✓ concurrent: as it was",
  ]);
  const clock = (entries: [string, number][]): Map<string, number> => new Map(entries);
  assert.equal(compare(clock([["a", 1]]), clock([["a", 1], ["b", 1]])), "before");
  assert.equal(compare(clock([["a", 2]]), clock([["a", 1], ["__proto__", 0]])), "after");
  assert.equal(compare(clock([]), clock([["a", 0]])), "equal");
});
