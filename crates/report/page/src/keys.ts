//! The whole page by keyboard.

import type { App } from "./app";
import type { AxisName } from "./axis";
import type { ConeMode } from "./state";

export interface Actions {
  help: () => void;
  save: () => void;
  theme: () => void;
  explain: () => void;
  search: () => void;
}

/** Listens to keys, except where something is typed or chosen. */
export function listenKeys(app: App, actions: Actions): void {
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") !== null) return;
    if (event.key === "Escape") return escape(app, target);
    if (["INPUT", "SELECT", "TEXTAREA"].includes(target.tagName)) return;
    const isArrow = event.key.startsWith("Arrow") || event.key === "Enter";
    // Arrows scroll what scrolls, and Enter presses what is a button, so they walk only from the diagram.
    if (isArrow && target !== document.body && !target.classList.contains("stage")) return;
    const act = actionOf(event, app, actions);
    if (act === null) return;
    event.preventDefault();
    act();
  });
}

function actionOf(event: KeyboardEvent, app: App, actions: Actions): (() => void) | null {
  const { first, last } = app.state;
  const pan = (share: number): void => app.look(first + (last - first) * share, last + (last - first) * share);
  const middle = selected(app) === null ? (first + last) / 2 : app.axis.x[selected(app)!]!;
  const around = middle >= first && middle <= last ? middle : (first + last) / 2;
  switch (event.key.length === 1 ? event.key.toLowerCase() : event.key) {
    case "ArrowLeft": return () => along(app, -1);
    case "ArrowRight": return () => along(app, 1);
    case "ArrowUp": return () => across(app, -1);
    case "ArrowDown": return () => across(app, 1);
    case "[": return () => follow(app, "back");
    case "]": return () => follow(app, "on");
    case "Enter": return () => compare(app);
    case "w": return () => app.zoom(0.7, around);
    case "s": return () => app.zoom(1 / 0.7, around);
    case "a": return () => pan(-0.2);
    case "d": return () => pan(0.2);
    case "f": return () => frame(app);
    case "0": return () => app.whole();
    case "n": return () => fault(app, event.key === "N" ? -1 : 1);
    case "e": return actions.explain;
    case "c": return () => app.store.set({ cone: after<ConeMode>(["both", "past", "future", "off"], app.state.cone) });
    case "x": return () => app.setAxis(after<AxisName>(["steps", "time", ...walls(app)], app.state.axis));
    case "/": return actions.search;
    case "?": return actions.help;
    case "t": return actions.theme;
    case "p": return actions.save;
    default: return null;
  }
}

function walls(app: App): AxisName[] {
  return app.trace.columns.wall.events.length > 0 ? ["walls"] : [];
}

function after<T>(all: T[], current: T): T {
  return all[(all.indexOf(current) + 1) % all.length]!;
}

/** The event that keys move: the second one while two are compared. */
function selected(app: App): number | null {
  return app.state.other ?? app.state.one;
}

function go(app: App, event: number): void {
  const { one, other } = app.state;
  if (other === null || one === null) app.select(event);
  else app.select(one, event);
}

/** The event to begin with: the first that is seen. */
function begin(app: App): void {
  const { axis, trace, state } = app;
  for (let event = 0; event < trace.events; event++) {
    if (axis.x[event]! >= state.first && !state.hidden.has(trace.node(event))) return app.select(event);
  }
}

function along(app: App, by: -1 | 1): void {
  const event = selected(app);
  if (event === null) return begin(app);
  const { trace } = app;
  const { process } = trace.columns;
  const lives = trace.ofNode[trace.node(event)]!;
  const events = trace.ofProcess[process[event]!]!;
  const next = events[trace.place[event]! - 1 + by];
  if (next !== undefined) return go(app, next);
  const life = trace.ofProcess[lives[lives.indexOf(process[event]!) + by] ?? -1];
  if (life !== undefined && life.length > 0) go(app, by > 0 ? life[0]! : life[life.length - 1]!);
}

function across(app: App, by: -1 | 1): void {
  const event = selected(app);
  if (event === null) return begin(app);
  const { trace, axis, state } = app;
  const lanes = state.lanes.filter((node) => !state.hidden.has(node));
  for (let row = lanes.indexOf(trace.node(event)) + by; row >= 0 && row < lanes.length; row += by) {
    let best: number | null = null;
    const off = (other: number): number => Math.abs(axis.x[other]! - axis.x[event]!);
    for (const process of trace.ofNode[lanes[row]!]!) {
      const sorted = axis.sorted[process]!;
      const at = axis.within(process, axis.x[event]!, axis.x[event]!)[0];
      for (const index of [at - 1, at]) {
        const other = sorted[index];
        if (other !== undefined && (best === null || off(other) < off(best))) best = other;
      }
    }
    if (best !== null) return go(app, best);
  }
}

function follow(app: App, way: "back" | "on"): void {
  const event = selected(app);
  if (event === null) return begin(app);
  const { trace } = app;
  const received = trace.received(event);
  if (way === "back") {
    const cause = received >= 0 ? trace.columns.sendEvent[received]! : trace.columns.cause[event]!;
    const edge = trace.edgesTo(event)[0];
    if (cause >= 0) go(app, cause);
    else if (edge !== undefined) go(app, trace.columns.edges.from[edge]!);
    return;
  }
  const arrival = trace.sent(event).map((message) => trace.arrival[message]!).find((one) => one >= 0);
  const edge = trace.edgesFrom(event)[0];
  if (arrival !== undefined) go(app, arrival);
  else if (edge !== undefined) go(app, trace.columns.edges.to[edge]!);
}

function compare(app: App): void {
  const { one, other } = app.state;
  if (one === null) return begin(app);
  app.store.set({ other: other === null ? one : null });
}

function frame(app: App): void {
  const { one, other } = app.state;
  const pinned = [one, other].filter((event) => event !== null);
  app.frame(pinned.length > 0 ? pinned : app.violations());
}

function fault(app: App, by: -1 | 1): void {
  const faults = app.violations();
  if (faults.length === 0) return;
  const at = selected(app) ?? -1;
  const next = by > 0 ? faults.find((event) => event > at) : faults.filter((event) => event < at).at(-1);
  app.select(next ?? (by > 0 ? faults[0]! : faults.at(-1)!));
}

/** Lets go of the last thing that was taken. */
function escape(app: App, target: HTMLElement): void {
  const { other, one, explain, query } = app.state;
  if (["INPUT", "SELECT"].includes(target.tagName)) target.blur();
  else if (explain !== null) app.explain(null);
  else if (other !== null) app.store.set({ other: null });
  else if (one !== null) app.store.set({ one: null });
  else if (query !== "") app.search("");
}
