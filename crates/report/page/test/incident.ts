//! An incident with one of everything: two concurrent writes, a wall clock that lies, a partition, a crash, a loss, a second copy.

import type { Made, MadeEvent } from "./columns";

const NODES = ["pacific", "indian_ocean", "atlantic", "antarctic"];
const MS = 1_000_000;

/** Builds a trace event by event, with right Lamport and vector claims. */
class Builder {
  readonly made: Made = {
    nodes: NODES, processes: NODES.map((_, node) => ({ node, life: 0 })), events: [], fates: [], operations: [], names: [...NODES],
  };
  private readonly lamports = new Map<number, number>();
  private readonly vectors = new Map<number, Map<number, number>>();
  private readonly current = [0, 1, 2, 3];
  readonly sent: { event: number; vector: Map<number, number>; lamport: number }[] = [];

  constructor(private readonly skews: (node: number, at: number) => number) {}

  add(node: number, ms: number, kind: number, label: string, more: Partial<MadeEvent> = {}): number {
    const process = this.current[node]!;
    const vector = this.vectors.get(process) ?? new Map<number, number>();
    const heard = kind === 1 ? this.sent[more.cause!]! : null;
    if (heard !== null) heard.vector.forEach((count, name) => vector.set(name, Math.max(count, vector.get(name) ?? 0)));
    vector.set(process, (vector.get(process) ?? 0) + 1);
    this.vectors.set(process, vector);
    const lamport = Math.max(this.lamports.get(process) ?? 0, heard?.lamport ?? 0) + 1;
    this.lamports.set(process, lamport);
    const id = this.made.events.length;
    const claims = kind === 3 ? {} : { lamport, vector: [...vector] as [number, number][], skew: this.skews(node, ms) * MS };
    this.made.events.push({ process, kind, at: ms * MS, label, ...claims, ...more });
    for (const _ of more.targets ?? []) this.sent.push({ event: id, vector: new Map(vector), lamport });
    return id;
  }

  restart(node: number, ms: number, from: number | undefined): number {
    const life = this.made.processes.filter((process) => process.node === node).length;
    this.made.processes.push({ node, life });
    this.current[node] = this.made.processes.length - 1;
    this.made.names.push(`${NODES[node]}#${life}`);
    return this.add(node, ms, 4, "restart", from === undefined ? {} : { cause: from });
  }
}

/** The same run, in which indian_ocean keeps both updates and nothing is lost. */
export function mended(): { made: Made; facts: object } {
  const { made, facts } = incident();
  const kept = made.events[16]!;
  kept.label = "reconcile(pacific:1) → CONCURRENT: both are kept";
  const judgements: object[] = [];
  return { made, facts: { ...facts, judgements, title: "mss-17 · siblings", verdict: { word: "holds", glyph: "✓" }, sentence: "All promises hold." } };
}

/** The trace, and what the page is told of it. */
export function incident(): { made: Made; facts: object } {
  const run = new Builder((node, ms) => (node === 0 ? 600 : node === 2 && ms > 3000 ? -120 : 0));
  NODES.forEach((_, node) => run.add(node, 0, 0, "online"));
  run.add(2, 500, 5, 'submit mss-17/attitude = "nadir" as atlantic:1', { targets: [0, 1, 3] });
  run.add(1, 541, 1, "receive atlantic:1", { cause: 1 });
  run.add(0, 552, 1, "receive atlantic:1", { cause: 0 });
  run.add(3, 557, 1, "receive atlantic:1", { cause: 2 });
  const kept = run.add(3, 558, 2, "persist");
  run.add(3, 900, 3, "crash");
  run.restart(3, 1400, kept);
  const first = run.add(0, 3828, 5, 'submit mss-17/attitude = "yaw +2.0" as pacific:1', { targets: [1, 2, 3] });
  run.add(2, 4100, 0, "ask antarctic for its state", { targets: [3] });
  run.made.fates.push({ message: 6, code: 1, at: 4200 * MS, why: "the relay was down" });
  const second = run.add(1, 5012, 5, 'submit mss-17/attitude = "yaw -1.5" as indian_ocean:1', { targets: [0, 2, 3] });
  run.add(2, 5019, 1, "receive pacific:1 from pacific", { cause: 4 });
  run.add(1, 5022, 1, "receive pacific:1 from pacific", { cause: 3 });
  const third = run.add(1, 5022, 6, "reconcile(pacific:1) → DISCARDED: wall 04:12:00.012Z > 04:11:59.428Z");
  run.add(3, 5029, 1, "receive pacific:1 from pacific", { cause: 5 });
  run.add(0, 5053, 1, "receive indian_ocean:1", { cause: 7 });
  run.add(0, 5053, 6, "reconcile(indian_ocean:1) → OVERWRITES");
  run.add(2, 5059, 1, "receive indian_ocean:1", { cause: 8 });
  run.add(3, 5067, 1, "receive indian_ocean:1", { cause: 9 });
  run.add(3, 5260, 1, "receive indian_ocean:1 again", { cause: 9 });
  run.made.fates.push({ message: 9, code: 3, at: 5012 * MS, why: "the link sent it twice" });
  NODES.forEach((_, node) => run.add(node, 12420, 6, 'show mss-17/attitude: indian_ocean:1 "yaw -1.5"'));
  return { made: run.made, facts: factsOf(run.made, first, second, third) };
}

function factsOf(made: Made, first: number, second: number, third: number): object {
  const messages = made.events.reduce((sum, event) => sum + (event.targets?.length ?? 0), 0);
  const holds = (promise: string, scope: string): object => ({
    promise, word: "holds", glyph: "✓", scope, expected: "", found: "", proof: [], events: [], chain: [], messages: [], steps: [], notes: [], replay: "",
  });
  const replay = "constellation run mss-17 --seed 1 --resolver wall-lww";
  return {
    schema: "constellation/page/1", version: "0.1.0", title: "mss-17 · two updates within 80 ms, one wall clock 600 ms ahead",
    scenario: "mss-17", seed: "1", digest: "sha256:37ce1b9d4616fcc986a241b144e037cc", replay,
    verdict: { word: "violated", glyph: "✗" },
    sentence: "On indian_ocean, pacific:1 was lost: indian_ocean:1 displaced it silently, though the two were written concurrently.",
    counts: { events: made.events.length, messages, lost: 1, duplicated: 1, nodes: 4, processes: 5 },
    epoch_ns: "1773461515000000000",
    judgements: [
      holds("vector stamps tell before, after and concurrent exactly", "66 pairs, 100.0 % decided"),
      {
        promise: "no update is lost: a read shows all it knows that nothing supersedes", word: "violated", glyph: "✗", scope: "13 reads",
        expected: "indian_ocean shows pacific:1 under mss-17/attitude: it is known there and not superseded",
        found: "pacific:1 is lost: indian_ocean:1 displaced it silently, though the two were written concurrently",
        proof: [`no chain of messages leads from e${first} to e${second}, nor back`],
        events: [first, second, third], chain: [], messages: [],
        steps: ["every message from pacific takes 1.19s to 1.21s", "every other message takes 40ms", 'pacific accepts "yaw +2.0"', 'indian_ocean accepts "yaw -1.5"'],
        notes: ["not needed: any of the lie of pacific's wall clock"], replay,
      },
      holds("replicas converge", "1 key at 4 nodes"),
    ],
    remarks: ["the wall clock of pacific is up to 600 ms ahead of the truth"],
    world: [
      { at_ns: "0", until_ns: null, kind: "step", nodes: [0], groups: [], text: "the wall clock of pacific steps by +600 ms" },
      { at_ns: "900000000", until_ns: "1400000000", kind: "pause", nodes: [3], groups: [], text: "antarctic is down" },
      { at_ns: "4000000000", until_ns: "5000000000", kind: "partition", nodes: [], groups: [[0, 1, 2], [3]], text: "partition pacific, indian_ocean, atlantic | antarctic" },
    ],
    source: 'title = "two updates within 80 ms"\nnodes = ["pacific", "indian_ocean", "atlantic", "antarctic"]\nend = "10s"\n',
    environment: [["command", replay], ["version", "0.1.0"]],
  };
}
