//! What the world did: bands and their names, wall clocks that lie as tracks under lanes, and the marks of the axis.

import { ticks } from "./axis";
import { visible } from "./dom";
import type { Happening } from "./facts";
import { clipped, mark, signed, timeOfDay } from "./format";
import type { Row } from "./layout";
import { shortened } from "./labels";
import type { Scene } from "./scene";
import { line } from "./strokes";

/** Kinds that concern the whole picture or the links, not one machine. */
const WIDE = new Set(["partition", "cut"]);

/** Shades what lasted, and names it above, no name over another. */
export function drawBands(scene: Scene, names: Row): void {
  const { ctx, layout, palette } = scene;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  const spans = scene.facts.world.flatMap((happening): [Happening, number, number][] => {
    const span = spanOf(scene, happening);
    return span === null || span[1] < 0 || span[0] > layout.width ? [] : [[happening, ...span]];
  });
  spans.sort((one, other) => one[1] - other[1]);
  for (const [nth, [happening, from, to]] of spans.entries()) {
    const rows = rowsOf(scene, happening);
    ctx.fillStyle = palette.band;
    for (const [top, bottom] of rows) ctx.fillRect(from, top, Math.max(1, to - from), bottom - top);
    if (happening.kind === "partition" || happening.kind === "cut") drawCuts(scene, happening, from, to);
    drawName(scene, happening, Math.max(2, from), to, spans[nth + 1]?.[1] ?? layout.width, names);
  }
}

function spanOf(scene: Scene, happening: Happening): [number, number] | null {
  const from = scene.axis.of(happening.at);
  const until = happening.until === null ? null : scene.axis.of(happening.until);
  if (from === null) return null;
  const begin = scene.layout.px(from);
  if (happening.until !== null) return [begin, until === null ? begin : Math.max(begin + 1, scene.layout.px(until))];
  return isLasting(happening) ? [begin, scene.layout.width] : [begin, begin];
}

/** Whether a happening without an end goes on until the end of the run; others are moments. */
function isLasting(happening: Happening): boolean {
  return WIDE.has(happening.kind);
}

function rowsOf(scene: Scene, happening: Happening): [number, number][] {
  const { layout } = scene;
  if (WIDE.has(happening.kind) || happening.nodes.length === 0) return [[layout.top, layout.bottom]];
  return happening.nodes.flatMap((node): [number, number][] => {
    const y = layout.y(node);
    return y === null ? [] : [[y - layout.lane / 2 + 2, y + layout.lane / 2 - 2]];
  });
}

/** A dashed line above each lane that cannot hear the next one above it. */
function drawCuts(scene: Scene, happening: Happening, from: number, to: number): void {
  const { ctx, layout, palette } = scene;
  const groupOf = (node: number): number => happening.groups.findIndex((group) => group.includes(node));
  ctx.strokeStyle = palette.soft;
  ctx.lineWidth = 1;
  ctx.setLineDash([6, 4]);
  // A lane that is in no group is cut from none.
  let above = -1;
  for (const node of layout.lanes) {
    const group = groupOf(node);
    const y = layout.y(node)! - layout.lane / 2;
    if (above >= 0 && group >= 0 && group !== above) line(ctx, Math.max(0, from), y, Math.min(layout.width, to), y);
    if (group >= 0) above = group;
  }
  ctx.setLineDash([]);
}

/** The name begins with its band, and ends before the next one's begins or with its own band. */
function drawName(scene: Scene, happening: Happening, from: number, to: number, next: number, names: Row): void {
  const { ctx, layout, palette } = scene;
  const isMoment = to - from < 2;
  const end = names.free(from, Math.min(layout.width, Math.max(to, next)));
  ctx.fillStyle = palette.soft;
  ctx.strokeStyle = palette.soft;
  if (isMoment) {
    ctx.lineWidth = 1;
    ctx.setLineDash([1, 3]);
    for (const [top, bottom] of rowsOf(scene, happening)) line(ctx, from, top, from, bottom);
    ctx.setLineDash([]);
  }
  if (end === null || end - from < 34) return;
  ctx.font = `11.5px ${palette.font}`;
  const text = shortened(ctx, visible(clipped(happening.text, 200)), end - from - 8);
  ctx.fillText(text, from + 4, 14);
  names.take(from, from + ctx.measureText(text).width + 14);
}

/** Under each lane whose wall clock lies: by how much, as a line over the truth. */
export function drawSkews(scene: Scene): void {
  const { layout } = scene;
  // Where nobody knows the truth, no clock can be said to lie.
  if (scene.facts.epoch === null || layout.lane < 48 || scene.level !== "all") return;
  const worst = worstSkews(scene);
  const scale = Math.max(...worst.values(), 0);
  // A millisecond is what a clock may be off in peace.
  if (scale < 1e6) return;
  for (const node of layout.lanes) {
    if ((worst.get(node) ?? 0) >= Math.max(1e6, scale / 50)) drawSkew(scene, node, scale);
  }
}

function worstSkews(scene: Scene): Map<number, number> {
  const { wall, process, processNode } = scene.trace.columns;
  const worst = new Map<number, number>();
  for (let claim = 0; claim < wall.events.length; claim++) {
    const node = processNode[process[wall.events[claim]!]!]!;
    const skew = Math.abs(wall.values[claim]!);
    if (skew > (worst.get(node) ?? 0)) worst.set(node, skew);
  }
  return worst;
}

function drawSkew(scene: Scene, node: number, scale: number): void {
  const { ctx, trace, axis, layout, palette } = scene;
  const base = layout.y(node)! + layout.lane / 2 - 14;
  const y = (skew: number): number => base - (skew / scale) * 9;
  const [first, last] = layout.seen;
  ctx.strokeStyle = ctx.fillStyle = palette.soft;
  ctx.globalAlpha = 0.9;
  ctx.lineWidth = 1;
  ctx.setLineDash([1, 3]);
  line(ctx, 0, base, layout.width, base);
  ctx.setLineDash([]);
  ctx.beginPath();
  let shown: number | null = null;
  let from = 0;
  for (const process of trace.ofNode[node]!) {
    const [begin, end] = axis.within(process, first, last);
    for (let index = Math.max(0, begin - 1); index < Math.min(axis.sorted[process]!.length, end + 1); index++) {
      const event = axis.sorted[process]![index]!;
      const skew = trace.skew(event);
      if (skew === null) continue;
      const x = layout.px(axis.x[event]!);
      if (shown === null) {
        from = Math.max(2, x);
        ctx.moveTo(0, y(skew));
      } else {
        ctx.lineTo(x, y(shown));
      }
      ctx.lineTo(x, y(skew));
      shown = skew;
    }
  }
  if (shown !== null) {
    ctx.lineTo(layout.width, y(shown));
    ctx.stroke();
    ctx.font = `11px ${palette.font}`;
    ctx.textBaseline = "middle";
    const text = `its wall clock: ${signed(shown)}`;
    ctx.fillText(text, Math.min(from, layout.width - ctx.measureText(text).width - 4), base + 8);
  }
  ctx.globalAlpha = 1;
}

/** Marks below the lanes: times on an axis of time, the true time of steps on an axis of steps. */
export function drawAxis(scene: Scene): void {
  const { ctx, layout, palette } = scene;
  ctx.strokeStyle = palette.faint;
  ctx.lineWidth = 1;
  line(ctx, 0, layout.bottom + 0.5, layout.width, layout.bottom + 0.5);
  ctx.font = `11px ${palette.font}`;
  ctx.fillStyle = palette.soft;
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
  if (scene.axis.isTime) drawTimes(scene);
  else drawSteps(scene);
}

function drawTimes(scene: Scene): void {
  const { layout, axis, facts } = scene;
  const [first, last] = layout.seen;
  const isWall = axis.name !== "time";
  const marks = ticks(first, last, Math.max(2, layout.width / (isWall ? 130 : 100)));
  const step = marks.length > 1 ? marks[1]! - marks[0]! : last - first;
  let free = 0;
  for (const at of marks) {
    const text = isWall ? timeOfDay(facts.epoch, at) : scene.trace.isLog ? scene.trace.moment(at) : mark(at, step);
    free = putMark(scene, layout.px(at), text, free);
  }
}

function drawSteps(scene: Scene): void {
  const { trace, axis, layout } = scene;
  const [first, last] = layout.seen;
  let free = 0;
  // From place to place where there is room again, to the first event of a time that is not yet named.
  const { at } = trace.columns;
  let event = firstFrom(axis.x, first);
  let named = -Infinity;
  while (event < trace.events && axis.x[event]! <= last) {
    const px = layout.px(axis.x[event]!);
    const isFirst = event === 0 || at[event - 1] !== at[event];
    if (px >= free && isFirst && at[event] !== named) {
      named = at[event]!;
      free = putMark(scene, px, trace.moment(at[event]!).replace(/(\.\d{3})\d+/, "$1"), free);
    }
    event = px < free ? Math.max(event + 1, firstFrom(axis.x, layout.x(free))) : event + 1;
  }
}

/** A text with its tick, unless it would touch the one before or the edge; where the next one may begin. */
function putMark(scene: Scene, px: number, text: string, free: number): number {
  const { ctx, layout, palette } = scene;
  const width = ctx.measureText(text).width;
  if (px < free || px + width + 4 > layout.width) return free;
  ctx.fillStyle = palette.faint;
  ctx.fillRect(px, layout.bottom, 1, 5);
  ctx.fillStyle = palette.soft;
  ctx.fillText(text, px + 3, layout.bottom + 6);
  return px + width + 22;
}

function firstFrom(x: Float64Array, value: number): number {
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (x[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
