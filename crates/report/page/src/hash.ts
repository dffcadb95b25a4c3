//! The view as an address: what the reader chose, in the part behind `#`, so that a view is a link.

import { lanesOf, type App } from "./app";
import type { AxisName } from "./axis";
import type { ConeMode, State, TabName } from "./state";

const CONES: ConeMode[] = ["both", "past", "future", "off"];
const TABS: TabName[] = ["promises", "events", "world", "source", "environment"];

/** The state as text; what is as at first is left out. */
export function written(state: State, app: App): string {
  const parts = new URLSearchParams();
  const pinned = [state.one, state.other].filter((event) => event !== null);
  parts.set("e", pinned.join(","));
  if (state.axis !== app.firstAxis) parts.set("a", state.axis);
  const { axis } = app;
  if (state.first > axis.first || state.last < axis.last) parts.set("z", `${rounded(state.first)},${rounded(state.last)}`);
  if (state.query !== "") parts.set("q", state.query);
  if (state.explain !== null) parts.set("x", String(state.explain));
  if (state.cone !== "both") parts.set("c", state.cone);
  if (state.tab !== "promises") parts.set("t", state.tab);
  if (state.hidden.size > 0) parts.set("h", [...state.hidden].join(","));
  if (state.lanes.join() !== lanesOf(app.trace).join()) parts.set("l", state.lanes.join(","));
  return `#${parts}`;
}

/** Takes a state from an address; whatever does not fit the run is passed over. */
export function restore(hash: string, app: App): void {
  const parts = new URLSearchParams(hash.slice(1));
  if ([...parts].length === 0) return;
  const { trace, facts } = app;
  const numbers = (name: string, below: number): number[] =>
    (parts.get(name) ?? "").split(",").filter((text) => /^\d{1,10}$/.test(text)).map(Number).filter((value) => value < below);
  const axis = parts.get("a") ?? app.firstAxis;
  app.setAxis(/^(steps|time|walls|node:\d{1,6})$/.test(axis) ? (axis as AxisName) : "steps");
  const [one = null, other = null] = numbers("e", trace.events);
  const [explain = null] = numbers("x", facts.judgements.length);
  const cone = CONES.find((mode) => mode === parts.get("c")) ?? "both";
  const tab = TABS.find((name) => name === parts.get("t")) ?? "promises";
  const hidden = new Set(numbers("h", trace.nodes).slice(0, trace.nodes - 1));
  const order = new Set(numbers("l", trace.nodes));
  for (const node of lanesOf(trace)) order.add(node);
  app.store.set({ one, other, explain, cone, tab, hidden, lanes: [...order] });
  const zoom = (parts.get("z") ?? "").split(",").map(Number);
  if (zoom.length === 2 && zoom.every(Number.isFinite) && zoom[0]! < zoom[1]!) app.look(zoom[0]!, zoom[1]!);
  else app.whole();
  app.search((parts.get("q") ?? "").slice(0, 2000));
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
