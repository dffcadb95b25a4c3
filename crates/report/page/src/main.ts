//! The page: reads what it carries, draws it, and keeps every part in step with what the reader chose.

import { App } from "./app";
import { bar, sentence, unknown } from "./bar";
import { Corrupt, fromBase64, gunzip } from "./bytes";
import { decode } from "./columns";
import { Beside, SHARE } from "./beside";
import { Diagram } from "./diagram";
import { fill, h } from "./dom";
import { readFacts, type Facts } from "./facts";
import * as hash from "./hash";
import { help } from "./help";
import { listenKeys } from "./keys";
import { Order, type Step } from "./order";
import { Overview } from "./overview";
import { Panel } from "./panel";
import { promises, Tabs } from "./tabs";
import type { State, Theme } from "./state";
import { Tools } from "./tools";
import { Trace } from "./trace";

/** What scripts and tests may ask of the page. */
interface Constellation {
  ready: Promise<void>;
  select: (...events: number[]) => void;
  query: (text: string) => number[];
  cone: (event: number) => { past: number[]; future: number[] };
  relation: (one: number, other: number) => { relation: string; chain: Step[] };
  state: () => unknown;
}

declare global {
  interface Window {
    constellation: Constellation;
  }
}

const NOT_READY = (): never => {
  throw new Error("the page is not ready: await constellation.ready");
};

window.constellation = {
  ready: start(), select: NOT_READY, query: NOT_READY, cone: NOT_READY, relation: NOT_READY, state: NOT_READY,
};
// Whoever awaits `ready` still learns of it; the page itself has said why.
window.constellation.ready.catch(() => {});

async function start(): Promise<void> {
  const root = document.getElementById("app")!;
  let facts: Facts | null = null;
  try {
    facts = readFacts(textOf("facts"));
    const bytes = await gunzip(fromBase64(textOf("columns").trim()));
    mark("unpacked");
    const trace = new Trace(decode(bytes), facts.times);
    mark("decoded");
    keepWithin(facts, trace);
    const order = new Order(trace);
    mark("ordered");
    const other = await otherRun().catch((error: unknown) => reasonOf(error));
    build(root, new App(facts, trace, order), typeof other === "string" ? null : other);
    if (typeof other === "string") root.prepend(alert(`The run to compare with cannot be drawn: ${other}.`));
  } catch (error) {
    complain(root, facts, reasonOf(error));
    throw error;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Corrupt ? error.message : "this page met an error of its own";
}

function alert(text: string): HTMLElement {
  return h("p", { role: "alert", class: "alert" }, text);
}

/** The run to which this one is compared, if the page carries one. */
async function otherRun(): Promise<App | null> {
  const columns = textOf("columns-other").trim();
  if (columns === "") return null;
  const facts = readFacts(textOf("facts-other"));
  const trace = new Trace(decode(await gunzip(fromBase64(columns))), facts.times);
  keepWithin(facts, trace);
  return new App(facts, trace, new Order(trace));
}

/** Notes when a part was done, for whoever measures. */
function mark(what: string): void {
  performance.mark(`constellation-${what}`);
}

function textOf(id: string): string {
  return document.getElementById(id)?.textContent ?? "";
}

/** Drops what the facts say of events that the trace does not have. */
function keepWithin(facts: Facts, trace: Trace): void {
  const is = (bound: number) => (value: number): boolean => Number.isInteger(value) && value >= 0 && value < bound;
  for (const judgement of facts.judgements) {
    judgement.events = judgement.events.filter(is(trace.events));
    judgement.messages = judgement.messages.filter(is(trace.messages));
    judgement.chain = judgement.chain.filter(([event, message]) =>
      is(trace.events)(event) && (message === null || is(trace.messages)(message)));
  }
  for (const happening of facts.world) {
    happening.nodes = happening.nodes.filter(is(trace.nodes));
    happening.groups = happening.groups.map((group) => group.filter(is(trace.nodes)));
  }
}

/** Says what is wrong with the page, and shows the facts all the same. */
function complain(root: HTMLElement, facts: Facts | null, why: string): void {
  const told = alert(`The events of this run cannot be drawn: ${why}. Write the page again with \`constellation report\`.`);
  if (facts === null) fill(root, told, ...Array.from(root.childNodes));
  else fill(root, bar(facts, null), sentence(facts), told, promises(facts, null));
}

function build(root: HTMLElement, app: App, other: App | null): void {
  const { facts, trace, store } = app;
  const diagram = new Diagram(app, other === null ? 1 : SHARE);
  const overview = new Overview(app);
  const panel = new Panel(app);
  const tabs = new Tabs(app);
  const beside = other === null ? null : new Beside(app, other);
  const dialog = help(facts);
  const theme = (): void => store.set({ theme: ({ auto: "light", light: "dark", dark: "auto" } as const)[app.state.theme] });
  const actions = { help: () => dialog.showModal(), save: () => diagram.save(), theme };
  const tools = new Tools(app, actions);
  fill(root, bar(facts, trace.isLog ? null : trace.end), sentence(facts), ...unknown(facts), tools.element, overview.element,
    h("div", { class: "split" }, diagram.element, panel.element), ...(beside === null ? [] : [beside.element]), tabs.element, dialog, panel.spoken);
  listenKeys(app, { ...actions, explain: () => tools.toggleExplain(), search: () => tools.search.focus() });

  hash.restore(window.location.hash, app);
  let own = window.location.hash;
  let waiting = 0;
  const keep = (): void => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => {
      own = hash.written(app.state, app);
      if (own !== window.location.hash) history.replaceState(null, "", own);
    }, 250);
  };
  const render = (state: State, changed: Set<keyof State>): void => {
    const is = (...keys: (keyof State)[]): boolean => changed.size === 0 || keys.some((key) => changed.has(key));
    if (is("theme")) {
      paint(state.theme, diagram);
      beside?.diagram.recolour();
    }
    if (changed.size === 0 || changed.has("theme")) beside?.diagram.render();
    if (is("hidden", "lanes")) diagram.render(), diagram.placeNames();
    else diagram.render();
    if (is("first", "last", "axis", "theme")) overview.render(diagram.colours());
    if (is("one", "other")) panel.render();
    if (is("tab", "query", "one", "other")) tabs.render();
    if (changed.has("one") || changed.has("other")) tabs.table.reveal();
    if (is("query", "match", "axis", "cone", "explain")) tools.render();
    if (!(changed.size === 1 && changed.has("hover"))) keep();
  };
  store.listen(render);
  window.constellation = { ...window.constellation, ...interfaceOf(app, diagram, beside) };
  const measure = (): boolean => {
    overview.measure();
    beside?.diagram.measure();
    return diagram.measure();
  };
  measure();
  store.settle();
  render(app.state, new Set());
  beside?.start();
  mark("drawn");
  listenPage(app, diagram, measure, () => render(app.state, new Set()), (now) => now !== own);
}

/** Sizes, schemes, printing and the address change from outside. */
function listenPage(app: App, diagram: Diagram, measure: () => boolean, again: () => void, isForeign: (hash: string) => boolean): void {
  new ResizeObserver(() => measure() && again()).observe(diagram.element);
  const recolour = (): void => {
    diagram.recolour();
    again();
  };
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
  window.addEventListener("beforeprint", () => {
    paint("light", diagram);
    measure();
    again();
  });
  window.addEventListener("afterprint", () => {
    paint(app.state.theme, diagram);
    again();
  });
  window.addEventListener("hashchange", () => {
    if (isForeign(window.location.hash)) hash.restore(window.location.hash, app);
  });
}

function paint(theme: Theme, diagram: Diagram): void {
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  diagram.recolour();
}

function interfaceOf(app: App, diagram: Diagram, beside: Beside | null): Omit<Constellation, "ready"> {
  return {
    select: (...events) => {
      app.select(...events);
      app.store.flush();
    },
    query: (text) => Array.from(app.search(text)),
    cone: (event) => {
      const { past, future } = app.cone(event);
      return { past: Array.from(past), future: Array.from(future) };
    },
    relation: (one, other) => app.relation(one, other),
    state: () => ({
      ...app.state, hidden: [...app.state.hidden], events: app.trace.events, messages: app.trace.messages,
      drawn: diagram.drawn, parting: beside?.comparison.parting ?? null, alike: beside?.comparison.alike ?? null,
      beside: beside === null ? null : [beside.other.state.first, beside.other.state.last], misread: app.misread, found: app.found?.events.length ?? null,
      at: (event: number) => [diagram.layout.px(app.axis.x[event]!), diagram.layout.ofEvent(event)],
    }),
  };
}
