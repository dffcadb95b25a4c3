//! The space-time diagram: bands, cone, lanes, messages, marks, selection, labels, one over the other.

import { drawAxis, drawBands, drawSkews } from "./bands";
import { Kind } from "./columns";
import { drawDensity } from "./density";
import { Row } from "./layout";
import { drawLabels } from "./labels";
import { drawMark, drawRing, radius } from "./marks";
import { arrow, line } from "./strokes";
import { NEVER, type Cone } from "./order";
import { colourOf, messageColour, SAMPLED_MESSAGES, strength, type Drawn, type Scene } from "./scene";
import { visibleEvents } from "./visible";

/** Draws it all, and tells what was left out. */
export function draw(scene: Scene): Drawn {
  const { ctx, layout, palette } = scene;
  ctx.clearRect(0, 0, layout.width, layout.height);
  ctx.font = `12px ${palette.font}`;
  ctx.lineJoin = "round";
  const names = new Row();
  drawBands(scene, names);
  if (scene.cone !== null) drawCone(scene, scene.cone);
  drawSkews(scene);
  drawLanes(scene);
  const drawn = scene.level === "density" ? drawDensity(scene) : drawDetail(scene);
  drawAxis(scene);
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
    for (const process of trace.ofNode[node]!) drawLife(scene, process, y);
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
  const from = isRestarted ? layout.px(axis.x[axis.sorted[process]![0]!]!) : 0;
  const to = isCrashed ? layout.px(axis.x[axis.sorted[process]!.at(-1)!]!) : layout.width;
  const piece = (first: number, last: number, colour: string, width: number): void => {
    const [begin, end] = [Math.max(0, from, first), Math.min(layout.width, to, last)];
    if (end <= begin) return;
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    line(ctx, begin, y, end, y);
  };
  ctx.globalAlpha = scene.isExplained ? 0.5 : 1;
  piece(-1, layout.width + 1, palette.soft, 1.25);
  if (cone === null || !axis.isMonotone) return;
  const count = cone.past[process]!;
  if (count > 0 && state.cone !== "future") piece(-1, layout.px(axis.x[events[count - 1]!]!), palette.past, 2);
  const next = cone.future[process]!;
  if (next !== NEVER && state.cone !== "past") {
    piece(layout.px(axis.x[events[next - 1]!]!), layout.width + 1, palette.future, 2);
  }
}

function drawDetail(scene: Scene): Drawn {
  const events = visibleEvents(scene);
  const [messages, every] = drawMessages(scene);
  const size = radius(scene);
  const { trace, axis, layout, ctx } = scene;
  // What matters is drawn last, so that nothing stands on it.
  const rank = (event: number): number => (scene.focus.events.has(event) ? 1 : 0);
  for (const pass of [0, 1]) {
    for (const event of events) {
      if (rank(event) !== pass) continue;
      ctx.globalAlpha = strength(scene, pass === 1 || isPinned(scene, event));
      drawMark(scene, event, layout.px(axis.x[event]!), layout.y(trace.node(event))!, size, colourOf(scene, event));
    }
  }
  ctx.globalAlpha = 1;
  drawSelection(scene, events, size);
  if (scene.level === "all") drawLabels(scene, events);
  return { level: scene.level, events: events.length, messages, every };
}

function isPinned(scene: Scene, event: number): boolean {
  return event === scene.state.one || event === scene.state.other || event === scene.state.hover;
}

function drawSelection(scene: Scene, events: number[], size: number): void {
  const { trace, axis, layout, palette, state, matches, focus } = scene;
  const at = (event: number): [number, number] | null => {
    const y = layout.y(trace.node(event));
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

/** How many messages were drawn, and one of how many. */
function drawMessages(scene: Scene): [number, number] {
  const { axis, layout, focus } = scene;
  const [left, right] = layout.seen;
  const [first, last] = axis.messagesWithin(left, right);
  const every = scene.level === "sample" ? Math.max(1, Math.ceil((last - first) / SAMPLED_MESSAGES)) : 1;
  let drawn = 0;
  const strong: number[] = [];
  for (let message = first; message < last; message++) {
    if (focus.messages.has(message)) strong.push(message);
    else if (message % every === 0 && drawMessage(scene, message, left, right, false)) drawn++;
  }
  for (const message of strong) if (drawMessage(scene, message, left, right, true)) drawn++;
  scene.ctx.globalAlpha = 1;
  scene.ctx.setLineDash([]);
  return [drawn, every];
}

function drawMessage(scene: Scene, message: number, left: number, right: number, isFocus: boolean): boolean {
  const { ctx, trace, axis, layout } = scene;
  const send = trace.columns.sendEvent[message]!;
  const fromY = layout.y(trace.node(send));
  const toY = layout.y(trace.columns.target[message]!);
  if (fromY === null || toY === null) return false;
  const sent = axis.x[send]!;
  const from: [number, number] = [layout.px(sent), fromY];
  ctx.globalAlpha = strength(scene, isFocus);
  const first = trace.arrival[message]!;
  if (first < 0) {
    if (sent < left || sent > right) return false;
    drawStub(scene, message, send, from, toY, isFocus);
    return true;
  }
  let isDrawn = false;
  const again = trace.again.get(message);
  const arrivals = again === undefined ? [first] : [first, ...again];
  arrivals.forEach((arrival, nth) => {
    const arrived = axis.x[arrival]!;
    if (Math.max(sent, arrived) < left || Math.min(sent, arrived) > right) return;
    ctx.strokeStyle = ctx.fillStyle = messageColour(scene, send, arrival);
    ctx.lineWidth = isFocus ? 2 : nth > 0 ? 0.75 : 1.1;
    ctx.setLineDash(nth > 0 ? [5, 2] : []);
    arrow(ctx, from, [layout.px(arrived), toY], radius(scene));
    if (nth > 0) drawTwin(ctx, from, [layout.px(arrived), toY]);
    isDrawn = true;
  });
  return isDrawn;
}

/** A message that nobody received: a dashed stub towards its target, ending in × when it is lost and open when it is under way. */
function drawStub(scene: Scene, message: number, send: number, from: [number, number], toY: number, isFocus: boolean): void {
  const { ctx, layout, palette } = scene;
  const reach = Math.min(layout.lane * 0.62, Math.abs(toY - from[1]) || layout.lane * 0.4);
  const down = toY >= from[1] ? 1 : -1;
  const end: [number, number] = [from[0] + 20, from[1] + down * reach];
  ctx.strokeStyle = messageColour(scene, send, null);
  if (scene.cone === null) ctx.strokeStyle = palette.soft;
  ctx.lineWidth = isFocus ? 2 : 1.1;
  ctx.setLineDash([4, 3]);
  line(ctx, from[0], from[1], end[0], end[1]);
  ctx.setLineDash([]);
  if (scene.trace.isUnderWay(message)) return;
  ctx.lineWidth = 1.75;
  line(ctx, end[0] - 4, end[1] - 4, end[0] + 4, end[1] + 4);
  line(ctx, end[0] - 4, end[1] + 4, end[0] + 4, end[1] - 4);
}

/** The two strokes across a second copy. */
function drawTwin(ctx: CanvasRenderingContext2D, from: [number, number], to: [number, number]): void {
  const [x, y] = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
  ctx.setLineDash([]);
  line(ctx, x - 2, y - 5, x - 2, y + 5);
  line(ctx, x + 2, y - 5, x + 2, y + 5);
}
