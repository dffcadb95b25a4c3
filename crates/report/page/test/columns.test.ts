//! Columns come back as they were written, and what is no such thing is refused with a reason.

import assert from "node:assert/strict";
import test from "node:test";
import { Corrupt, gunzip } from "../src/bytes";
import { decode } from "../src/columns";
import { Order } from "../src/order";
import { Trace } from "../src/trace";
import { encode } from "./columns";
import { incident } from "./incident";
import { drawn, lots } from "./random";

const MAGIC = [...new TextEncoder().encode("CSTL"), 2];

/** One node named "a", one process, so many events and messages: then what is wrong. */
const begun = (events: number, messages: number, ...rest: number[]): number[] => [1, 1, events, messages, 1, 0, 0, 1, 97, 0, 0, 0, ...new Array(events).fill(0), ...rest];

const SPOILT = [
  { message: "event 0 receives a message that was not sent before", head: begun(2, 1, 1, 16, 0, 0, 0, 0, 0) },
  { message: "event 1 receives a message that was not sent before", head: begun(2, 1, 16, 1, 0, 0, 0, 2) },
  { message: "messages of an event: 2, not 1", head: begun(2, 1, 16, 16, 0, 0, 0, 0) },
  { message: "messages of an event: 0, not 1", head: begun(2, 1, 0, 0, 0, 0, 0, 0) },
  { message: "an event of kind 15", head: begun(1, 0, 15, 0, 0) },
  { message: "an edge to event 2 of 2", head: begun(2, 0, 0, 0, 0, 0, 1, 2, 1, 0) },
  { message: "an edge to event 1 from none before it", head: begun(2, 0, 0, 0, 0, 0, 1, 1, 0, 0) },
  { message: "an edge to event 1 from none before it", head: begun(2, 0, 0, 0, 0, 0, 1, 1, 2, 0) },
  { message: "a number of more than ten bytes in: time of an event", head: begun(1, 0, 0, ...new Array(20).fill(0x80)) },
];

test("what is encoded is decoded", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const made = drawn({ seed, nodes: 1 + (seed % 5), events: 200, labels: "all", crashes: seed % 2 ? "some" : "none", edges: seed % 3 ? "some" : "none" });
    const trace = new Trace(decode(encode(made)));
    assert.deepEqual(trace.nodeNames, made.nodes);
    assert.equal(trace.events, made.events.length);
    made.events.forEach((event, id) => {
      assert.equal(trace.columns.process[id], event.process);
      assert.equal(trace.columns.kind[id], event.kind);
      assert.equal(trace.columns.at[id], event.at);
      assert.equal(trace.columns.cause[id], event.cause ?? -1, `cause of ${id}`);
      assert.deepEqual(trace.sent(id).map((message) => trace.columns.target[message]), event.targets ?? []);
      assert.equal(trace.label(id), event.label ?? "");
      assert.equal(trace.lamport(id), event.lamport ?? null);
      assert.equal(trace.skew(id), event.skew ?? null);
    });
    const edges = Array.from(trace.columns.edges.to, (to, edge) => ({ from: trace.columns.edges.from[edge]!, to, why: trace.edgeName(edge) }));
    const sorted = (made.edges ?? []).slice().sort((one, other) => one.to - other.to || one.from - other.from);
    assert.deepEqual(edges, sorted);
    made.fates.forEach((fate) => {
      assert.deepEqual(trace.fates(fate.message), [{ name: "lost", code: 1, at: fate.at, why: fate.why }]);
    });
  }
});

test("clocks of every kind, operations and odd texts come back", () => {
  const texts = ["", "x".repeat(70_000), "</script><b>", "\u202egnirts", "__proto__", "émoji 🛰 letters", "\ufeffmark"];
  const made = {
    nodes: ["a", "__proto__"], processes: [{ node: 0, life: 0 }, { node: 1, life: 0 }], names: ["a", "__proto__"], fates: [],
    events: texts.map((label, nth) => ({
      process: nth % 2, kind: 7 + (nth % 2), at: nth * 7, label,
      hybrid: { skew: -nth, counter: nth }, vector: [[1, nth], [0, 2 ** 40]] as [number, number][],
    })),
    operations: [{ invoke: 0, complete: 1, call: "read x", told: "4" }, { invoke: 2, complete: null, call: "write", told: "" }],
  };
  const trace = new Trace(decode(encode(made)));
  texts.forEach((label, id) => {
    assert.equal(trace.label(id), label);
    assert.deepEqual(trace.hybrid(id), { skew: id === 0 ? 0 : -id, counter: id });
    assert.deepEqual([...trace.vector(id, () => [])!], [["__proto__", id], ["a", 2 ** 40]]);
  });
  assert.deepEqual([...trace.columns.operations.complete], [1, -1]);
});

test("what sound clocks say comes back though next to nothing of it is written", () => {
  const { made } = incident();
  const trace = new Trace(decode(encode(made)));
  const order = new Order(trace);
  const { isCounted, events } = trace.columns.vector;
  assert.ok(isCounted.filter((is) => is === 1).length > 20, `${isCounted} of ${events.length}`);
  made.events.forEach((event, id) => {
    const said = event.vector?.map(([name, count]): [string, number] => [made.names[name]!, count]).sort();
    const read = trace.vector(id, () => order.past(id));
    assert.deepEqual(read === null ? undefined : [...read], said, `e${id}`);
    assert.equal(trace.lamport(id), event.lamport ?? null);
  });
});

test("from a time that is only roughly known nothing is reckoned", () => {
  const made = drawn({ seed: 3, nodes: 1, events: 4, labels: "none", crashes: "none" });
  [2 ** 60, 7, 2 ** 52 - 2, 2].forEach((lamport, id) => (made.events[id]!.lamport = lamport));
  const trace = new Trace(decode(encode(made)));
  assert.deepEqual([0, 1, 2, 3].map((id) => trace.lamport(id)), [2 ** 60, 7, 2 ** 52 - 2, 2]);
});

test("every payload that was cut short or changed is refused or read, and never hangs", () => {
  const bytes = encode(drawn({ seed: 5, nodes: 3, events: 60, labels: "all", crashes: "some", edges: "some" }));
  const lot = lots(9);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decode(bytes.slice(0, length)), Corrupt);
  }
  for (const { message, head } of SPOILT) assert.throws(() => decode(Uint8Array.from([...MAGIC, ...head])), { message });
  for (let round = 0; round < 3000; round++) {
    const changed = bytes.slice();
    for (let count = 0; count <= lot(3); count++) changed[lot(changed.length)] = lot(256);
    try {
      new Trace(decode(changed));
    } catch (error) {
      assert.ok(error instanceof Corrupt, String(error));
    }
  }
});

test("a count that the bytes cannot hold allocates nothing", () => {
  const head = [...new TextEncoder().encode("CSTL"), 2, 1, 1, 0xff, 0xff, 0xff, 0xff, 0x7f];
  assert.throws(() => decode(Uint8Array.from(head)), { message: "34359738367 events announced, but 0 bytes left" });
  assert.throws(() => decode(Uint8Array.from([67, 83, 84, 76, 1])), { message: "columns of version 1, and this page reads version 2" });
});

test("what is not gzip is said to be none", async () => {
  await assert.rejects(gunzip(new Uint8Array([1, 2, 3])), { message: "the events are not gzip" });
  await assert.rejects(gunzip(new Uint8Array([0x1f, 0x8b, 8, 0, 0])), { message: /do not unpack/ });
});
