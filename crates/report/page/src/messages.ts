//! Messages as arrows; the lost as stubs that end in ×, second copies with two strokes across.

import { radius } from "./marks";
import { messageColour, SAMPLED_MESSAGES, strength, type Scene } from "./scene";
import { Pens, type Look } from "./strokes";

/** How many messages were drawn, and one of how many. */
export function drawMessages(scene: Scene): [number, number] {
  const { axis, layout, focus, level } = scene;
  const [left, right] = layout.seen;
  const [first, last] = axis.messagesWithin(left, right);
  const every = level === "sample" ? Math.max(1, Math.ceil((last - first) / SAMPLED_MESSAGES)) : 1;
  const [weak, strong] = [new Pens(), new Pens()];
  let drawn = 0;
  for (let message = first; message < last; message++) {
    if (focus.messages.has(message)) {
      if (drawMessage(scene, strong, message, true)) drawn++;
    } else if (message % every === 0 && drawMessage(scene, weak, message, false)) drawn++;
  }
  weak.draw(scene.ctx);
  strong.draw(scene.ctx);
  return [drawn, every];
}

/** Only those in evidence and on the chain, over a picture of density. */
export function drawStrongMessages(scene: Scene): void {
  const pens = new Pens();
  for (const message of scene.focus.messages) drawMessage(scene, pens, message, true);
  pens.draw(scene.ctx);
}

/** Orders that no message made, as dotted arrows. */
export function drawEdges(scene: Scene): void {
  const { edges } = scene.trace.columns;
  if (edges.to.length === 0) return;
  const { axis, layout, level, focus } = scene;
  const [left, right] = layout.seen;
  const seen: number[] = [];
  for (let edge = 0; edge < edges.to.length; edge++) {
    const [from, to] = [axis.x[edges.from[edge]!]!, axis.x[edges.to[edge]!]!];
    if (Math.max(from, to) >= left && Math.min(from, to) <= right && !focus.edges.has(edge)) seen.push(edge);
  }
  const every = level === "sample" ? Math.max(1, Math.ceil(seen.length / SAMPLED_MESSAGES)) : 1;
  const pens = new Pens();
  seen.forEach((edge, nth) => nth % every === 0 && drawEdge(scene, pens, edge, false));
  pens.draw(scene.ctx);
  drawStrongEdges(scene);
}

/** Only those on the chain, over a picture of density too. */
export function drawStrongEdges(scene: Scene): void {
  const pens = new Pens();
  for (const edge of scene.focus.edges) drawEdge(scene, pens, edge, true);
  pens.draw(scene.ctx);
}

function drawEdge(scene: Scene, pens: Pens, edge: number, isFocus: boolean): void {
  const { trace, axis, layout, level } = scene;
  const [from, to] = [trace.columns.edges.from[edge]!, trace.columns.edges.to[edge]!];
  const [fromY, toY] = [layout.ofEvent(from), layout.ofEvent(to)];
  if (fromY === null || toY === null) return;
  const alpha = strength(scene, isFocus) * (isFocus || level === "all" ? 1 : 0.45);
  const look: Look = { colour: messageColour(scene, from, to), width: isFocus ? 2 : 1.25, alpha, dash: "edge" };
  const [left, right]: [number, number][] = [[layout.px(axis.x[from]!), fromY], [layout.px(axis.x[to]!), toY]] as [[number, number], [number, number]];
  pens.arrow(look, left, right, radius(scene));
}

function drawMessage(scene: Scene, pens: Pens, message: number, isFocus: boolean): boolean {
  const { trace, axis, layout, level } = scene;
  const [left, right] = layout.seen;
  const send = trace.columns.sendEvent[message]!;
  const [fromY, toY] = [layout.ofEvent(send), layout.y(trace.columns.target[message]!)];
  if (fromY === null || toY === null) return false;
  const sent = axis.x[send]!;
  const from: [number, number] = [layout.px(sent), fromY];
  const alpha = strength(scene, isFocus) * (isFocus || level === "all" ? 1 : 0.45);
  const first = trace.arrival[message]!;
  if (first < 0) {
    if (sent < left || sent > right) return false;
    const look: Look = { colour: messageColour(scene, send, null), width: isFocus ? 2 : 1.1, alpha, dash: "stub" };
    drawStub(scene, pens, look, message, from, toY);
    return true;
  }
  let isDrawn = false;
  const again = trace.again.get(message);
  const arrivals = again === undefined ? [first] : [first, ...again];
  arrivals.forEach((arrival, nth) => {
    const arrived = axis.x[arrival]!;
    if (Math.max(sent, arrived) < left || Math.min(sent, arrived) > right) return;
    const width = isFocus ? 2 : nth > 0 || level !== "all" ? 0.75 : 1.1;
    const look: Look = { colour: messageColour(scene, send, arrival), width, alpha, dash: nth > 0 ? "twin" : "solid" };
    const to: [number, number] = [layout.px(arrived), layout.ofEvent(arrival)!];
    pens.arrow(look, from, to, radius(scene));
    if (nth > 0) drawTwin(pens, { ...look, dash: "solid" }, from, to);
    isDrawn = true;
  });
  return isDrawn;
}

/** A message that nobody received: a dashed stub towards its target, ending in × when it is lost and open when no more is known. */
function drawStub(scene: Scene, pens: Pens, look: Look, message: number, from: [number, number], toY: number): void {
  const { layout } = scene;
  const reach = Math.min(layout.lane * 0.62, Math.abs(toY - from[1]) || layout.lane * 0.4);
  const [x, y] = [from[0] + 20, from[1] + (toY >= from[1] ? reach : -reach)];
  pens.line(look, from, [x, y]);
  if (!scene.trace.isLost(message)) return;
  const cross: Look = { ...look, width: 1.75, dash: "solid" };
  pens.line(cross, [x - 4, y - 4], [x + 4, y + 4]);
  pens.line(cross, [x - 4, y + 4], [x + 4, y - 4]);
}

/** The two strokes across a second copy. */
function drawTwin(pens: Pens, look: Look, from: [number, number], to: [number, number]): void {
  const [x, y] = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
  pens.line(look, [x - 2, y - 5], [x - 2, y + 5]);
  pens.line(look, [x + 2, y - 5], [x + 2, y + 5]);
}
