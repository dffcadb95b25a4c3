//! Chromium for tests: where it is, and a page opened from disk that may ask nobody for anything.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { page as shell } from "./shell";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"];

/** Where a Chromium is, or null; `CHROMIUM` says it too. */
export const executable: string | null =
  [process.env["CHROMIUM"], ...PLACES].find((file) => file !== undefined && existsSync(file)) ?? null;

/** Why tests in a browser are skipped, or false. */
export const skipped: string | false =
  executable === null ? "there is no chromium: install it, or name it in CHROMIUM" : false;

/** Starts it. */
export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: executable!, args: ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"] });
}

/** The page's own script and style, as they are embedded. */
export function assets(): [string, string] {
  return ["report.js", "report.css"].map((file) => readFileSync(file, "utf8")) as [string, string];
}

/** Where pages are written; it goes with the process. */
const FOLDER = mkdtempSync(path.join(tmpdir(), "constellation-page-"));
process.on("exit", () => rmSync(FOLDER, { recursive: true, force: true }));

/** Writes a page to a file of its own, and tells its address. */
export function write(facts: object, columns: string, other: { facts: object; columns: string } | null = null): string {
  const file = path.join(mkdtempSync(path.join(FOLDER, "page-")), "run.html");
  writeFileSync(file, shell(...assets(), facts, columns, other));
  return pathToFileURL(file).href;
}

/** What a page did beside being shown. */
export interface Seen {
  page: Page;
  /** Errors and warnings of the console. */
  complaints: string[];
  /** Addresses it asked for, itself left out. */
  requests: string[];
}

/** Opens an address; `ready` or what hinders it is awaited. */
export async function open(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<Seen> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const seen: Seen = { page, complaints: [], requests: [] };
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) seen.complaints.push(message.text());
  });
  page.on("pageerror", (error) => seen.complaints.push(error.message));
  page.on("request", (request) => {
    if (request.url().split("#")[0] !== address.split("#")[0] && !request.url().startsWith("blob:")) seen.requests.push(request.url());
  });
  await page.goto(address);
  await page.evaluate(() => window.constellation.ready.catch(() => {}));
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  return seen;
}

/** What the largest renderer holds in memory once garbage is collected, in MB; 0 where that cannot be read. */
export async function held(browser: Browser, page: Page): Promise<number> {
  await (await page.context().newCDPSession(page)).send("HeapProfiler.collectGarbage");
  const { processInfo } = await (await browser.newBrowserCDPSession()).send("SystemInfo.getProcessInfo");
  return Math.max(0, ...processInfo.filter(({ type }) => type === "renderer").map(({ id }) => resident(id)));
}

function resident(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1000;
  } catch {
    return 0;
  }
}
