//! ShiViz beside this page: the same run opened from disk in the same browser, and what each takes to show it.

import { existsSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { held, launch, open, write } from "./browser";
import type { Made } from "./columns";
import { drawn } from "./random";
import { packed, plainFacts } from "./shell";

/** The expression by which ShiViz takes a log apart where none is given. */
const PARSER = String.raw`(?<event>.*)\n(?<host>\S*) (?<clock>{.*})`;
/** A word that about a third of the events have. */
const WORD = "receive";

// What of ShiViz is asked what it found.
declare const SearchBar: { getInstance(): { getGlobal(): { getViews(): { getModel(): object }[] } } };
declare const TextQueryMotifFinder: new (query: string) => { find(model: object): { getMotifs(): object[] } };

/** What showing a run takes. */
interface Cost {
  /** Until the first picture, in ms: of the page from its opening, of ShiViz from the press of its button. */
  picture: number;
  /** The median from one frame to the next while the picture moves, in ms; the screen allows none below 16.7. */
  median: number;
  /** The mean of the same: where most frames are in time and some take a fifth of a second, the median hides them. */
  mean: number;
  /** From a question of one word until what was found is painted, in ms. */
  search: number;
  /** What the largest renderer holds afterwards, in MB. */
  memory: number;
  /** How many events the word found. */
  found: number;
}

/** A run in which nobody crashes as a log of ShiViz: a line of text, then host and clock. O(events · processes). */
export function log(made: Made): string {
  const clocks = made.processes.map(() => made.processes.map(() => 0));
  const sent: number[][] = [];
  const lines: string[] = [];
  for (const { process, cause, targets, label } of made.events) {
    const clock = clocks[process]!;
    if (cause !== undefined) sent[cause]!.forEach((count, other) => (clock[other] = Math.max(clock[other]!, count)));
    clock[process]!++;
    for (const _ of targets ?? []) sent.push([...clock]);
    const known = clock.flatMap((count, other) => (count === 0 ? [] : [`${JSON.stringify(made.names[other])}:${count}`]));
    lines.push(label ?? "event", `${made.names[process]} {${known.join()}}`);
  }
  return `${lines.join("\n")}\n`;
}

/** The address of the page of a checkout; throws where there is none. */
export function shiviz(folder: string): string {
  const file = path.resolve(folder, "index.html");
  if (!existsSync(file) || !existsSync(path.resolve(folder, "js/shiviz.js"))) {
    throw new Error(`SHIVIZ=${folder} holds no index.html with js/shiviz.js: name a checkout of https://github.com/DistributedClocks/shiviz`);
  }
  return pathToFileURL(file).href;
}

/** What is measured inside the page; `log` is null where it is ours and has its run already. */
function measured(page: Page, log: string | null): Promise<Omit<Cost, "memory">> {
  return page.evaluate(async ({ log, parser, word }) => {
    const frame = (): Promise<number> => new Promise((done) => requestAnimationFrame(done));
    // A task after the frame begins when layout and painting of that frame are done.
    const painted = async (begin: number): Promise<number> => {
      await frame();
      await new Promise((done) => setTimeout(done));
      return performance.now() - begin;
    };
    const element = <Kind extends HTMLElement>(selector: string): Kind => document.querySelector<Kind>(selector)!;
    const fill = (selector: string, value: string): void => {
      const field = element<HTMLInputElement>(selector);
      field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const press = (key: string): boolean => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    const ours = {
      prepare: (): void => element(".stage").blur(),
      picture: (): Promise<number> => Promise.resolve(performance.getEntriesByName("constellation-drawn")[0]?.startTime ?? NaN),
      zoom: (): boolean => press("w"),
      move: (nth: number): unknown => press(nth < 30 ? "d" : "a"),
      search: (): unknown => window.constellation.query(word),
      found: (): number => (window.constellation.state() as { found: number }).found,
    };
    const theirs: typeof ours = {
      prepare: () => {
        element(".try").click();
        fill("#parser", parser);
        fill("#input", log!);
      },
      picture: () => {
        const begin = performance.now();
        element("#visualize").click();
        return painted(begin);
      },
      zoom: () => true,
      move: () => window.scrollBy(0, 120),
      search: () => {
        fill("#searchbar #bar input", word);
        element("#searchButton").click();
      },
      // What it shows is fewer: there it counts a group of events that it drew as one circle once.
      found: () => {
        const [view] = SearchBar.getInstance().getGlobal().getViews();
        return new TextQueryMotifFinder(word).find(view!.getModel()).getMotifs().length;
      },
    };
    const tool = log === null ? ours : theirs;
    tool.prepare();
    const picture = await tool.picture();
    const refusal = document.querySelector<HTMLElement>("#errorbox");
    if (refusal !== null && refusal.getClientRects().length > 0) throw new Error(`ShiViz refused the log: ${refusal.textContent}`);
    for (let nth = 0; nth < 3; nth++) {
      tool.zoom();
      await frame();
    }
    const frames: number[] = [];
    for (let nth = 0, before = await frame(); nth < 60; nth++) {
      tool.move(nth);
      const now = await frame();
      frames.push(now - before);
      before = now;
    }
    frames.sort((one, other) => one - other);
    const [median, mean] = [frames[frames.length >> 1]!, frames.reduce((sum, time) => sum + time) / frames.length];
    const begin = performance.now();
    tool.search();
    return { picture, median, mean, search: await painted(begin), found: tool.found() };
  }, { log, parser: PARSER, word: WORD });
}

/** Opens a page of others, which gets nothing but files of this disk. */
async function alone(browser: Browser, address: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.route((url) => url.protocol !== "file:", (route) => route.abort());
  await page.goto(address);
  return page;
}

/** Opens an address in a browser of its own, and measures. */
async function cost(address: string, log: string | null): Promise<Cost> {
  const browser = await launch();
  try {
    const page = log === null ? (await open(browser, address)).page : await alone(browser, address);
    const told = await measured(page, log);
    return { ...told, memory: await held(browser, page) };
  } finally {
    await browser.close();
  }
}

/** Rows of a table: a run of so many events in this page and in ShiViz. Throws where one finds more events than the other. */
export async function beside(theirs: string, events: number): Promise<{ [column: string]: string | number }[]> {
  const run = drawn({ seed: 11, nodes: 4, events, labels: "all", crashes: "none" });
  const ours = await cost(write(plainFacts(run), packed(run)), null);
  const other = await cost(theirs, log(run));
  if (ours.found !== other.found) throw new Error(`of ${events} events \`${WORD}\` found ${ours.found} here and ${other.found} in ShiViz`);
  const rows: [string, Exclude<keyof Cost, "found">][] = [
    ["picture ms", "picture"], ["frame, median ms", "median"], ["frame, mean ms", "mean"], ["search ms", "search"], ["renderer MB", "memory"],
  ];
  return rows.map(([what, of]) => ({
    events, what, ours: ours[of].toFixed(1), ShiViz: other[of].toFixed(1), ratio: (other[of] / ours[of]).toFixed(1),
  }));
}
