//! The run to which this one is compared, drawn below it; both move together unless told otherwise.

import type { App } from "./app";
import { compare, type Comparison } from "./compare";
import { Diagram } from "./diagram";
import { button, h } from "./dom";
import { clipped, count, things } from "./format";

/** Of its usual height, so that both are seen. */
export const SHARE = 0.66;

export class Beside {
  readonly element: HTMLElement;
  readonly diagram: Diagram;
  readonly comparison: Comparison;
  private readonly together = h("input", { type: "checkbox", id: "together", checked: true });

  constructor(private readonly app: App, readonly other: App) {
    this.comparison = compare(app.trace, other.trace);
    this.diagram = new Diagram(other, SHARE);
    const { verdict, title } = other.facts;
    const { parting } = this.comparison;
    app.parting = parting?.mine ?? null;
    other.parting = parting?.theirs ?? null;
    this.element = h("section", { class: "beside", "aria-label": "The run that this one is compared to" },
      h("h2", {}, "Compared to ", h("b", { class: verdict.word === "violated" ? "bad" : "good" }, `${verdict.glyph} ${verdict.word}`), " ",
        h("bdi", {}, title)),
      h("div", { class: "split" }, this.diagram.element, h("div", { class: "panel" },
        h("p", {}, this.told()),
        h("p", {}, this.together, h("label", { for: "together" }, " move both together")),
        parting !== null && h("p", {}, button("Where they part", "Bring the first difference into view", () => this.showParting())))));
    this.link();
  }

  /** In words. */
  told(): string {
    const { alike, parting } = this.comparison;
    if (parting === null) return `Both runs are the same, event by event: ${things(alike, "event")}.`;
    const name = (app: App, event: number | null): string => {
      if (event === null) return "nothing more happens there";
      const { trace } = app;
      return `e${event} ${clipped(trace.processName(trace.columns.process[event]!), 40)}: ${clipped(trace.what(event), 120)}`;
    };
    return `${count(alike)} events are alike. Then they part: above ${name(this.app, parting.mine)}; below ${name(this.other, parting.theirs)}.`;
  }

  private showParting(): void {
    const { parting } = this.comparison;
    if (parting === null) return;
    if (parting.mine !== null) this.app.frame([parting.mine]);
    if (parting.theirs !== null) this.other.frame([parting.theirs]);
  }

  /** What is pointed at or moved in one is so in the other, as far as it is the same there. */
  private link(): void {
    let isEcho = false;
    const follow = (from: App, to: App, twins: Int32Array): void => {
      from.store.listen((state, changed) => {
        if (isEcho) return;
        isEcho = true;
        if (changed.has("hover")) {
          const twin = state.hover === null ? -1 : twins[state.hover]!;
          to.store.set({ hover: twin < 0 ? null : twin });
        }
        if (changed.has("axis") && state.axis !== to.state.axis && !state.axis.startsWith("node:")) to.setAxis(state.axis);
        if ((changed.has("first") || changed.has("last")) && this.together.checked) to.look(state.first, state.last);
        if (changed.has("cone")) to.store.set({ cone: state.cone });
        to.store.flush();
        isEcho = false;
      });
    };
    follow(this.app, this.other, this.comparison.theirs);
    follow(this.other, this.app, this.comparison.mine);
  }

  /** Draws it once, and whenever something of it changes. */
  start(): void {
    this.diagram.measure();
    this.other.store.settle();
    this.diagram.render();
    this.other.store.listen(() => this.diagram.render());
  }
}
