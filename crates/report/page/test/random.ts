//! Traces drawn by lot from a seed, of any size, that the encoder takes: what the tests and the figures feed the page.

import type { Made, MadeEvent } from "./columns";

/** Numbers drawn by lot; the same seed draws the same. */
export function lots(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

/** What a drawn trace should be like. */
export interface Wish {
  seed: number;
  nodes: number;
  events: number;
  /** Whether events have labels; half of a payload is labels. */
  labels: "all" | "none";
  /** Whether nodes crash and restart. */
  crashes: "some" | "none";
  /** Whether some events are ordered by what no message made. */
  edges?: "some" | "none";
}

/** A run of gossip: nodes tick, tell others, lose messages, and crash. Lamport and vector claims are right. */
export function drawn(wish: Wish): Made {
  const lot = lots(wish.seed);
  const processes = Array.from({ length: wish.nodes }, (_, node) => ({ node, life: 0 }));
  const current = processes.map((_, process) => process);
  const made: Made = {
    nodes: Array.from({ length: wish.nodes }, (_, node) => `node-${node}`),
    processes, events: [], fates: [], operations: [], names: [],
  };
  const underWay: { message: number; target: number }[] = [];
  const lamports: number[] = processes.map(() => 0);
  const stamps: number[] = [];
  const persists: (number | null)[] = processes.map(() => null);
  let at = 0;
  let messages = 0;
  const sentBy: number[] = [];
  while (made.events.length < wish.events) {
    at += lot(4) === 0 ? 0 : 1000 * (1 + lot(2000));
    let node = lot(wish.nodes);
    const id = made.events.length;
    const event: MadeEvent = { process: current[node]!, kind: 0, at };
    if (wish.crashes === "some" && lot(40) === 0) {
      made.events.push({ ...event, kind: 3 });
      processes.push({ node, life: processes.filter((process) => process.node === node).length });
      current[node] = processes.length - 1;
      lamports.push(lamports[event.process]!);
      const from = lot(2) === 0 ? persists[node] : null;
      made.events.push({ process: current[node]!, kind: 4, at, ...(from === null || from === undefined ? {} : { cause: from }) });
      continue;
    }
    const die = lot(10);
    if (die < 4 && underWay.length > 0) {
      const pick = underWay.length - 1 - lot(Math.min(underWay.length, 8));
      const { message, target } = underWay[pick]!;
      if (lot(30) !== 0) {
        underWay[pick] = underWay[underWay.length - 1]!;
        underWay.pop();
      }
      node = target;
      event.process = current[node]!;
      event.kind = 1;
      event.cause = message;
      lamports[event.process] = Math.max(lamports[event.process]!, stamps[sentBy[message]!]!);
    } else if (die < 8 && wish.nodes > 1) {
      const target = (node + 1 + lot(wish.nodes - 1)) % wish.nodes;
      event.targets = [target];
      if (lot(20) === 0) made.fates.push({ message: messages, code: 1, at: at + 1000, why: "the link lost it" });
      else underWay.push({ message: messages, target });
      sentBy[messages++] = id;
    } else if (die === 8) {
      event.kind = 2;
      persists[node] = id;
    }
    event.lamport = lamports[event.process] = lamports[event.process]! + 1;
    event.skew = node * 1_000_000;
    stamps[id] = event.lamport;
    if (wish.labels === "all") event.label = `${event.kind === 1 ? "receive" : "do"} ${id.toString(36)} of ${lot(50)}`;
    made.events.push(event);
  }
  if (wish.edges === "some") {
    made.edges = Array.from({ length: wish.events >> 3 }, () => {
      const to = 1 + lot(made.events.length - 1);
      return { from: lot(to), to, why: ["parent", "link"][to % 2]! };
    });
  }
  made.names = processes.map(({ node, life }) => (life === 0 ? `node-${node}` : `node-${node}#${life}`));
  return made;
}
