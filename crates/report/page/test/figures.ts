//! Measures pages of 10,000 to 1,000,000 events in a browser: file, first paint, frames, cone, search, memory; and ShiViz beside them.

import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { held, launch, open, skipped, write } from "./browser";
import { drawn, type Wish } from "./random";
import { packed, plainFacts } from "./shell";
import { beside, shiviz } from "./shiviz";

interface Figure {
  [name: string]: string | number;
}

const sizes: [string, Partial<Wish>][] = [
  ["10k", { events: 10_000 }], ["100k", { events: 100_000 }], ["1M", { events: 1_000_000 }],
  ["1M labelled", { events: 1_000_000, labels: "all" }], ["100k, 30 lanes", { events: 100_000, nodes: 30 }],
];

/** What ShiViz is given too. */
const besides: [string, number][] = [["1k", 1000], ["10k", 10_000]];
/** What takes it minutes and gigabytes, so `--slow` asks for it. */
const slow: [string, number] = ["100k", 100_000];

const ms = (value: number): string => value.toFixed(value < 10 ? 2 : 0);

/** Time from the opening of the page to its first picture, and what it costs to move, to point and to search. */
function measure(page: Page): Promise<{ [name: string]: number }> {
  return page.evaluate(async () => {
    // The page draws in the same frame, before this is called: what is told is how long that took.
    const frame = (): Promise<number> => new Promise((done) => requestAnimationFrame((start) => done(performance.now() - start)));
    const stage = document.querySelector<HTMLElement>(".stage")!;
    const median = (values: number[]): number => values.sort((one, other) => one - other)[values.length >> 1]!;
    const timed = async (keys: string[], count: number): Promise<number> => {
      const times: number[] = [];
      for (let nth = 0; nth < count; nth++) {
        document.body.dispatchEvent(new KeyboardEvent("keydown", { key: keys[nth % keys.length]!, bubbles: true }));
        times.push(await frame());
      }
      return median(times);
    };
    stage.blur();
    await timed(["w"], 3);
    const pan = await timed(["d", "a"], 40);
    const { events } = window.constellation.state() as { events: number };
    const begin = performance.now();
    for (let nth = 1; nth <= 1000; nth++) window.constellation.cone(Math.floor((events / 1001) * nth));
    const cone = (performance.now() - begin) / 1000;
    const searches: number[] = [];
    for (const query of ["kind=lost", "node-3 receive", "zz9 || do", "after:e5000 kind=receive"]) {
      const begin = performance.now();
      window.constellation.query(query);
      searches.push(performance.now() - begin);
      await frame();
    }
    return { pan, cone, search: Math.max(...searches) };
  });
}

async function figure(name: string, wish: Partial<Wish>): Promise<Figure> {
  const run = drawn({ seed: 11, nodes: 4, events: 10_000, labels: "none", crashes: "none", ...wish });
  const address = write(plainFacts(run), packed(run));
  const browser = await launch();
  const { page, complaints } = await open(browser, address);
  const marks = await page.evaluate(() => ["unpacked", "decoded", "ordered", "drawn"].map((name) =>
    performance.getEntriesByName(`constellation-${name}`)[0]?.startTime ?? NaN));
  const first = marks[3]!;
  const measured = await measure(page);
  const memory = await held(browser, page);
  await browser.close();
  if (complaints.length > 0) throw new Error(complaints.join("\n"));
  return {
    run: name, "file MB": (statSync(fileURLToPath(address)).size / 1e6).toFixed(2), "first paint ms": ms(first), "of it": marks.map(ms).join(" "), "pan ms": ms(measured["pan"]!),
    "cone ms": measured["cone"]!.toFixed(3), "search ms": ms(measured["search"]!),
    "renderer MB": ms(memory),
  };
}

/** The address of ShiViz where somebody has it; ends the program where what they named is not it. */
function peerOf(folder: string): string | null {
  try {
    return folder === "" ? null : shiviz(folder);
  } catch (error) {
    console.error(`error: ${(error as Error).message}`);
    process.exit(2);
  }
}

if (skipped !== false) {
  console.log(`skipped: ${skipped}`);
} else {
  const peer = peerOf(process.env["SHIVIZ"] ?? "");
  const asked = process.argv.slice(2);
  const chosen = asked.filter((name) => name !== "--slow");
  const is = (name: string): boolean => chosen.length === 0 || chosen.includes(name);
  const figures: Figure[] = [];
  for (const [name, wish] of sizes) if (is(name)) figures.push(await figure(name, wish));
  if (figures.length > 0) console.table(figures);
  if (peer === null) {
    console.log("ShiViz not measured: `git clone https://github.com/DistributedClocks/shiviz DIR`, then `SHIVIZ=DIR npm run figures`");
  } else {
    const compared: Figure[] = [];
    for (const [name, events] of asked.includes("--slow") ? [...besides, slow] : besides) {
      if (is(name)) compared.push(...await beside(peer, events));
    }
    if (compared.length > 0) console.table(compared);
  }
}
