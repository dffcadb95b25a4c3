//! Writes example pages into build/: the incident, and drawn runs of several sizes.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { incident, mended } from "./incident";
import { drawn } from "./random";
import { packed, page, plainFacts } from "./shell";
import { spans } from "./spans";

const [script, style] = ["report.js", "report.css"].map((file) => readFileSync(file, "utf8")) as [string, string];
mkdirSync("build", { recursive: true });
const { made, facts } = incident();
writeFileSync("build/incident.html", page(script, style, facts, packed(made)));
const traced = spans();
writeFileSync("build/spans.html", page(script, style, traced.facts, packed(traced.made)));
const other = mended();
writeFileSync("build/compared.html", page(script, style, facts, packed(made), { facts: other.facts, columns: packed(other.made) }));
for (const [name, nodes, events] of [["3k", 5, 3_000], ["50k", 6, 50_000], ["30-lanes", 30, 3_000]] as const) {
  const run = drawn({ seed: 7, nodes, events, labels: "all", crashes: "some" });
  writeFileSync(`build/${name}.html`, page(script, style, plainFacts(run), packed(run)));
}
