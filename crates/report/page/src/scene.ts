//! All that one picture needs, put together once a frame.

import type { Axis } from "./axis";
import type { Facts } from "./facts";
import type { Layout } from "./layout";
import { side, type Cone, type Order } from "./order";
import type { Palette } from "./palette";
import type { State } from "./state";
import type { Trace } from "./trace";

/** The evidence that stands out: events, messages and edges, and the chain between two pinned events. */
export interface Focus {
  events: Set<number>;
  messages: Set<number>;
  edges: Set<number>;
}

/** How much is drawn: everything, ticks and a sample of the messages, or density alone. */
export type Level = "all" | "sample" | "density";

/** More visible events than this are ticks; more than that are density. */
export const DETAIL_MAX = 2_000;
export const SAMPLE_MAX = 20_000;
/** Messages drawn in a sample. */
export const SAMPLED_MESSAGES = 600;

export interface Scene {
  ctx: CanvasRenderingContext2D;
  trace: Trace;
  order: Order;
  axis: Axis;
  facts: Facts;
  layout: Layout;
  palette: Palette;
  state: State;
  cone: Cone | null;
  /** What is drawn strongly; the rest is dimmed if `isExplained`. */
  focus: Focus;
  isExplained: boolean;
  matches: Uint8Array | null;
  /** The first event that another run does not have. */
  parting: number | null;
  level: Level;
  /** Events in the window, on lanes that are drawn. */
  visible: number;
}

/** What was left out of a picture, which the page must say. */
export interface Drawn {
  level: Level;
  events: number;
  messages: number;
  /** One of so many messages is drawn. */
  every: number;
  /** Events in the fullest pixel, when density is drawn. */
  tallest: number;
  /** Bundles of messages that are drawn, and that there are. */
  flows: number;
  allFlows: number;
}

/** The colour of an event: causality, or none. */
export function colourOf(scene: Scene, event: number): string {
  const { cone, palette, state } = scene;
  if (cone === null) return palette.ink;
  const where = side(scene.trace, cone, event);
  if (where === "self") return palette.ink;
  if (where === "past" && state.cone !== "future") return palette.past;
  if (where === "future" && state.cone !== "past") return palette.future;
  return palette.soft;
}

/** The colour of a message between two events: it is in the past if its arrival is, in the future if its sending is. */
export function messageColour(scene: Scene, send: number, arrival: number | null): string {
  const { cone, palette, state, trace } = scene;
  if (cone === null) return palette.soft;
  const sent = side(trace, cone, send);
  if ((sent === "future" || sent === "self") && state.cone !== "past") return palette.future;
  if (arrival !== null && state.cone !== "future") {
    const arrived = side(trace, cone, arrival);
    if (arrived === "past" || arrived === "self") return palette.past;
  }
  return palette.faint;
}

/** How strongly an event or a message is drawn. */
export function strength(scene: Scene, isFocus: boolean): number {
  return !scene.isExplained || isFocus ? 1 : 0.16;
}
