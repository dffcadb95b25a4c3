//! What is drawn of more events than pixels: how many stand where, and how much flows from lane to lane.

import type { Drawn, Scene } from "./scene";
import { side } from "./order";

/** Width of a column in which messages are counted together. */
const BUCKET = 28;

/** Bars of events on each lane, and bundles of messages between lanes. */
export function drawDensity(scene: Scene): Drawn {
  const [flows, allFlows] = drawFlows(scene);
  return { level: "density", events: scene.visible, messages: 0, every: 1, tallest: drawBars(scene), flows, allFlows };
}

/** How many events the fullest pixel stands for. */
function drawBars(scene: Scene): number {
  const { ctx, layout, palette, cone } = scene;
  const columns = layout.lanes.map((node) => countsOf(scene, node));
  let most = 1;
  for (const { counts } of columns) for (const value of counts) if (value > most) most = value;
  // Written pixel by pixel: tens of thousands of strokes or fills would take a hundred times as long to paint.
  const { canvas, image, rows } = sheet(Math.ceil(layout.width), layout.height);
  const found = scene.matches === null ? null : foundIn(scene, scene.matches, image.width);
  const [ink, soft] = [pixel(palette.ink), pixel(palette.soft)];
  const sides = { self: ink, concurrent: soft, past: pixel(palette.past), future: pixel(palette.future) };
  if (scene.state.cone === "future") sides.past = soft;
  if (scene.state.cone === "past") sides.future = soft;
  layout.lanes.forEach((node, row) => {
    const y = layout.y(node)!;
    const { counts, firsts } = columns[row]!;
    for (let px = 0; px < counts.length; px++) {
      if (counts[px] === 0) continue;
      const size = 2 + (Math.sqrt(counts[px]! / most) * layout.lane) / 4;
      const isFound = found !== null && found[row]![px] === 1;
      const colour = cone === null ? soft : sides[side(scene.trace, cone, firsts[px]!)];
      const end = Math.round(y + size);
      // What was searched for stands out above the bars.
      if (isFound) for (let line = Math.round(y - size) - 8; line < y - size - 1; line++) rows[line * image.width + px] = ink;
      for (let line = Math.round(y - size); line < end; line++) rows[line * image.width + px] = colour;
    }
  });
  canvas.getContext("2d")!.putImageData(image, 0, 0);
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(canvas, 0, 0);
  return most;
}

/** Which pixels of each lane hold a match. */
function foundIn(scene: Scene, matches: Uint8Array, width: number): Uint8Array[] {
  const { axis, layout, trace } = scene;
  const scale = (layout.px(1e6) - layout.px(0)) / 1e6;
  const zero = layout.px(0);
  return layout.lanes.map((node) => {
    const found = new Uint8Array(width);
    for (const process of trace.ofNode[node]!) {
      const sorted = axis.sorted[process]!;
      const [begin, end] = axis.within(process, layout.x(0), layout.x(width - 1));
      for (let index = begin; index < end; index++) {
        if (matches[sorted[index]!] === 1) found[Math.floor(zero + axis.x[sorted[index]!]! * scale)] = 1;
      }
    }
    return found;
  });
}

interface Sheet {
  canvas: HTMLCanvasElement;
  image: ImageData;
  rows: Uint32Array;
}

let kept: Sheet | null = null;

/** Pixels to write on, all clear; the same ones each time while the size stays. */
function sheet(width: number, height: number): Sheet {
  if (kept === null || kept.image.width !== width || kept.image.height !== height) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, height];
    const image = new ImageData(width, height);
    kept = { canvas, image, rows: new Uint32Array(image.data.buffer) };
  }
  kept.rows.fill(0);
  return kept;
}

/** A colour as a browser tells it, `rgb(22, 25, 29)`, as a pixel. */
function pixel(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/\d+/g) ?? []).map(Number);
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
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
    const begin = index < end ? Math.max(0, Math.floor(layout.px(axis.x[sorted[index]!]!)) - 1) : width;
    for (let px = begin; px < width && index < end; px++) {
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

/** Lines that are drawn, at most; of more, the heaviest. */
const FLOWS_MAX = 400;
/** Weights into which lines are sorted, each drawn in one stroke. */
const WEIGHTS = 6;

/** Messages that begin in a bucket, from lane to lane, as one line: the more, the wider. How many lines, of how many. */
function drawFlows(scene: Scene): [number, number] {
  const counts = countFlows(scene);
  if (counts === null) return [0, 0];
  const { ctx, layout, palette, trace } = scene;
  const nodes = trace.nodes;
  const { shown, all, most } = heaviest(counts, nodes);
  const paths = Array.from({ length: WEIGHTS }, () => new Path2D());
  for (const index of shown) {
    const [fromY, toY] = [layout.y(Math.floor(index / nodes) % nodes), layout.y(index % nodes)];
    if (fromY === null || toY === null) continue;
    const px = Math.floor(index / nodes / nodes) * BUCKET + BUCKET / 2;
    const path = paths[Math.min(WEIGHTS - 1, Math.floor((counts[index]! / most) * WEIGHTS))]!;
    path.moveTo(px, fromY);
    path.lineTo(px + BUCKET, toY);
  }
  ctx.strokeStyle = palette.soft;
  paths.forEach((path, weight) => {
    ctx.globalAlpha = 0.1 + (0.25 * weight) / WEIGHTS;
    ctx.lineWidth = 0.75 + (2.5 * weight) / WEIGHTS;
    ctx.stroke(path);
  });
  ctx.globalAlpha = 1;
  return [shown.length, all];
}

/** The heaviest flows, as many as are drawn; of equal ones at the limit every so many-th, so that not all are at the left. */
function heaviest(counts: Uint32Array, nodes: number): { shown: number[]; all: number; most: number } {
  const found: number[] = [];
  let most = 1;
  for (let index = 0; index < counts.length; index++) {
    if (counts[index] === 0 || index % nodes === Math.floor(index / nodes) % nodes) continue;
    found.push(index);
    if (counts[index]! > most) most = counts[index]!;
  }
  if (found.length <= FLOWS_MAX) return { shown: found, all: found.length, most };
  const having = new Uint32Array(most + 2);
  for (const index of found) having[counts[index]!]!++;
  let limit = most;
  let above = 0;
  while (above + having[limit]! <= FLOWS_MAX) above += having[limit--]!;
  const every = Math.ceil(having[limit]! / Math.max(1, FLOWS_MAX - above));
  let nth = 0;
  const shown = found.filter((index) => counts[index]! > limit || (counts[index] === limit && nth++ % every === 0));
  return { shown, all: found.length, most };
}

/** How many messages begin in each bucket for each pair of lanes; null for more pairs than a picture can hold. */
function countFlows(scene: Scene): Uint32Array | null {
  const { trace, axis, layout } = scene;
  const nodes = trace.nodes;
  const buckets = Math.ceil(layout.width / BUCKET);
  if (nodes * nodes * buckets > 4_000_000) return null;
  const flows = new Uint32Array(buckets * nodes * nodes);
  const [left, right] = layout.seen;
  const [first, last] = axis.messagesWithin(left, right);
  const { sendEvent, target, process, processNode } = trace.columns;
  const scale = layout.width / (right - left) / BUCKET;
  const x = axis.x;
  for (let message = first; message < last; message++) {
    const send = sendEvent[message]!;
    const bucket = Math.floor((x[send]! - left) * scale);
    if (bucket < 0 || bucket >= buckets) continue;
    flows[(bucket * nodes + processNode[process[send]!]!) * nodes + target[message]!]!++;
  }
  return flows;
}
