//! What the page is told in words: verdict, sentence, judgements, world; read with every field checked.

import { Corrupt } from "./bytes";

export interface Judgement {
  promise: string;
  word: string;
  glyph: string;
  scope: string;
  expected: string;
  found: string;
  proof: string[];
  events: number[];
  chain: [number, number | null][];
  messages: number[];
  steps: string[];
  notes: string[];
  replay: string;
}

export interface Happening {
  at: number;
  /** When it ended, or null. */
  until: number | null;
  kind: string;
  nodes: number[];
  groups: number[][];
  text: string;
}

export interface Facts {
  version: string;
  title: string;
  scenario: string | null;
  seed: string | null;
  digest: string;
  replay: string;
  verdict: { word: string; glyph: string };
  sentence: string;
  counts: { [name: string]: number };
  /** Which kind of time there is: one of `TIMES`, or a kind of a later version. */
  times: string;
  epoch: bigint | null;
  judgements: Judgement[];
  remarks: string[];
  /** Which orders nobody knows. */
  unknown: string[];
  world: Happening[];
  source: string;
  environment: [string, string][];
}

const SCHEMA = "constellation/page/1";

/** The facts in this JSON. */
export function readFacts(json: string): Facts {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new Corrupt("the facts of this page are not JSON");
  }
  const facts = record(value);
  if (facts["schema"] !== SCHEMA) throw new Corrupt(`the facts of this page are not ${SCHEMA}`);
  const verdict = record(facts["verdict"]);
  return {
    version: text(facts["version"]),
    title: text(facts["title"]),
    scenario: orNull(facts["scenario"], text),
    seed: orNull(facts["seed"], text),
    digest: text(facts["digest"]),
    replay: text(facts["replay"]),
    verdict: { word: text(verdict["word"]), glyph: text(verdict["glyph"]) },
    sentence: text(facts["sentence"]),
    counts: Object.fromEntries(Object.entries(record(facts["counts"])).map(([name, value]) => [name, number(value)])),
    times: text(facts["times"]),
    epoch: orNull(facts["epoch_ns"], whole),
    judgements: list(facts["judgements"], judgement),
    remarks: list(facts["remarks"], text),
    unknown: list(facts["unknown"], text),
    world: list(facts["world"], happening),
    source: text(facts["source"]),
    environment: list(facts["environment"], (pair) => {
      const [name, value] = list(pair, text);
      return [name ?? "", value ?? ""];
    }),
  };
}

function judgement(value: unknown): Judgement {
  const one = record(value);
  return {
    promise: text(one["promise"]),
    word: text(one["word"]),
    glyph: text(one["glyph"]),
    scope: text(one["scope"]),
    expected: text(one["expected"]),
    found: text(one["found"]),
    proof: list(one["proof"], text),
    events: list(one["events"], number),
    chain: list(one["chain"], (pair): [number, number | null] => {
      const step = list(pair, (entry) => (entry === null ? null : number(entry)));
      return [step[0] ?? 0, step[1] ?? null];
    }),
    messages: list(one["messages"], number),
    steps: list(one["steps"], text),
    notes: list(one["notes"], text),
    replay: text(one["replay"]),
  };
}

function happening(value: unknown): Happening {
  const one = record(value);
  return {
    at: Number(whole(one["at_ns"])),
    until: orNull(one["until_ns"], (ns) => Number(whole(ns))),
    kind: text(one["kind"]),
    nodes: list(one["nodes"], number),
    groups: list(one["groups"], (group) => list(group, number)),
    text: text(one["text"]),
  };
}

function record(value: unknown): { [name: string]: unknown } {
  return typeof value === "object" && value !== null ? (value as { [name: string]: unknown }) : {};
}

function list<T>(value: unknown, read: (entry: unknown) => T): T[] {
  return Array.isArray(value) ? value.map(read) : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

function whole(value: unknown): bigint {
  const digits = text(value);
  return /^-?\d{1,39}$/.test(digits) ? BigInt(digits) : 0n;
}

function orNull<T>(value: unknown, read: (value: unknown) => T): T | null {
  return value === null || value === undefined ? null : read(value);
}
