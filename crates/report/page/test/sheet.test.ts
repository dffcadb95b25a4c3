//! The page of plots, which runs no script: what is shown by pointing, by keyboard, and to whoever looks at no picture.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import test, { after, before } from "node:test";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { launch, skipped } from "./browser";

/** A page that the tests of `constellation-report` write, and compare with what is committed. */
const ADDRESS = pathToFileURL(path.resolve("../tests/it/plots/sheet.html")).href;

let browser: Browser;
before(async () => {
  if (skipped === false) browser = await launch();
});
after(async () => browser?.close());

const inBrowser = (name: string, body: () => Promise<void>): void => void test(name, { skip: skipped }, body);

interface Seen {
  page: Page;
  complaints: string[];
  requests: string[];
}

async function open(options: BrowserContextOptions = {}): Promise<Seen> {
  // axe is a script, which the policy of the page forbids, as it should.
  const context = await browser.newContext({ bypassCSP: true, viewport: { width: 1100, height: 800 }, ...options });
  const page = await context.newPage();
  const seen: Seen = { page, complaints: [], requests: [] };
  page.on("console", (message) => seen.complaints.push(message.text()));
  page.on("pageerror", (error) => seen.complaints.push(error.message));
  page.on("request", (request) => {
    if (request.url() !== ADDRESS) seen.requests.push(request.url());
  });
  await page.goto(ADDRESS);
  return seen;
}

const tips = (page: Page): Promise<boolean[]> => Promise.all([0, 1].map((nth) => page.locator(".tip").nth(nth).isVisible()));

inBrowser("a mark tells its sentences when it is pointed at, and no other does", async () => {
  const { page } = await open();
  assert.deepEqual(await tips(page), [false, false]);
  await page.hover(".store >> nth=0");
  assert.deepEqual(await tips(page), [true, false]);
  assert.match(await page.locator(".tip >> nth=0").innerText(), /one in full\s+cut: one goes on\.\s+else: It waits\./);
  await page.hover("h1");
  assert.deepEqual(await tips(page), [false, false]);
});

inBrowser("a tip covers none of the marks that a pointer comes to next", async () => {
  const { page } = await open();
  const stores = await page.locator(".store").all();
  for (const [nth, store] of stores.entries()) {
    await store.hover();
    const cell = (await page.locator("td:has(> ul)").nth(nth).boundingBox())!;
    const tip = (await page.locator(".tip").nth(nth).boundingBox())!;
    assert.ok(tip.x >= cell.x + cell.width - 16 || tip.x + tip.width <= cell.x + 16, JSON.stringify({ cell, tip }));
  }
});

inBrowser("marks are reached by keyboard, and followed to their row of the table", async () => {
  const { page } = await open();
  const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.getAttribute("href") ?? "");
  for (let times = 0; times < 9 && !(await focused()).startsWith("#of-"); times++) await page.keyboard.press("Tab");
  assert.equal(await focused(), "#of-1-0");
  assert.deepEqual(await tips(page), [true, false]);
  await page.keyboard.press("Tab");
  assert.deepEqual([await focused(), await tips(page)], ["#of-1-2", [false, true]]);
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "#of-1-1");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("tr:target th").innerText(), "other r=1,w=1 in full");
});

inBrowser("a tip stays on the screen, also on a small one", async () => {
  for (const width of [1100, 720, 390]) {
    const { page } = await open({ viewport: { width, height: 800 } });
    for (const nth of [0, 1]) {
      await page.locator(".store").nth(nth).focus();
      const box = await page.locator(".tip").nth(nth).boundingBox();
      assert.ok(box !== null && box.x >= 0 && box.x + box.width <= width, `${width}: ${JSON.stringify(box)}`);
    }
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, "nothing scrolls sideways but tables");
  }
});

inBrowser("a small screen gets a plot that is drawn for it, with letters as large", async () => {
  for (const [width, shown] of [[1100, "wide"], [390, "narrow"]] as const) {
    const { page } = await open({ viewport: { width, height: 800 } });
    const drawn = page.locator("figure svg:visible");
    assert.deepEqual([await drawn.count(), await drawn.first().getAttribute("data-width")], [1, shown]);
    const height = await page.locator("figure svg:visible text").first().evaluate((text) => text.getBoundingClientRect().height);
    assert.ok(height >= 10, `${width}: ${height}`);
  }
});

inBrowser("the numbers of a plot stand beside it", async () => {
  const { page } = await open();
  await page.click("summary");
  assert.equal(await page.locator(".numbers tbody tr").count(), 3);
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1100, 390]) {
    inBrowser(`nothing is asked for, and axe finds nothing wrong, ${colorScheme}, ${width} px wide`, async () => {
      const { page, complaints, requests } = await open({ colorScheme, viewport: { width, height: 800 } });
      await page.click("summary");
      await page.locator(".store").first().focus();
      await page.addScriptTag({ content: readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8") });
      const violations = await page.evaluate(async () => {
        const { axe } = window as unknown as { axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } };
        return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
      });
      assert.deepEqual(violations, []);
      assert.deepEqual([complaints, requests], [[], []]);
    });
  }
}

inBrowser("where nothing but the file may be used, its style is, and no script is missed", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  await page.goto(ADDRESS);
  assert.deepEqual(complaints, [], "the policy names each style that there is");
  assert.equal(await page.locator(".tip").first().isVisible(), false, "the style counts");
  assert.equal(await page.locator("script").count(), 0);
});
