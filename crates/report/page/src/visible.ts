//! Which events stand in the window, on lanes that are drawn.

import type { Axis } from "./axis";
import { DETAIL_MAX, SAMPLE_MAX, type Level, type Scene } from "./scene";
import type { Trace } from "./trace";

/** How many. */
export function countVisible(trace: Trace, axis: Axis, lanes: number[], first: number, last: number): number {
  let count = 0;
  for (const node of lanes) {
    for (const process of trace.ofNode[node]!) {
      const [begin, end] = axis.within(process, first, last);
      count += end - begin;
    }
  }
  return count;
}

/** How much of so many events is drawn. */
export function levelOf(count: number): Level {
  return count > SAMPLE_MAX ? "density" : count > DETAIL_MAX ? "sample" : "all";
}

/** Those of a scene, lane by lane. */
export function visibleEvents(scene: Scene): number[] {
  const [first, last] = scene.layout.seen;
  const events: number[] = [];
  for (const node of scene.layout.lanes) {
    for (const process of scene.trace.ofNode[node]!) {
      const [begin, end] = scene.axis.within(process, first, last);
      const sorted = scene.axis.sorted[process]!;
      for (let index = begin; index < end; index++) events.push(sorted[index]!);
    }
  }
  return events;
}
