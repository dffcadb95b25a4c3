//! The encoder of columns for tests: what `columns.rs` writes, written again from the same description.

/** A trace as a test builds it. */
export interface Made {
  nodes: string[];
  processes: { node: number; life: number; name?: string }[];
  events: MadeEvent[];
  /** Orders that no message made. */
  edges?: { from: number; to: number; why: string }[];
  /** One for each message, in order of sending. */
  fates: { message: number; code: number; at: number; why: string }[];
  operations: { invoke: number; complete: number | null; call: string; told: string }[];
  /** Names that vector clocks use, by number; the processes by default. */
  names: string[];
}

export interface MadeEvent {
  process: number;
  kind: number;
  at: number;
  /** The message received, or the persist event restarted from. */
  cause?: number;
  targets?: number[];
  label?: string;
  lamport?: number;
  /** By how many ns the wall clock shows more. */
  skew?: number;
  hybrid?: { skew: number; counter: number };
  vector?: [number, number][];
}

/** Bytes that grow. */
class Writer {
  private bytes = new Uint8Array(1 << 16);
  private length = 0;

  byte(value: number): void {
    if (this.length === this.bytes.length) {
      const grown = new Uint8Array(this.bytes.length * 2);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    this.bytes[this.length++] = value;
  }

  varint(value: number): void {
    while (value >= 0x80) {
      this.byte((value % 0x80) | 0x80);
      value = Math.floor(value / 0x80);
    }
    this.byte(value);
  }

  zigzag(value: number): void {
    this.varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  all(bytes: Uint8Array): void {
    for (const byte of bytes) this.byte(byte);
  }

  done(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }
}

/** The columns of a trace, not yet packed. */
export function encode(made: Made): Uint8Array<ArrayBuffer> {
  const texts = new Map<string, number>();
  const text = (value: string): number => {
    if (!texts.has(value)) texts.set(value, texts.size);
    return texts.get(value)!;
  };
  const body = new Writer();
  const messages = made.events.reduce((sum, event) => sum + (event.targets?.length ?? 0), 0);
  writeEvents(body, made, text);
  writeClaims(body, made, text);
  writeFates(body, made, text);
  const head = new Writer();
  head.all(new TextEncoder().encode("CSTL"));
  head.varint(2);
  const counts = [made.nodes, made.processes, made.events].map((list) => list.length);
  for (const count of [...counts, messages, texts.size, made.fates.length, made.operations.length]) head.varint(count);
  const encoded = [...texts.keys()].map((value) => new TextEncoder().encode(value));
  for (const bytes of encoded) head.varint(bytes.length);
  for (const bytes of encoded) head.all(bytes);
  head.all(body.done());
  return head.done();
}

function writeEvents(body: Writer, made: Made, text: (value: string) => number): void {
  for (const node of made.nodes) body.varint(text(node));
  for (const process of made.processes) body.varint(process.node);
  for (const process of made.processes) body.varint(text(processName(made, process)));
  for (const event of made.events) body.varint(event.process);
  for (const event of made.events) body.varint(16 * (event.targets?.length ?? 0) + event.kind);
  writeTimes(body, made);
  for (const event of made.events) for (const target of event.targets ?? []) body.varint(target);
  writeCauses(body, made);
  const edges = (made.edges ?? []).slice().sort((one, other) => one.to - other.to || one.from - other.from);
  writeIds(body, edges.map((edge) => [edge.to, edge]));
  for (const edge of edges) body.varint(edge.to - edge.from);
  for (const edge of edges) body.varint(text(edge.why));
  const labels = claimed(made, (event) => event.label);
  writeIds(body, labels);
  for (const [, label] of labels) body.varint(text(label));
}

/** First bytes first. */
function writeTimes(body: Writer, made: Made): void {
  let at = 0;
  let left = made.events.map((event) => {
    const since = event.at - at;
    at = event.at;
    return since >= 0 ? since * 2 : -since * 2 - 1;
  });
  do {
    for (const number of left) body.byte((number % 0x80) | (number >= 0x80 ? 0x80 : 0));
    left = left.filter((number) => number >= 0x80).map((number) => Math.floor(number / 0x80));
  } while (left.length > 0);
}

/** Of a receive, which it is of the messages to its node, after the furthest that was received there. */
function writeCauses(body: Writer, made: Made): void {
  const counts = made.nodes.map(() => 0);
  const nths = made.events.flatMap((event) => (event.targets ?? []).map((target) => counts[target]!++));
  const next = made.nodes.map(() => 0);
  made.events.forEach((event, id) => {
    const { node } = made.processes[event.process]!;
    if (event.kind === 1) {
      const nth = nths[event.cause!]!;
      body.zigzag(nth - next[node]!);
      next[node] = Math.max(next[node]!, nth + 1);
    }
    if (event.kind === 4) body.varint(event.cause === undefined ? 0 : id - event.cause);
  });
}

/** The events that lead to each event directly. */
function causesOf(made: Made): number[][] {
  const last = made.processes.map(() => -1);
  const sender = made.events.flatMap((event, id) => (event.targets ?? []).map(() => id));
  const edges = new Map<number, number[]>();
  for (const { from, to } of made.edges ?? []) edges.set(to, [...(edges.get(to) ?? []), from]);
  return made.events.map((event, id) => {
    const causes = [last[event.process]!, ...(edges.get(id) ?? [])];
    if (event.kind === 1) causes.push(sender[event.cause!]!);
    if (event.kind === 4 && event.cause !== undefined) causes.push(event.cause);
    last[event.process] = id;
    return causes.filter((cause) => cause >= 0);
  });
}

/** The vector of a sound clock, by process: how many events before an event, or it, claim one. */
function counted(made: Made, causes: number[][], event: number): Map<string, number> {
  const past = new Set([event]);
  for (const one of past) for (const cause of causes[one]!) past.add(cause);
  const counts = new Map<string, number>();
  for (const one of past) {
    if (made.events[one]!.vector === undefined) continue;
    const name = processName(made, made.processes[made.events[one]!.process]!);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function processName(made: Made, { node, life, name }: Made["processes"][number]): string {
  return name ?? (life === 0 ? made.nodes[node]! : `${made.nodes[node]}#${life}`);
}

function writeClaims(body: Writer, made: Made, text: (value: string) => number): void {
  const lamport = claimed(made, (event) => event.lamport);
  writeIds(body, lamport);
  const causes = causesOf(made);
  const known: number[] = [];
  made.events.forEach((event, id) => {
    const time = causes[id]!.reduce((most, cause) => Math.max(most, known[cause]!), 0);
    if (event.lamport !== undefined) body.zigzag(event.lamport - time - 1);
    known.push(event.lamport === undefined ? time : event.lamport > 2 ** 52 - 2 ? 0 : event.lamport);
  });
  writeSkews(body, made, claimed(made, (event) => event.skew));
  const hybrid = claimed(made, (event) => event.hybrid);
  writeSkews(body, made, hybrid.map(([id, value]) => [id, value.skew]));
  for (const [, value] of hybrid) body.varint(value.counter);
  const vector = claimed(made, (event) => event.vector);
  writeIds(body, vector);
  for (const [id, entries] of vector) {
    const sound = counted(made, causes, id);
    if (sound.size === entries.length && entries.every(([name, count]) => sound.get(made.names[name]!) === count)) {
      body.varint(0);
      continue;
    }
    body.varint(entries.length + 1);
    for (const [name, count] of entries) {
      body.varint(text(made.names[name]!));
      body.varint(count);
    }
  }
}

function writeFates(body: Writer, made: Made, text: (value: string) => number): void {
  const sentAt = made.events.flatMap((event) => (event.targets ?? []).map(() => event.at));
  made.fates.sort((one, other) => one.message - other.message);
  for (const fate of made.fates) body.varint(fate.code);
  let message = 0;
  for (const fate of made.fates) {
    body.varint(fate.message - message);
    message = fate.message;
  }
  for (const fate of made.fates) body.zigzag(fate.at - sentAt[fate.message]!);
  for (const fate of made.fates) body.varint(text(fate.why));
  let event = 0;
  for (const operation of made.operations) {
    body.varint(operation.invoke - event);
    event = operation.invoke;
  }
  for (const operation of made.operations) {
    body.varint(operation.complete === null ? 0 : operation.complete - operation.invoke);
  }
  for (const operation of made.operations) body.varint(text(operation.call));
  for (const operation of made.operations) body.varint(text(operation.told));
}

function claimed<T>(made: Made, of: (event: MadeEvent) => T | undefined): [number, T][] {
  return made.events.flatMap((event, id) => {
    const value = of(event);
    return value === undefined ? [] : [[id, value] as [number, T]];
  });
}

function writeIds(body: Writer, claims: [number, unknown][]): void {
  body.varint(claims.length);
  let last = 0;
  for (const [id] of claims) {
    body.varint(id - last);
    last = id;
  }
}

function writeSkews(body: Writer, made: Made, claims: [number, number][]): void {
  writeIds(body, claims);
  const last = new Array<number>(made.processes.length).fill(0);
  for (const [id, skew] of claims) {
    const process = made.events[id]!.process;
    body.zigzag(skew - last[process]!);
    last[process] = skew;
  }
}
