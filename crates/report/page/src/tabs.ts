//! What stands below the diagram: promises with their evidence, events, world, scenario, environment.

import type { App } from "./app";
import { button, fill, h } from "./dom";
import type { Facts, Judgement } from "./facts";
import { clipped, things } from "./format";
import type { TabName } from "./state";
import { EventTable } from "./table";
import type { Trace } from "./trace";

export class Tabs {
  readonly element: HTMLElement;
  readonly table: EventTable;
  private readonly heads = new Map<TabName, HTMLButtonElement>();
  private readonly bodies = new Map<TabName, HTMLElement>();

  constructor(private readonly app: App) {
    const { facts, trace } = app;
    this.table = new EventTable(app);
    this.add("promises", `Promises (${facts.judgements.length})`, promises(facts, app));
    this.add("events", `Events (${trace.events})`, this.table.element);
    this.add("world", `World (${facts.world.length + facts.remarks.length})`, world(facts, app.trace));
    if (facts.source !== "") this.add("source", "Scenario", h("pre", { class: "source", tabindex: 0 }, facts.source));
    this.add("environment", "Environment", environment(facts));
    const list = h("div", { class: "tabs", role: "tablist", "aria-label": "More of the run" }, ...this.heads.values());
    list.addEventListener("keydown", (event) => this.walk(event));
    this.element = h("section", { class: "below", "aria-label": "Details" }, list, ...this.bodies.values());
  }

  private add(name: TabName, title: string, body: HTMLElement): void {
    this.heads.set(name, h("button", {
      type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `body-${name}`, onclick: () => this.app.store.set({ tab: name }),
    }, title));
    this.bodies.set(name, h("div", { role: "tabpanel", id: `body-${name}`, "aria-labelledby": `tab-${name}` }, body));
  }

  private walk(event: KeyboardEvent): void {
    const names = [...this.heads.keys()];
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = names[(names.indexOf(this.app.state.tab) + by + names.length) % names.length]!;
    this.app.store.set({ tab: next });
    this.heads.get(next)!.focus();
  }

  render(): void {
    const chosen = this.heads.has(this.app.state.tab) ? this.app.state.tab : "promises";
    for (const [name, head] of this.heads) {
      head.setAttribute("aria-selected", String(name === chosen));
      head.tabIndex = name === chosen ? 0 : -1;
      this.bodies.get(name)!.hidden = name !== chosen;
    }
    if (chosen === "events") this.table.render();
  }
}

/** Every judgement, what is wrong first; without a run to point at when `app` is null. */
export function promises(facts: Facts, app: App | null): HTMLElement {
  const rank = (one: Judgement): number => ["violated", "unknown", "holds"].indexOf(one.word);
  const ranked = facts.judgements.map((judgement, index) => ({ judgement, index }))
    .sort((one, other) => rank(one.judgement) - rank(other.judgement) || one.index - other.index);
  return h("div", { class: "promises" }, ...ranked.map(({ judgement, index }) => promise(judgement, index, app)));
}

function promise(judgement: Judgement, index: number, app: App | null): HTMLElement {
  const { word, glyph, scope } = judgement;
  const head: (Node | string | false)[] = [
    h("b", { class: word === "holds" ? "good" : word === "violated" ? "bad" : "soft" }, `${glyph} ${word}`), " ",
    judgement.promise, scope !== "" && h("span", { class: "soft" }, ` (${scope})`),
  ];
  const rows: [string, (Node | string)[]][] = [];
  const add = (name: string, texts: string[]): void => {
    if (texts.some((text) => text !== "")) rows.push([name, texts.map((text) => h("p", {}, text))]);
  };
  add("expected", [judgement.expected]);
  add("found", [judgement.found]);
  if (judgement.events.length > 0) {
    rows.push(["events", judgement.events.map((event) => (app === null ? `e${event} `
      : h("p", {}, button(`e${event}`, `Select e${event}`, () => app.select(event), { class: "link" }), " ",
        h("bdi", {}, clipped(`${app.trace.processName(app.trace.columns.process[event]!)} · ${app.trace.what(event)}`, 300)))))]);
  }
  add("proof", judgement.proof);
  if (judgement.steps.length > 0) rows.push(["steps", [h("ol", {}, ...judgement.steps.map((step) => h("li", {}, step)))]]);
  add("notes", judgement.notes);
  if (judgement.replay !== "") rows.push(["replay", [h("code", {}, judgement.replay)]]);
  if (rows.length === 0) return h("p", { class: "promise" }, ...head);
  return h("details", { class: "promise", open: word === "violated" }, h("summary", {}, ...head),
    app !== null && judgement.events.length > 0
      && button("Explain", "Dim all but this evidence", () => app.explain(index), { class: "explain" }),
    h("dl", { class: "evidence" }, ...rows.flatMap(([name, body]) => [h("dt", {}, name), h("dd", {}, ...body)])));
}

function world(facts: Facts, trace: Trace): HTMLElement {
  const body = h("div", {});
  fill(body,
    facts.world.length === 0 && facts.remarks.length === 0 && h("p", { class: "soft" }, "Nothing is told of the world of this run."),
    facts.world.length > 0 && h("ol", { class: "world" }, ...facts.world.map((happening) => h("li", {},
      h("span", { class: "number" }, trace.moment(happening.at)), " ", happening.text,
      happening.until !== null && h("span", { class: "soft" }, ` until ${trace.moment(happening.until)}`)))),
    facts.remarks.length > 0 && h("ul", {}, ...facts.remarks.map((remark) => h("li", {}, remark))));
  return body;
}

function environment(facts: Facts): HTMLElement {
  const rows: [string, string][] = [
    ...(facts.seed === null ? [] : [["seed", facts.seed] as [string, string]]),
    ...facts.environment,
    ...(facts.digest === "" ? [] : [["digest of the trace", facts.digest] as [string, string]]),
    ["size", [things(facts.counts["events"] ?? 0, "event"), things(facts.counts["messages"] ?? 0, "message")].join(", ")],
  ];
  return h("dl", { class: "evidence" }, ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, h("code", {}, value))]));
}
