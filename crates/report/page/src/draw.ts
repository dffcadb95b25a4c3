//! The space-time diagram: bands, cone, lanes, messages, marks, selection, labels, one over the other.

import { drawAxis, drawBands, drawSkews } from "./bands";
import { Kind } from "./columns";
import { drawDensity } from "./density";
import { Row } from "./layout";
import { drawLabels } from "./labels";
import { drawMark, drawRing, radius } from "./marks";
import { line } from "./strokes";
import { drawEdges, drawMessages, drawStrongEdges, drawStrongMessages } from "./messages";
import { NEVER, type Cone } from "./order";
import { colourOf, strength, type Drawn, type Scene } from "./scene";
import { visibleEvents } from "./visible";

/** Draws it all, and tells what was left out. */
export function draw(scene: Scene): Drawn {
  const { ctx, layout, palette } = scene;
  ctx.clearRect(0, 0, layout.width, layout.height);
  ctx.font = `12px ${palette.font}`;
  ctx.lineJoin = "round";
  const names = new Row();
  drawBands(scene, names);
  // Chains that share a lane know nothing of each other, so there no area would be true: each chain has its own colours.
  const isOrdered = layout.lanes.every((node) => scene.trace.rows[node] === 0);
  if (scene.cone !== null && isOrdered) drawCone(scene, scene.cone);
  drawSkews(scene);
  if (scene.level === "all") drawOperations(scene);
  drawLanes(scene);
  const drawn = scene.level === "density" ? drawCrowd(scene) : drawDetail(scene);
  drawAxis(scene);
  if (scene.parting !== null) drawParting(scene, scene.parting);
  return drawn;
}

/** Past and future as two areas: right edge and left edge of what may have led here, and of what this may have led to. */
function drawCone(scene: Scene, cone: Cone): void {
  const { layout, palette, state } = scene;
  const edges = layout.lanes.map((node) => ({ y: layout.y(node)!, ...edgesOf(scene, cone, node) }));
  if (state.cone !== "future") fillArea(scene, edges.map(({ y, past }) => [past, y]), 0, palette.past);
  if (state.cone !== "past") fillArea(scene, edges.map(({ y, future }) => [future, y]), layout.width, palette.future);
}

/** Where the past of a node ends and its future begins, in pixels; beyond the edge where there is none. */
function edgesOf(scene: Scene, cone: Cone, node: number): { past: number; future: number } {
  const { trace, axis, layout } = scene;
  let past = -40;
  let future = layout.width + 40;
  for (const process of trace.ofNode[node]!) {
    const events = trace.ofProcess[process]!;
    const count = cone.past[process]!;
    if (count > 0) past = Math.max(past, layout.px(axis.x[events[count - 1]!]!));
    const from = cone.future[process]!;
    if (from !== NEVER) future = Math.min(future, layout.px(axis.x[events[from - 1]!]!));
  }
  const clamp = (x: number): number => Math.max(-40, Math.min(layout.width + 40, x));
  return { past: clamp(past), future: clamp(future) };
}

function fillArea(scene: Scene, edge: [number, number][], side: number, colour: string): void {
  const { ctx, layout } = scene;
  if (edge.length === 0) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, layout.top, layout.width, layout.bottom - layout.top);
  ctx.clip();
  ctx.beginPath();
  ctx.moveTo(side, layout.top);
  ctx.lineTo(edge[0]![0], layout.top);
  for (const [x, y] of edge) ctx.lineTo(x, y);
  ctx.lineTo(edge.at(-1)![0], layout.bottom);
  ctx.lineTo(side, layout.bottom);
  ctx.closePath();
  ctx.globalAlpha = 0.09;
  ctx.fillStyle = colour;
  ctx.fill();
  ctx.restore();
}

/** A line for each life of a node, in the colour of what is past and future on it. */
function drawLanes(scene: Scene): void {
  const { ctx, trace, layout } = scene;
  for (const node of layout.lanes) {
    const y = layout.y(node)!;
    ctx.globalAlpha = 1;
    ctx.strokeStyle = scene.palette.faint;
    ctx.setLineDash([1, 4]);
    ctx.lineWidth = 1;
    line(ctx, 0, y, layout.width, y);
    ctx.setLineDash([]);
    for (const process of trace.ofNode[node]!) drawLife(scene, process, layout.ofProcess(process)!);
  }
  ctx.globalAlpha = 1;
}

function drawLife(scene: Scene, process: number, y: number): void {
  const { ctx, trace, axis, layout, cone, palette, state } = scene;
  const events = trace.ofProcess[process]!;
  if (events.length === 0) return;
  const [firstEvent, lastEvent] = [events[0]!, events[events.length - 1]!];
  const isRestarted = trace.columns.kind[firstEvent] === Kind.restart;
  const isCrashed = trace.columns.kind[lastEvent] === Kind.crash;
  const isChain = trace.isChain(process);
  const from = isRestarted || isChain ? layout.px(axis.x[axis.sorted[process]![0]!]!) : 0;
  const to = isCrashed || isChain ? layout.px(axis.x[axis.sorted[process]!.at(-1)!]!) : layout.width;
  if (to < 0 || from > layout.width) return;
  const piece = (first: number, last: number, colour: string, width: number): void => {
    const [begin, end] = [Math.max(0, from, first), Math.min(layout.width, to, last)];
    if (end <= begin) return;
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    line(ctx, begin, y, end, y);
  };
  ctx.globalAlpha = scene.isExplained ? 0.5 : 1;
  const { processNode } = trace.columns;
  if (isChain) piece(-1, layout.width + 1, palette.band, Math.min(12, layout.gap(processNode[process]!) - 2));
  piece(-1, layout.width + 1, palette.soft, 1.25);
  if (cone === null || !axis.isOrdered) return;
  const count = cone.past[process]!;
  if (count > 0 && state.cone !== "future") piece(-1, layout.px(axis.x[events[count - 1]!]!), palette.past, 2);
  const next = cone.future[process]!;
  if (next !== NEVER && state.cone !== "past") {
    piece(layout.px(axis.x[events[next - 1]!]!), layout.width + 1, palette.future, 2);
  }
}

/** What a client waits for, as a bar on its lane from the call to the answer; open to the right when none came. */
function drawOperations(scene: Scene): void {
  const { ctx, trace, axis, layout, palette, focus } = scene;
  const { invoke, complete } = trace.columns.operations;
  for (let operation = 0; operation < invoke.length; operation++) {
    const [begin, end] = [invoke[operation]!, complete[operation]!];
    const y = layout.ofEvent(begin);
    if (y === null) continue;
    const from = layout.px(axis.x[begin]!);
    const to = end < 0 ? layout.width : layout.px(axis.x[end]!);
    if (to < 0 || from > layout.width) continue;
    const isShown = focus.events.has(begin) || focus.events.has(end);
    ctx.globalAlpha = strength(scene, isShown);
    ctx.fillStyle = palette.band;
    ctx.strokeStyle = isShown ? palette.bad : palette.faint;
    ctx.lineWidth = isShown ? 1.5 : 1;
    ctx.setLineDash(end < 0 ? [3, 3] : []);
    const [left, right] = [Math.max(-2, Math.min(from, to)), Math.min(layout.width + 2, Math.max(from, to))];
    ctx.fillRect(left, y - 6, right - left, 12);
    ctx.strokeRect(left, y - 6, right - left, 12);
  }
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

/** A line where another run goes another way. */
function drawParting(scene: Scene, event: number): void {
  const { ctx, axis, layout, palette } = scene;
  const x = Math.round(layout.px(axis.x[event]!)) - 11.5;
  ctx.strokeStyle = palette.ink;
  ctx.lineWidth = 1.5;
  ctx.setLineDash([7, 3, 2, 3]);
  line(ctx, x, 0, x, layout.bottom);
  ctx.setLineDash([]);
}

/** Density, and over it what is pinned or in evidence, which must not drown in it. */
function drawCrowd(scene: Scene): Drawn {
  const drawn = drawDensity(scene);
  drawStrongMessages(scene);
  drawStrongEdges(scene);
  const { focus, state } = scene;
  const pinned = [state.one, state.other, state.hover].filter((event) => event !== null);
  for (const event of new Set([...focus.events, ...pinned])) {
    const { axis, layout } = scene;
    const y = layout.ofEvent(event);
    if (y !== null) drawMark(scene, event, layout.px(axis.x[event]!), y, 4, scene.palette.ink);
  }
  drawSelection(scene, [], 4);
  return drawn;
}

function drawDetail(scene: Scene): Drawn {
  const events = visibleEvents(scene);
  drawEdges(scene);
  const [messages, every] = drawMessages(scene);
  const size = radius(scene);
  const { trace, axis, layout, ctx } = scene;
  if (scene.level === "sample") {
    drawTicks(scene, events);
    drawSelection(scene, events, size);
    return { level: scene.level, events: events.length, messages, every, tallest: 1, flows: 0, allFlows: 0 };
  }
  // What matters is drawn last, so that nothing stands on it; ticks of what is done at the same time are drawn first.
  const { kind } = trace.columns;
  const isTick = (event: number): boolean => kind[event] === Kind.persist || kind[event] === Kind.local;
  const rank = (event: number): number => (scene.focus.events.has(event) ? 2 : isTick(event) ? 0 : 1);
  for (const pass of [0, 1, 2]) {
    for (const event of events) {
      if (rank(event) !== pass) continue;
      ctx.globalAlpha = strength(scene, pass === 2 || isPinned(scene, event));
      drawMark(scene, event, layout.px(axis.x[event]!), layout.ofEvent(event)!, size, colourOf(scene, event));
    }
  }
  ctx.globalAlpha = 1;
  drawSelection(scene, events, size);
  drawLabels(scene, events);
  return { level: scene.level, events: events.length, messages, every, tallest: 1, flows: 0, allFlows: 0 };
}

/** Every event as a tick, those of one colour in one go. */
function drawTicks(scene: Scene, events: number[]): void {
  const { ctx, axis, layout, focus } = scene;
  const paths = new Map<string, Path2D>();
  for (const event of events) {
    const colour = focus.events.has(event) ? scene.palette.ink : colourOf(scene, event);
    let path = paths.get(colour);
    if (path === undefined) paths.set(colour, (path = new Path2D()));
    path.rect(layout.px(axis.x[event]!) - 0.5, layout.ofEvent(event)! - 5, 1, 10);
  }
  ctx.globalAlpha = strength(scene, false);
  for (const [colour, path] of paths) {
    ctx.fillStyle = colour;
    ctx.fill(path);
  }
  ctx.globalAlpha = 1;
}

function isPinned(scene: Scene, event: number): boolean {
  return event === scene.state.one || event === scene.state.other || event === scene.state.hover;
}

function drawSelection(scene: Scene, events: number[], size: number): void {
  const { axis, layout, palette, state, matches, focus } = scene;
  const at = (event: number): [number, number] | null => {
    const y = layout.ofEvent(event);
    return y === null ? null : [layout.px(axis.x[event]!), y];
  };
  if (matches !== null) {
    for (const event of events) if (matches[event]) drawRing(scene, at(event), size + 4, palette.ink, 1, "dotted");
  }
  for (const event of focus.events) drawRing(scene, at(event), size + 4, palette.bad, 1.5, "solid");
  for (const event of [state.one, state.other]) {
    if (event !== null) drawRing(scene, at(event), size + 7, palette.ink, 2, "solid");
  }
  if (state.hover !== null) drawRing(scene, at(state.hover), size + 3, palette.ink, 1, "solid");
}
