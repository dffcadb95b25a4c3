//! What is drawn of more events than pixels: how many stand where, and how much flows from lane to lane.

import { count } from "./format";
import type { Drawn, Scene } from "./scene";
import { side } from "./order";

/** Width of a column in which messages are counted together. */
const BUCKET = 28;

/** Bars of events on each lane, and bundles of messages between lanes. */
export function drawDensity(scene: Scene): Drawn {
  const messages = drawFlows(scene);
  drawBars(scene);
  return { level: "density", events: scene.visible, messages, every: 1 };
}

function drawBars(scene: Scene): void {
  const { ctx, layout, palette, cone } = scene;
  const columns = layout.lanes.map((node) => countsOf(scene, node));
  let most = 1;
  for (const { counts } of columns) for (const value of counts) if (value > most) most = value;
  layout.lanes.forEach((node, row) => {
    const y = layout.y(node)!;
    const { counts, firsts } = columns[row]!;
    for (let px = 0; px < counts.length; px++) {
      if (counts[px] === 0) continue;
      const size = 2 + (Math.sqrt(counts[px]! / most) * layout.lane) / 4;
      ctx.fillStyle = cone === null ? palette.soft : sideColour(scene, firsts[px]!);
      ctx.fillRect(px, y - size, 1, size * 2);
    }
  });
  ctx.font = `11px ${palette.font}`;
  ctx.fillStyle = palette.soft;
  ctx.textAlign = "right";
  ctx.textBaseline = "top";
  ctx.fillText(`tallest: ${count(most)} events in a pixel`, layout.width - 4, layout.bottom + 6);
}

function sideColour(scene: Scene, event: number): string {
  const where = side(scene.trace, scene.cone!, event);
  if (where === "past" && scene.state.cone !== "future") return scene.palette.past;
  if (where === "future" && scene.state.cone !== "past") return scene.palette.future;
  return where === "self" ? scene.palette.ink : scene.palette.soft;
}

/** Events of a node in each pixel, and the first of them, by stepping from edge to edge in the sorted events. */
function countsOf(scene: Scene, node: number): { counts: Uint32Array; firsts: Uint32Array } {
  const { axis, layout, trace } = scene;
  const width = Math.ceil(layout.width);
  const counts = new Uint32Array(width);
  const firsts = new Uint32Array(width);
  for (const process of trace.ofNode[node]!) {
    const sorted = axis.sorted[process]!;
    let [index, end] = axis.within(process, layout.x(0), layout.x(width));
    for (let px = 0; px < width && index < end; px++) {
      const edge = layout.x(px + 1);
      const next = gallop(sorted, axis.x, index, end, edge);
      if (next > index && counts[px] === 0) firsts[px] = sorted[index]!;
      counts[px] = counts[px]! + next - index;
      index = next;
    }
  }
  return { counts, firsts };
}

/** The first index from `from` on whose event is not left of `edge`, by doubling steps. */
function gallop(sorted: Uint32Array, x: Float64Array, from: number, end: number, edge: number): number {
  let step = 1;
  let low = from;
  while (low < end && x[sorted[Math.min(end - 1, low + step - 1)]!]! < edge) {
    low += step;
    step *= 2;
    if (low >= end) return end;
  }
  let high = Math.min(end, low + step);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (x[sorted[middle]!]! < edge) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Messages that begin in a bucket, from lane to lane, as one line: the more, the wider. */
function drawFlows(scene: Scene): number {
  const { ctx, trace, axis, layout, palette } = scene;
  const nodes = trace.nodes;
  const buckets = Math.ceil(layout.width / BUCKET);
  if (nodes * nodes * buckets > 4_000_000) return 0;
  const flows = new Uint32Array(buckets * nodes * nodes);
  const [left, right] = layout.seen;
  const [first, last] = axis.messagesWithin(left, right);
  const { sendEvent, target, process, processNode } = trace.columns;
  const scale = layout.width / (right - left) / BUCKET;
  const x = axis.x;
  let total = 0;
  for (let message = first; message < last; message++) {
    const send = sendEvent[message]!;
    const bucket = ((x[send]! - left) * scale) | 0;
    if (bucket < 0 || bucket >= buckets) continue;
    flows[(bucket * nodes + processNode[process[send]!]!) * nodes + target[message]!]!++;
    total++;
  }
  let most = 1;
  for (const flow of flows) if (flow > most) most = flow;
  ctx.strokeStyle = palette.soft;
  for (let index = 0; index < flows.length; index++) {
    const flow = flows[index]!;
    if (flow === 0) continue;
    const to = index % nodes;
    const from = Math.floor(index / nodes) % nodes;
    const [fromY, toY] = [layout.y(from), layout.y(to)];
    if (from === to || fromY === null || toY === null) continue;
    const px = Math.floor(index / nodes / nodes) * BUCKET + BUCKET / 2;
    ctx.globalAlpha = 0.08 + 0.3 * (flow / most);
    ctx.lineWidth = 0.5 + 3 * (flow / most);
    ctx.beginPath();
    ctx.moveTo(px, fromY);
    ctx.lineTo(px + BUCKET, toY);
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
  return total;
}
