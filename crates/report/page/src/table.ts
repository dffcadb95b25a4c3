//! All events as a table of which only the rows in view exist: the same facts as the diagram, for reading and for screen readers.

import type { App } from "./app";
import { written } from "./clocks";
import { button, fill, h } from "./dom";
import { clipped, count, exact, timeOfDay } from "./format";
import { side } from "./order";
import { unordered } from "./unordered";

const ROW = 27;
/** Browsers end a page that is higher; beyond it, scrolling goes by more than a row a step. */
const HEIGHT_MAX = 6_000_000;

export class EventTable {
  readonly element: HTMLElement;
  private readonly scroller: HTMLElement;
  private readonly sizer = h("div", { class: "sizer" });
  private readonly body = h("tbody", {});
  private readonly table: HTMLElement;
  private readonly only: HTMLInputElement;
  private readonly total = h("span", { class: "soft" });
  private shown = "";

  constructor(private readonly app: App) {
    this.only = h("input", { type: "checkbox", id: "only", onchange: () => this.render() });
    const heads = ["event", app.trace.timeWords.name, "process", "what happened", "Lamport", "vector", "wall clock", "to the pinned one"];
    this.table = h("table", { class: "events" },
      h("caption", { class: "spoken" }, "Events in the order of recording"),
      h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))), this.body);
    this.scroller = h("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": "Events" }, this.sizer, this.table);
    this.scroller.addEventListener("scroll", () => this.render());
    this.element = h("div", {}, h("p", { class: "above" }, this.only, h("label", { for: "only" }, "only what was searched for"), " ", this.total),
      this.scroller);
  }

  private get rows(): number {
    return this.isFiltered ? this.app.found!.events.length : this.app.trace.events;
  }

  private get isFiltered(): boolean {
    return this.only.checked && this.app.found !== null;
  }

  private eventAt(row: number): number {
    return this.isFiltered ? this.app.found!.events[row]! : row;
  }

  /** Shows the rows around the pinned event. */
  reveal(): void {
    const { one, other } = this.app.state;
    const event = other ?? one;
    if (event === null || this.isFiltered) return;
    const view = this.scroller.clientHeight;
    this.scroller.scrollTop = this.isLong ? (event / this.rows) * (HEIGHT_MAX - view) : Math.max(0, event * ROW - view / 2);
    this.render();
  }

  private get isLong(): boolean {
    return this.rows * ROW > HEIGHT_MAX;
  }

  render(): void {
    if (this.scroller.clientHeight === 0) return;
    const { rows, scroller } = this;
    const height = this.isLong ? HEIGHT_MAX : rows * ROW + ROW;
    this.sizer.style.height = `${height}px`;
    const fits = Math.ceil(scroller.clientHeight / ROW) + 2;
    const top = scroller.scrollTop;
    const share = top / Math.max(1, height - scroller.clientHeight);
    const first = Math.max(0, Math.min(rows - fits + 2, this.isLong ? Math.floor(share * (rows - fits + 3)) : Math.floor(top / ROW)));
    const { one, other, query } = this.app.state;
    const key = [first, fits, rows, one, other, query, this.only.checked].join(" ");
    this.table.style.top = `${this.isLong ? top : first * ROW}px`;
    if (key === this.shown) return;
    this.shown = key;
    this.table.setAttribute("aria-rowcount", String(rows + 1));
    const last = Math.min(rows, first + fits);
    fill(this.body, ...Array.from({ length: Math.max(0, last - first) }, (_, nth) => this.row(first + nth)));
    fill(this.total, `${count(rows)} of ${count(this.app.trace.events)} events`);
  }

  private row(row: number): HTMLElement {
    const { app } = this;
    const { trace, order, state, facts } = app;
    const event = this.eventAt(row);
    const [lamport, vector, skew] = [trace.lamport(event), trace.vector(event, () => order.past(event)), trace.skew(event)];
    const at = trace.columns.at[event]!;
    const none = unordered(facts);
    const where = state.one === null ? "" : side(trace, order.cone(state.one), event);
    const isChosen = event === state.one || event === state.other;
    const text = (value: string): HTMLElement => h("bdi", {}, clipped(value, 300));
    return h("tr", { "aria-rowindex": row + 2, class: isChosen ? "chosen" : app.found?.mask[event] === 1 ? "match" : null },
      h("th", { scope: "row" }, button(`e${event}`, `Select e${event}`, () => app.select(event), { class: "link" })),
      h("td", { class: "number" }, trace.moment(at)),
      h("td", {}, text(trace.processName(trace.columns.process[event]!))),
      h("td", { title: clipped(trace.what(event), 1000) }, text(trace.what(event))),
      h("td", { class: "number" }, lamport === null ? "" : exact(lamport)),
      h("td", {}, vector === null ? "" : text(written(vector))),
      h("td", { class: "number" }, skew === null ? "" : timeOfDay(facts.epoch, at + skew)),
      h("td", { class: where }, where === "self" ? "itself" : { past: "◀ before", future: "▶ after", concurrent: `${none.glyph} ${none.word}`, "": "" }[where]));
  }
}
