//! The page in a real browser: every interaction, by facts that the page tells, not by pixels.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import test, { after, before } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { launch, open, skipped, write, type Seen } from "./browser";
import { incident, mended } from "./incident";
import { drawn } from "./random";
import { packed, plainFacts } from "./shell";
import { spans } from "./spans";

interface StateSeen {
  [name: string]: unknown;
  one: number | null;
  other: number | null;
  hover: number | null;
  first: number;
  last: number;
  drawn: { level: string; events: number; messages: number; every: number };
}

let browser: Browser;
const { made, facts } = incident();
let address = "";

before(async () => {
  if (skipped !== false) return;
  browser = await launch();
  address = write(facts, packed(made));
});
after(async () => browser?.close());

const inBrowser = (name: string, body: () => Promise<void>): void => void test(name, { skip: skipped }, body);

function state(page: Page): Promise<StateSeen> {
  return page.evaluate(() => {
    const { at: _, ...rest } = window.constellation.state() as Record<string, unknown>;
    return rest as never;
  });
}

async function settled(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** Where an event stands on the screen. */
async function placeOf(page: Page, event: number): Promise<{ x: number; y: number }> {
  const [x, y] = await page.evaluate((event) => {
    const { at } = window.constellation.state() as { at: (event: number) => [number, number] };
    const box = document.querySelector(".stage canvas")!.getBoundingClientRect();
    const [x, y] = at(event);
    return [x + box.left, y + box.top];
  }, event);
  return { x: x!, y: y! };
}

async function done(seen: Seen): Promise<void> {
  assert.deepEqual(seen.complaints, []);
  assert.deepEqual(seen.requests, []);
  await seen.page.context().close();
}

inBrowser("the page opens on the evidence, says the verdict, and asks nobody for anything", async () => {
  const seen = await open(browser, address);
  const { page } = seen;
  assert.match(await page.innerText(".verdict"), /✗ violated/);
  assert.match(await page.innerText(".said"), /pacific:1 was lost/);
  assert.match(await page.innerText(".replay"), /4 steps suffice/);
  const { one, other } = await state(page);
  assert.deepEqual([one, other], [11, 13]);
  const panel = await page.innerText(".panel");
  assert.match(panel, /e11 ∥ e13: concurrent/);
  assert.match(panel, /No chain of messages leads from e11 to e13, nor back/);
  assert.match(panel, /✗ before, by 584 ms · an order where there is none/);
  assert.match(panel, /✓ concurrent/);
  assert.match(await page.innerText(".drawn"), /all 27 events/);
  await done(seen);
});

inBrowser("pointing shows the cone, a click pins, a second click relates, a third compares anew", async () => {
  const seen = await open(browser, `${address}#e=`);
  const { page } = seen;
  assert.equal((await state(page)).one, null);
  const first = await placeOf(page, 4);
  await page.mouse.move(first.x + 2, first.y + 1);
  await settled(page);
  assert.equal((await state(page)).hover, 4);
  assert.deepEqual(await page.evaluate(() => window.constellation.cone(4).past), [0, 0, 2, 0, 0]);
  await page.mouse.click(first.x, first.y);
  await settled(page);
  assert.equal((await state(page)).one, 4);
  assert.match(await page.innerText(".panel"), /sends m0 to pacific, arrives e6/);
  const second = await placeOf(page, 14);
  await page.mouse.click(second.x, second.y);
  await settled(page);
  assert.deepEqual([(await state(page)).one, (await state(page)).other], [4, 14]);
  assert.match(await page.innerText(".panel"), /e4 happened before e14, in one process:/);
  const third = await placeOf(page, 17);
  await page.mouse.click(third.x, third.y);
  await settled(page);
  assert.match(await page.innerText(".panel"), /e4 happened before e17, by a chain of [12] messages?:/);
  await page.evaluate(() => window.constellation.select(8, 10));
  await settled(page);
  assert.match(await page.innerText(".panel"), /e8 happened before e10, over the disk of its node:/);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await settled(page);
  assert.equal((await state(page)).one, null);
  await done(seen);
});

inBrowser("of what was done twice the two doings are pinned", async () => {
  const labels: [number, string][] = [[0, "orders"], [1, "fires once"], [0, "asks again"], [1, "fires again"]];
  const events = labels.map(([process, label], at) => ({ process, kind: 0, at, label }));
  const run = { nodes: ["crew", "thruster"], processes: [{ node: 0, life: 0 }, { node: 1, life: 0 }], events, fates: [], operations: [], names: [] };
  for (const [evidence, pinned] of [[[0, 1, 2, 3], [1, 3]], [[0, 1, 2], [0, 1]], [[2], [2, null]]]) {
    const judgement = { promise: "it fires once", word: "violated", glyph: "✗", found: "it fires twice", events: evidence };
    const seen = await open(browser, write({ ...plainFacts(run), judgements: [judgement] }, packed(run)));
    const { one, other } = await state(seen.page);
    assert.deepEqual([one, other], pinned);
    await done(seen);
  }
});

inBrowser("relations come with their chain", async () => {
  const seen = await open(browser, address);
  const told = await seen.page.evaluate(() => window.constellation.relation(11, 15));
  assert.deepEqual(told, { relation: "before", chain: [[11, null], [15, 3]] });
  const back = await seen.page.evaluate(() => window.constellation.relation(15, 11));
  assert.deepEqual(back, { relation: "after", chain: [[11, null], [15, 3]] });
  const over = await seen.page.evaluate(() => window.constellation.relation(8, 10));
  assert.deepEqual(over, { relation: "before", chain: [[8, null], [10, null]] });
  await done(seen);
});

inBrowser("the whole tour goes by keyboard", async () => {
  const seen = await open(browser, `${address}#e=`);
  const { page } = seen;
  const press = async (...keys: string[]): Promise<StateSeen> => {
    for (const key of keys) await page.keyboard.press(key);
    await settled(page);
    return state(page);
  };
  assert.equal((await press("ArrowRight")).one, 0);
  assert.equal((await press("ArrowRight")).one, 6);
  assert.equal((await press("[")).one, 4);
  assert.equal((await press("]")).one, 6);
  assert.equal((await press("ArrowDown")).one, 5);
  assert.equal((await press("n")).one, 11);
  assert.equal((await press("n")).one, 13);
  assert.equal((await press("N")).one, 11);
  const compared = await press("Enter", "ArrowRight");
  assert.deepEqual([compared.one, compared.other], [11, 18]);
  const zoomed = await press("w", "w");
  assert.ok(zoomed.last - zoomed.first < 19);
  const moved = await press("a");
  assert.ok(moved.first <= zoomed.first);
  assert.equal((await press("0")).first, 0);
  assert.equal((await press("e"))["explain"], 1);
  assert.equal((await press("Escape"))["explain"], null);
  assert.equal((await press("c"))["cone"], "past");
  assert.equal((await press("x"))["axis"], "time");
  assert.equal((await press("t"))["theme"], "light");
  await press("?");
  assert.equal(await page.locator("dialog[open]").count(), 1);
  await press("Escape");
  assert.equal(await page.locator("dialog[open]").count(), 0);
  await press("/");
  await page.keyboard.type("kind=lost");
  await press("Enter");
  assert.equal((await state(page)).other, null);
  assert.equal((await state(page)).one, 12);
  await press("Escape");
  await page.locator("#tab-promises").focus();
  assert.equal((await press("ArrowRight"))["tab"], "events");
  await done(seen);
});

inBrowser("searches find what they name", async () => {
  const seen = await open(browser, address);
  const query = (text: string): Promise<number[]> => seen.page.evaluate((text) => window.constellation.query(text), text);
  assert.deepEqual(await query("submit"), [4, 11, 13]);
  assert.deepEqual(await query("submit && yaw"), [11, 13]);
  assert.deepEqual(await query("submit yaw"), [11, 13]);
  assert.deepEqual(await query('"yaw +2.0"'), [11]);
  assert.deepEqual(await query("event=/yaw -\\d/ kind=write"), [13]);
  assert.deepEqual(await query("(crash || restart) ^ kind=restart"), [9]);
  assert.deepEqual(await query("kind=lost"), [12]);
  assert.deepEqual(await query("kind=duplicated"), [13]);
  assert.deepEqual(await query("node=antarctic kind!=receive lamport=1"), [3, 10]);
  assert.deepEqual(await query("before:e6 "), [0, 2, 4]);
  assert.deepEqual(await query("concurrent:e11 kind=write"), [13]);
  assert.deepEqual(await query("m3"), [11, 15]);
  assert.deepEqual(await query("motif:split-brain"), [11, 13]);
  assert.deepEqual(await query("motif:broadcast"), [4, 5, 6, 7, 11, 13, 14, 15, 17, 18, 20, 21]);
  assert.deepEqual(await query("nosuch=1"), []);
  assert.match(String((await state(seen.page))["misread"]), /there is no field `nosuch`/);
  assert.deepEqual(await query("(a"), []);
  assert.match(await seen.page.innerText(".result"), /parenthesis at letter 1 is not closed/);
  await done(seen);
});

inBrowser("a view is a link", async () => {
  const seen = await open(browser, address);
  const { page } = seen;
  await page.evaluate(() => window.constellation.query("submit"));
  await page.evaluate(() => window.constellation.select(4, 15));
  await page.keyboard.press("x");
  await page.keyboard.press("w");
  await page.waitForFunction(() => window.location.hash.includes("a=time"));
  const before = await state(page);
  const link = await page.evaluate(() => window.location.href);
  const again = await open(browser, link);
  const after = await state(again.page);
  for (const key of ["one", "other", "axis", "query"]) assert.deepEqual(after[key], before[key], key);
  assert.ok(Math.abs(after.first - before.first) < 1 && Math.abs(after.last - before.last) < 1);
  await done(again);
  for (const odd of ["#e=99999,-1&z=NaN,1&a=node:77&x=44&h=0,1,2,3,4&l=9&t=none&c=__proto__&q=((", "#%E0%A4%A", "#constructor"]) {
    const strange = await open(browser, address + odd);
    assert.equal((await state(strange.page))["axis"], "steps");
    await done(strange);
  }
  await done(seen);
});

inBrowser("tabs show promises, events, world, source and environment", async () => {
  const seen = await open(browser, address);
  const { page } = seen;
  assert.match(await page.innerText("#body-promises"), /✗ violated no update is lost/);
  await page.click("#tab-events");
  await settled(page);
  assert.match(await page.innerText("table.events"), /e11\s+3\.828000 s\s+pacific\s+submit/);
  await page.click("table.events >> text=e16");
  await settled(page);
  assert.equal((await state(page)).one, 16);
  await page.click("#tab-world");
  assert.match(await page.innerText("#body-world"), /partition pacific, indian_ocean, atlantic \| antarctic until 5\.000000 s/);
  const bullets = await page.evaluate(() => parseFloat(getComputedStyle(document.querySelector("#body-world ul")!).paddingLeft));
  assert.ok(bullets >= 15, "the bullets of remarks stand within the page");
  await page.click("#tab-source");
  assert.match(await page.innerText("#body-source"), /two updates within 80 ms/);
  await page.click("#tab-environment");
  assert.match(await page.innerText("#body-environment"), /sha256:37ce/);
  await done(seen);
});

inBrowser("lanes can be hidden and moved, and the page says that some are", async () => {
  const seen = await open(browser, address);
  const { page } = seen;
  await page.click("summary:has-text('Lanes')");
  await page.click("text=Only those of the evidence");
  await settled(page);
  assert.match(await page.innerText(".drawn"), /2 of 4 lanes hidden/);
  await page.click("[title='Move indian_ocean up']");
  await settled(page);
  assert.deepEqual(await page.locator(".lane-name").allInnerTexts(), ["indian_ocean", "pacific"]);
  await page.evaluate(() => window.constellation.select(7));
  assert.match(await page.innerText(".gutter"), /antarctic/);
  await done(seen);
});

inBrowser("thirty lanes are filtered, moved and hidden by keyboard alone", async () => {
  const run = drawn({ seed: 3, nodes: 30, events: 3_000, labels: "none", crashes: "none" });
  const seen = await open(browser, write(plainFacts(run), packed(run)));
  const { page } = seen;
  const names = (): Promise<string[]> => page.locator(".lane-name").allInnerTexts();
  assert.equal((await names()).length, 30);
  await page.focus(".menu summary");
  await page.keyboard.press("Enter");
  for (let count = 0; count < 3; count++) await page.keyboard.press("Tab");
  await page.keyboard.type("node-2");
  await settled(page);
  assert.deepEqual(await names(), ["node-2", ...Array.from({ length: 10 }, (_, nth) => `node-2${nth}`)]);
  assert.match(await page.innerText(".drawn"), /19 of 30 lanes hidden/);
  await page.focus("[title='Move node-20 up']");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("title")), "Move node-20 up");
  await page.focus("#lane-21");
  await page.keyboard.press("Space");
  await settled(page);
  assert.ok(!(await names()).includes("node-21"));
  assert.equal((await state(page))["hidden"] instanceof Array, true);
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Lanes");
  assert.deepEqual(((await state(page))["lanes"] as number[]).indexOf(20), 18);
  await done(seen);
});

inBrowser("three levels of detail, and each says what it leaves out", async () => {
  const run = drawn({ seed: 3, nodes: 5, events: 60_000, labels: "none", crashes: "none" });
  const seen = await open(browser, write(plainFacts(run), packed(run)));
  const { page } = seen;
  assert.equal((await state(page)).drawn.level, "density");
  assert.match(await page.innerText(".drawn"), /drawn as density/);
  for (let count = 0; count < 6; count++) await page.keyboard.press("w");
  await settled(page);
  const sampled = (await state(page)).drawn;
  assert.equal(sampled.level, "sample");
  assert.match(await page.innerText(".drawn"), new RegExp(`1 of ${sampled.every} messages drawn`));
  for (let count = 0; count < 8; count++) await page.keyboard.press("w");
  await settled(page);
  assert.equal((await state(page)).drawn.level, "all");
  await done(seen);
});

/** Has the checker look at a page after each of these was pressed. */
async function checkWithAxe(address: string, options: BrowserContextOptions, presses: string[]): Promise<void> {
  // The policy of the page admits no other script, so the checker alone is let past it.
  const seen = await open(browser, address, { ...options, bypassCSP: true });
  const { page } = seen;
  const require = createRequire(import.meta.url);
  await page.addScriptTag({ content: readFileSync(require.resolve("axe-core"), "utf8") });
  for (const press of presses) {
    if (press !== "") await page.click(press);
    await settled(page);
    const found = await page.evaluate(async () => {
      const { axe } = window as unknown as { axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } };
      return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    });
    assert.deepEqual(found, [], press);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= options.viewport!.width, `${wide} px of content`);
  await done(seen);
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
    inBrowser(`axe finds nothing wrong, ${colorScheme}, ${viewport.width} px wide`, async () => {
      await checkWithAxe(address, { colorScheme, viewport }, ["", "#tab-events", "#tab-world", "#tab-source", "#tab-environment", "[title^='Keys']"]);
      const [traced, other] = [spans(), mended()];
      await checkWithAxe(write(traced.facts, packed(traced.made)), { colorScheme, viewport }, ["", "summary:has-text('Lanes')"]);
      await checkWithAxe(write(facts, packed(made), { facts: other.facts, columns: packed(other.made) }), { colorScheme, viewport }, [""]);
    });
  }
}

inBrowser("hostile texts are texts", async () => {
  const odd = ["</script><script>window.hit=1</script>", "\u202egnirts\u0000", "__proto__", "<img src=x onerror=window.hit=1>", "n".repeat(65_536)];
  const run = {
    nodes: odd, processes: odd.map((name, node) => ({ node, life: 0, name })), names: odd, operations: [],
    edges: odd.slice(1).map((why, nth) => ({ from: nth, to: nth + 1, why })),
    events: odd.map((label, node) => ({
      process: node, kind: 5, at: node * 1000, label, lamport: 2 ** 53 * 4, vector: odd.map((_, name) => [name, 1] as [number, number]),
      targets: [(node + 1) % odd.length],
    })),
    fates: odd.map((why, message) => ({ message, code: 1, at: 10, why })),
  };
  const said = Object.fromEntries(["title", "sentence", "replay", "digest", "source", "version"].map((name) => [name, odd[0]]));
  const hostile = {
    ...plainFacts(run), ...said, verdict: { word: "violated", glyph: "✗" },
    judgements: [{ promise: odd[3], word: "violated", glyph: "✗", scope: odd[1], expected: odd[4], found: odd[0], proof: odd, events: [0, 1, 999, -1],
      chain: [[0, null], [77, 9]], messages: [0, 400], steps: odd, notes: odd, replay: odd[0] }],
    world: odd.map((text, nth) => ({ at_ns: String(nth), until_ns: nth % 2 ? "99999" : null, kind: odd[nth], nodes: [0, 88], groups: [[0, 99]], text })),
    remarks: odd, unknown: odd, environment: odd.map((text) => [text, text]),
  };
  const seen = await open(browser, write(hostile, packed(run)));
  const { page } = seen;
  for (const tab of ["events", "world", "source", "environment"]) await page.click(`#tab-${tab}`);
  for (const query of [...odd.slice(0, 4), "node=__proto__", "constructor=1", "event=/(a+)+$/"]) await page.evaluate((text) => window.constellation.query(text), query);
  await page.evaluate(() => window.constellation.select(3, 2));
  assert.equal(await page.evaluate(() => (window as unknown as { hit?: number }).hit), undefined);
  assert.equal(await page.locator("main script, main img").count(), 0);
  assert.deepEqual(await page.evaluate(() => window.constellation.query("node=__proto__")), [2]);
  assert.match(await page.innerText(".panel"), /e3 ← e2: after/);
  await done(seen);
});

inBrowser("a payload that does not decode is said to be none, and the facts stay", async () => {
  const good = packed(made);
  for (const [columns, why] of [
    ["!!!", /not base64/], ["AAAA", /not gzip/], [good.slice(0, 400), /do not unpack|not base64/], ["", /not gzip/],
  ] as const) {
    const { page, requests } = await open(browser, write(facts, columns));
    assert.match(await page.innerText("[role=alert]"), why);
    assert.match(await page.innerText("main"), /✗ violated/);
    assert.match(await page.innerText("main"), /pacific:1 was lost/);
    assert.deepEqual(requests, []);
    await page.context().close();
  }
  const { page } = await open(browser, write({ schema: "other/1" }, good));
  assert.match(await page.innerText("[role=alert]"), /not constellation\/page\/1/);
  await page.context().close();
});

inBrowser("two runs are compared, event by event, and move together", async () => {
  const other = mended();
  const seen = await open(browser, write(facts, packed(made), { facts: other.facts, columns: packed(other.made) }));
  const { page } = seen;
  const told = await state(page);
  assert.deepEqual(told["parting"], { mine: 16, theirs: 16 });
  assert.equal(told["alike"], 25);
  const text = await page.innerText(".beside");
  assert.match(text, /Compared to ✓ holds mss-17 · siblings/);
  assert.match(text, /25 events are alike\. Then they part: above e16 indian_ocean: reconcile.*DISCARDED.*; below e16 indian_ocean: reconcile.*CONCURRENT/);
  await page.click("text=Where they part");
  await settled(page);
  assert.ok((await state(page)).last - (await state(page)).first < 26);
  await page.keyboard.press("0");
  await settled(page);
  const whole = (await state(page))["beside"];
  await page.keyboard.press("w");
  await settled(page);
  const { first, last, beside } = await state(page);
  assert.notDeepEqual(beside, whole);
  assert.deepEqual(beside, [first, last], "what moves one moves the other");
  await page.uncheck("#together");
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.keyboard.press("d");
  await settled(page);
  assert.deepEqual((await state(page))["beside"], beside, "unless told otherwise");
  assert.notEqual((await state(page)).first, first);
  await done(seen);
  const same = await open(browser, write(facts, packed(made), { facts, columns: packed(made) }));
  assert.match(await same.page.innerText(".beside"), /Both runs are the same, event by event: 27 events/);
  await done(same);
});

inBrowser("a run in which nothing happened is a page too", async () => {
  for (const nodes of [[], ["alone"]]) {
    const run = { nodes, processes: nodes.map((_, node) => ({ node, life: 0 })), events: [], fates: [], operations: [], names: nodes };
    const seen = await open(browser, write(plainFacts(run), packed(run)));
    for (const key of ["ArrowRight", "]", "Enter", "w", "f", "n", "e", "x", "0"]) await seen.page.keyboard.press(key);
    for (const tab of ["events", "world", "environment"]) await seen.page.click(`#tab-${tab}`);
    assert.deepEqual(await seen.page.evaluate(() => window.constellation.query("a || before:e0")), []);
    assert.match(await seen.page.innerText(".drawn"), /all 0 events/);
    await done(seen);
  }
});

inBrowser("of a log whose times are places the places are told", async () => {
  const events = [1, 2, 3].map((at) => ({ process: 0, kind: 0, at, label: `line ${at}` }));
  const run = { nodes: ["host"], processes: [{ node: 0, life: 0 }], events, fates: [], operations: [], names: ["host"] };
  const seen = await open(browser, write(plainFacts(run), packed(run)));
  const { page } = seen;
  await page.evaluate(() => window.constellation.select(1));
  assert.match(await page.innerText(".panel"), /place\s+at 2/);
  await page.click("#tab-events");
  await settled(page);
  assert.match(await page.innerText("table.events tbody"), /e2\s+at 3/);
  assert.doesNotMatch(await page.innerText("main"), /0\.000|\bns\b/);
  await done(seen);
});

inBrowser("what kind of time there is is said wherever a time is", async () => {
  const { made, facts } = spans();
  for (const [times, name, other] of [["simulated", "true time", "estimated"], ["estimated", "estimated time", "true time"],
    ["heard", "time of the hub", "true time"], ["of a later version", "recorded time", "true time"], ["untimed", "place", "true time"]]) {
    const seen = await open(browser, write({ ...facts, times }, packed(made)));
    const { page } = seen;
    await page.evaluate(() => window.constellation.select(2, 3));
    await page.click("#tab-events");
    await settled(page);
    for (const where of [".panel", "table.events thead", "#axis"]) {
      const text = (await page.textContent(where))!;
      assert.ok(text.includes(name!) && !text.includes(other!), `${times}: ${where}: ${text}`);
    }
    assert.equal(/at 8/.test(await page.innerText("table.events tbody")), times === "untimed");
    await done(seen);
  }
});

inBrowser("the longest sentence takes two lines of a wide page", async () => {
  const run = { nodes: ["alone"], processes: [], events: [], fates: [], operations: [], names: ["alone"] };
  const sentence = "what was acknowledged is lost; ".repeat(9).slice(0, 270);
  const seen = await open(browser, write({ ...plainFacts(run), sentence }, packed(run)));
  const lines = await seen.page.evaluate(() => {
    const said = document.querySelector(".said")!;
    return said.getBoundingClientRect().height / parseFloat(getComputedStyle(said).lineHeight);
  });
  assert.ok(lines < 2.1, `${lines} lines`);
  await done(seen);
});

inBrowser("on a phone a label stands at the mark of its own event", async () => {
  const labels = ["is online", "first request arrives", "second request arrives; the receive forgets to tick", "answer", "end"];
  const events = labels.map((label, at) => ({ process: 0, kind: 0, at, label }));
  const run = { nodes: ["relay"], processes: [{ node: 0, life: 0 }], events, fates: [], operations: [], names: ["relay"] };
  const seen = await open(browser, write(plainFacts(run), packed(run)), { viewport: { width: 390, height: 844 } });
  const ends = await seen.page.evaluate(() => {
    const drawn: [string, number, number][] = [];
    const plain = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
      drawn.push([text, x, x + this.measureText(text).width]);
      plain.call(this, text, x, y);
    };
    window.constellation.select(1, 2);
    const mark = (window.constellation.state() as { at: (event: number) => [number, number] }).at;
    return drawn.filter(([text]) => text.startsWith("e2 ")).map(([, start, end]) => [start, end, mark(2)[0]]);
  });
  assert.ok(ends.length > 0 && ends.every(([start, end, mark]) => start! <= mark! + 9 && mark! - start! < 9 && end! > mark!), JSON.stringify(ends));
  await done(seen);
});

inBrowser("the table of very many events reaches the last one", async () => {
  const run = drawn({ seed: 2, nodes: 3, events: 300_000, labels: "none", crashes: "none" });
  const seen = await open(browser, write(plainFacts(run), packed(run)));
  const { page } = seen;
  await page.click("#tab-events");
  await settled(page);
  assert.match(await page.innerText("table.events tbody"), /^e0\b/);
  await page.evaluate(() => document.querySelector(".scroller")!.scrollTo(0, 1e9));
  await settled(page);
  assert.match(await page.innerText("table.events tbody"), /e299999\b/);
  await page.evaluate(() => window.constellation.select(123_456));
  await settled(page);
  assert.match(await page.innerText("table.events tr.chosen"), /^e123456\b/);
  await done(seen);
});

inBrowser("orders that no message made are followed and told, and chains that share a lane are not ordered by it", async () => {
  const told = spans();
  const seen = await open(browser, write(told.facts, packed(told.made)));
  const { page } = seen;
  assert.match(await page.innerText(".not-known"), /Not known:\s+of two spans of one service nothing is known unless/);
  const relate = (one: number, other: number) => page.evaluate(([one, other]) => {
    window.constellation.select(one!, other!);
    return window.constellation.relation(one!, other!);
  }, [one, other]);
  assert.deepEqual(await relate(0, 2), { relation: "before", chain: [[0, null], [2, null, 1]] });
  assert.match(await page.innerText(".panel"), /e0 happened before e2, by a chain of 1 order that no message made \(parent\):/);
  assert.match(await page.innerText(".panel ol.chain"), /parent ▸ e2/);
  assert.deepEqual((await relate(1, 4)).relation, "concurrent");
  assert.match(await page.innerText(".panel"), /Nothing that is known orders e1 and e4; one may still have led to the other/);
  assert.match(await page.innerText(".panel"), /e1 \? e4: no order known/);
  assert.match(await page.innerText(".panel table.clocks"), /oracle\s+no order known/);
  assert.match(await page.textContent("p.spoken[role=status]") ?? "", /e1 .* is in no known order with e4 /);
  await page.click("#tab-events");
  await settled(page);
  assert.match(await page.innerText("table.events tbody"), /\? no order known/);
  for (const where of [".panel", "table.events tbody", "p.spoken[role=status]", ".help > p"]) {
    assert.doesNotMatch((await page.locator(where).allTextContents()).join(" "), /concurrent/, where);
  }
  await page.evaluate(() => window.constellation.select());
  assert.match(await page.innerText(".panel"), /all else is in no order with it that is known/);
  // Of the chains on one lane each is pointed at by itself, though both last at this time.
  const [shoes, socks] = [await placeOf(page, 1), await placeOf(page, 2)];
  assert.ok(socks.y - shoes.y > 10);
  await page.mouse.move(socks.x, socks.y);
  await settled(page);
  assert.equal((await state(page)).hover, 2);
  assert.deepEqual(await page.evaluate(() => window.constellation.cone(2)), { past: [1, 0, 1, 0, 0], future: [4294967295, 4294967295, 1, 4294967295, 4294967295] });
  await page.evaluate(() => window.constellation.select(2));
  await page.keyboard.press("[");
  await settled(page);
  assert.equal((await state(page)).one, 0);
  await page.keyboard.press("]");
  await settled(page);
  assert.equal((await state(page)).one, 1);
  await page.evaluate(() => window.constellation.select(0));
  assert.match(await page.innerText(".panel .messages"), /before e1, by no message: parent/);
  await done(seen);
});

inBrowser("another run that does not decode costs only the comparison", async () => {
  const seen = await open(browser, write(facts, packed(made), { facts, columns: "AAAA" }));
  assert.match(await seen.page.innerText("[role=alert]"), /The run to compare with cannot be drawn: the events are not gzip/);
  assert.equal((await state(seen.page)).one, 11);
  await done(seen);
});

inBrowser("the pointer zooms, drags and saves a picture", async () => {
  const seen = await open(browser, address);
  const { page } = seen;
  const { x, y } = await placeOf(page, 11);
  await page.mouse.move(x, y);
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -300);
  await page.keyboard.up("Control");
  await settled(page);
  const zoomed = await state(page);
  assert.ok(zoomed.last - zoomed.first < 14, `${zoomed.last - zoomed.first}`);
  assert.ok(Math.abs((await placeOf(page, 11)).x - x) < 3);
  await page.mouse.move(x, y + 40);
  await page.mouse.down();
  await page.mouse.move(x - 120, y + 40, { steps: 4 });
  await page.mouse.up();
  await settled(page);
  const dragged = await state(page);
  assert.ok(dragged.first > zoomed.first);
  assert.deepEqual([dragged.one, dragged.other], [11, 13]);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=PNG")]);
  assert.equal(download.suggestedFilename(), "run.png");
  await done(seen);
});
