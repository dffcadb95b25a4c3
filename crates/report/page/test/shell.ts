//! The HTML of a page as `page.rs` writes it, for tests.

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { encode, type Made } from "./columns";

/** The base64 of the packed columns. */
export function packed(made: Made): string {
  return gzipSync(encode(made), { level: 6 }).toString("base64");
}

/** One file that holds everything. */
export function page(script: string, style: string, facts: object, columns: string, other: { facts: object; columns: string } | null = null): string {
  const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const policy = `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
  const json = (facts: object): string => JSON.stringify(facts).replace(/[<>&\u2028\u2029]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return [
    "<!doctype html>", '<html lang="en">', '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">', "<title>A run</title>",
    `<style>${style}</style>`, '<main id="app"><p>The run is being drawn.</p></main>',
    `<script type="application/json" id="facts">${json(facts)}</script>`,
    `<script type="text/plain" id="columns">${columns}</script>`,
    ...(other === null ? [] : [
      `<script type="application/json" id="facts-other">${json(other.facts)}</script>`,
      `<script type="text/plain" id="columns-other">${other.columns}</script>`,
    ]),
    `<script>${script}</script>`, "</html>", "",
  ].join("\n");
}

/** Facts of a drawn trace, about which nobody judged anything. */
export function plainFacts(made: Made): object {
  const messages = made.events.reduce((sum, event) => sum + (event.targets?.length ?? 0), 0);
  return {
    schema: "constellation/page/1", version: "0.1.0", title: `${made.events.length} events`, scenario: null, seed: "1", digest: "", replay: "",
    verdict: { word: "holds", glyph: "✓" }, sentence: "Every promise holds.", epoch_ns: "1773461515000000000",
    counts: { events: made.events.length, messages, lost: made.fates.length, duplicated: 0, nodes: made.nodes.length, processes: made.processes.length },
    judgements: [], remarks: [], world: [], source: "", environment: [],
  };
}
