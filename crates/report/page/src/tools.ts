//! The row of tools above the diagram: search, patterns, axis, cone, explanation, zoom, picture, scheme, help.

import type { App } from "./app";
import type { AxisName } from "./axis";
import { button, fill, h } from "./dom";
import { clipped, count } from "./format";
import { MOTIFS } from "./motifs";
import type { ConeMode } from "./state";

/** Names of nodes that the choice of an axis lists. */
const NODES_LISTED = 60;

export class Tools {
  readonly element: HTMLElement;
  readonly search: HTMLInputElement;
  private readonly result = h("span", { class: "result", role: "status" });
  private readonly axis: HTMLSelectElement;
  private readonly cone: HTMLSelectElement;
  private readonly explain: HTMLButtonElement;
  private readonly motif: HTMLSelectElement;
  private readonly lanes: HTMLElement;
  private waiting = 0;

  constructor(private readonly app: App, actions: { help: () => void; save: () => void; theme: () => void }) {
    this.search = h("input", {
      type: "search", id: "search", placeholder: "word  node=…  kind=lost  before:e12", autocomplete: "off", spellcheck: "false",
      oninput: () => this.later(), onkeydown: (event: KeyboardEvent) => this.typed(event),
    });
    this.motif = select("pattern", "Pattern", [["", "pattern…"], ...MOTIFS.map(({ name, finds }): [string, string] => [name, `${name}: ${finds}`])],
      (name) => name !== "" && this.find(`motif:${name}`));
    this.axis = select("axis", "Axis", axes(app), (name) => app.setAxis(name as AxisName));
    this.cone = select("cone", "Cone", [["both", "past and future"], ["past", "past"], ["future", "future"], ["off", "off"]],
      (mode) => app.store.set({ cone: mode as ConeMode }));
    this.explain = button("Explain", "Dim all but the evidence (E)", () => this.toggleExplain(), { "aria-pressed": "false" });
    this.lanes = lanes(app);
    this.element = h("div", { class: "tools", role: "toolbar", "aria-label": "Tools" },
      h("span", { class: "group search" }, h("label", { for: "search" }, "Search"), this.search,
        button("◀", "Match before", () => app.step(-1)), this.result, button("▶", "Next match", () => app.step(1)), this.motif),
      h("span", { class: "group" }, h("label", { for: "axis" }, "Axis"), this.axis),
      h("span", { class: "group" }, h("label", { for: "cone" }, "Cone"), this.cone),
      h("span", { class: "group" }, app.worst() !== null && this.explain, app.trace.nodes > 1 && this.lanes),
      h("span", { class: "group" },
        button("−", "Zoom out (S)", () => app.zoom(1.6, (app.state.first + app.state.last) / 2)),
        button("+", "Zoom in (W)", () => app.zoom(0.625, (app.state.first + app.state.last) / 2)),
        button("All", "Show the whole run (0)", () => app.whole())),
      h("span", { class: "group" }, button("PNG", "Save the picture (P)", actions.save),
        button("Theme", "Light, dark, or as the system (T)", actions.theme), button("?", "Keys, marks and search (?)", actions.help)));
  }

  /** Searches for this, and says so in the field. */
  find(query: string): void {
    this.search.value = query;
    this.app.search(query);
    this.app.step(1);
  }

  private later(): void {
    window.clearTimeout(this.waiting);
    this.waiting = window.setTimeout(() => this.app.search(this.search.value), this.app.trace.events > 200_000 ? 250 : 60);
  }

  private typed(event: KeyboardEvent): void {
    if (event.key !== "Enter") return;
    window.clearTimeout(this.waiting);
    if (this.app.state.query !== this.search.value) this.app.search(this.search.value);
    this.app.step(event.shiftKey ? -1 : 1);
  }

  toggleExplain(): void {
    const { app } = this;
    const worst = app.worst();
    app.explain(app.state.explain !== null || worst === null ? null : app.facts.judgements.indexOf(worst));
  }

  render(): void {
    const { state, found, misread } = this.app;
    if (document.activeElement !== this.search && this.search.value !== state.query) this.search.value = state.query;
    this.axis.value = state.axis;
    this.cone.value = state.cone;
    this.motif.value = MOTIFS.some(({ name }) => state.query === `motif:${name}`) ? state.query.slice(6) : "";
    this.explain.setAttribute("aria-pressed", String(state.explain !== null));
    const total = found?.events.length ?? 0;
    const text = misread !== "" ? misread : state.query.trim() === "" ? ""
      : total === 0 ? "nothing" : state.match < 0 ? count(total) : `${count(state.match + 1)} of ${count(total)}`;
    if (this.result.textContent !== text) fill(this.result, text);
    this.result.classList.toggle("bad", misread !== "");
  }
}

function select(id: string, name: string, options: [string, string][], choose: (value: string) => void): HTMLSelectElement {
  return h("select", { id, "aria-label": name, onchange: (event: Event) => choose((event.target as HTMLSelectElement).value) },
    ...options.map(([value, text]) => h("option", { value }, text)));
}

function axes(app: App): [string, string][] {
  const all: [string, string][] = [["steps", "steps of cause"], ["time", app.trace.timeWords.name]];
  if (app.trace.columns.wall.events.length === 0) return all;
  all.push(["walls", "own wall clocks"]);
  app.trace.nodeNames.slice(0, NODES_LISTED).forEach((name, node) => all.push([`node:${node}`, `wall clock of ${clipped(name, 30)}`]));
  return all;
}

/** Which lanes are drawn, and in which order. */
function lanes(app: App): HTMLElement {
  const list = h("ul", {});
  const move = (node: number, by: -1 | 1): void => {
    const order = app.state.lanes.slice();
    const at = order.indexOf(node);
    const to = at + by;
    if (to < 0 || to >= order.length) return;
    [order[at], order[to]] = [order[to]!, order[at]!];
    app.store.set({ lanes: order });
    refill();
    // The list is another one now; whoever moves by keyboard stays on the button.
    list.querySelector<HTMLElement>(`[data-move="${node} ${by}"]`)?.focus();
  };
  const filter = (text: string): void => {
    const word = text.trim().toLowerCase();
    const hidden = app.state.lanes.filter((node) => !app.trace.nodeNames[node]!.toLowerCase().includes(word));
    // Of no lane at all there is no picture.
    app.store.set({ hidden: new Set(hidden.length < app.state.lanes.length ? hidden : []) });
    refill();
  };
  const show = (node: number, is: boolean): void => {
    const hidden = new Set(app.state.hidden);
    if (is) hidden.delete(node);
    else if (hidden.size < app.trace.nodes - 1) hidden.add(node);
    app.store.set({ hidden });
  };
  const refill = (): void => fill(list, ...app.state.lanes.map((node) => {
    const name = clipped(app.trace.nodeNames[node]!, 40);
    const box = h("input", { type: "checkbox", id: `lane-${node}`, onchange: () => show(node, box.checked) });
    box.checked = !app.state.hidden.has(node);
    return h("li", {}, box, h("label", { for: `lane-${node}` }, h("bdi", {}, name)),
      button("↑", `Move ${name} up`, () => move(node, -1), { "data-move": `${node} -1` }),
      button("↓", `Move ${name} down`, () => move(node, 1), { "data-move": `${node} 1` }));
  }));
  const details = h("details", { class: "menu" }, h("summary", {}, "Lanes"), h("div", {},
    h("p", {}, button("All", "Show all lanes", () => (app.store.set({ hidden: new Set() }), refill())), " ",
      button("Only those of the evidence", "Hide lanes without evidence or pinned events", () => (onlyEvidence(app), refill()))),
    h("p", {}, h("label", { for: "lane-filter" }, "Named "), h("input", {
      type: "search", id: "lane-filter", autocomplete: "off", spellcheck: "false",
      oninput: (event: Event) => filter((event.target as HTMLInputElement).value),
    })), list));
  details.addEventListener("toggle", refill);
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    event.stopPropagation();
    details.open = false;
    details.querySelector("summary")!.focus();
  });
  return details;
}

function onlyEvidence(app: App): void {
  const { one, other } = app.state;
  const kept = new Set([...app.focus().events, ...app.chain().map(([event]) => event)].map((event) => app.trace.node(event)));
  for (const event of [one, other]) if (event !== null) kept.add(app.trace.node(event));
  if (kept.size === 0) return;
  app.store.set({ hidden: new Set(app.state.lanes.filter((node) => !kept.has(node))) });
}
