//! Spans of three services as another system told them: chains that share a lane, joined by orders that no message made.

import type { Made, MadeEvent } from "./columns";

const MS = 1_000_000;

/** Each span: service, name, begin and end in ms, and the span that began it, or one that it links to. */
const SPANS: [number, string, number, number, number | null, string][] = [
  [0, "GET /checkout", 0, 95, null, ""],
  [1, "reserve shoes", 6, 40, 0, "parent"],
  [1, "reserve socks", 8, 60, 0, "parent"],
  [2, "charge card", 62, 88, 0, "parent"],
  [1, "send receipt", 70, 120, 3, "link"],
];

/** The trace, with an event where each span begins and where it ends, causes first; and facts that say what is not known. */
export function spans(): { made: Made; facts: object } {
  const nodes = ["web", "stock", "bank"];
  const made: Made = { nodes, processes: [], events: [], edges: [], fates: [], operations: [], names: [] };
  SPANS.forEach(([node, name]) => made.processes.push({ node, life: 0, name: `${nodes[node]} · ${name}` }));
  const moments = SPANS.flatMap(([, , begin, end], span) => [{ span, at: begin, isEnd: false }, { span, at: end, isEnd: true }]);
  moments.sort((one, other) => one.at - other.at || one.span - other.span);
  const begins: number[] = [];
  for (const { span, at, isEnd } of moments) {
    const [, name, , , cause, why] = SPANS[span]!;
    const event: MadeEvent = { process: span, kind: 0, at: at * MS, label: isEnd ? `end ${name}` : name };
    if (!isEnd) {
      begins[span] = made.events.length;
      if (cause !== null) made.edges!.push({ from: begins[cause]!, to: made.events.length, why });
    }
    made.events.push(event);
  }
  const facts = {
    schema: "constellation/page/1", version: "0.1.0", title: "one checkout", scenario: null, seed: null, digest: "", replay: "",
    verdict: { word: "unknown", glyph: "?" }, sentence: "Nothing was promised of this run, so nothing was judged.", epoch_ns: null,
    counts: { events: made.events.length, messages: 0, lost: 0, duplicated: 0, nodes: 3, processes: 5 }, judgements: [], remarks: [],
    unknown: ["of two spans of one service nothing is known unless a span began the other", "whether a span waited for the end of one that it began"],
    world: [], source: "", environment: [],
  };
  return { made, facts };
}
