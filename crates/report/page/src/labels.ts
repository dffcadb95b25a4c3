//! Labels beside marks, as many as have room; what has none is in the panel and in the table.

import { visible } from "./dom";
import { Row } from "./layout";
import { Kind } from "./columns";
import { colourOf, strength, type Scene } from "./scene";

/** Narrower than this, a label says nothing. */
const WIDTH_MIN = 44;
const WIDTH_MAX = 340;
/** In a picture narrower than this, a label keeps to its mark if this much of it has room there. */
const NARROW = 500;
const NEAR = 150;
/** Letters that are looked at, however long a label is. */
const LETTERS_MAX = 160;

/** Draws labels above lanes, then below, what matters most first. */
export function drawLabels(scene: Scene, events: number[]): void {
  const { ctx, trace, axis, layout, state, focus, matches, palette } = scene;
  const rank = (event: number): number => {
    if (event === state.hover) return 0;
    if (event === state.one || event === state.other) return 1;
    if (focus.events.has(event)) return 2;
    if (matches !== null && matches[event]) return 3;
    const kind = trace.columns.kind[event]!;
    if (kind === Kind.write || kind === Kind.crash || kind === Kind.restart) return 4;
    return kind === Kind.persist ? 7 : kind === Kind.local ? 6 : 5;
  };
  const rows = new Map<number, { above: Row; below: Row }>();
  const ranked = events.map((event) => ({ event, rank: rank(event) })).sort((one, other) => one.rank - other.rank);
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  for (const { event, rank: own } of ranked) {
    const text = labelOf(scene, event, own);
    if (text === "") continue;
    const [node, process] = [trace.node(event), trace.columns.process[event]!];
    const isChain = trace.isChain(process);
    const line = isChain ? trace.row[process]! : 0;
    // A lane and one of its rows as one number: a lane has fewer rows than that.
    const row = rows.get(node * 256 + line) ?? { above: new Row(), below: new Row() };
    rows.set(node * 256 + line, row);
    ctx.font = `${own <= 2 ? "600 " : ""}12px ${palette.font}`;
    ctx.globalAlpha = strength(scene, own <= 2);
    ctx.fillStyle = own <= 2 ? palette.ink : colourOf(scene, event);
    const [x, y] = [layout.px(axis.x[event]!) + 4, layout.ofEvent(event)!];
    if (isChain) {
      // On its own row, behind the mark: above and below are other chains.
      if (layout.gap(node) >= 12 || own <= 2) put(scene, row.above, text, x + 5, y, own, "bar");
      continue;
    }
    if (layout.lane < 44 && own > 2) continue;
    if (!put(scene, row.above, text, x, y - 17, own) && layout.lane >= 76) put(scene, row.below, text, x, y + 17, own);
  }
  ctx.globalAlpha = 1;
}

function labelOf(scene: Scene, event: number, rank: number): string {
  const label = scene.trace.label(event).slice(0, LETTERS_MAX);
  if (rank <= 2) return visible(`e${event} ${label === "" ? scene.trace.what(event) : label}`);
  return visible(label);
}

/** Writes as much of a text as has room; false when hardly any has. */
function put(scene: Scene, row: Row, text: string, x: number, y: number, rank: number, ground: "paper" | "bar" = "paper"): boolean {
  const { ctx, layout } = scene;
  if (x < 0 || x > layout.width - 20) return false;
  const wanted = Math.min(WIDTH_MAX, ctx.measureText(text).width);
  let from = x;
  // What matters most may begin left of its mark rather than be cut by the edge; where all are long for the picture, a reader
  // would no longer see which is whose.
  const whole = layout.width < NARROW ? Math.min(wanted, NEAR) : wanted;
  if (rank <= 2) from = Math.max(2, Math.min(x, layout.width - whole - 4));
  let end = row.free(from, layout.width);
  if (from < x && (end === null || end < x)) {
    // Cut before its mark, it would stand at another's.
    from = x;
    end = row.free(from, layout.width);
  }
  if (end === null) return false;
  const room = Math.min(wanted, end - from - 6);
  if (room < Math.min(wanted, WIDTH_MIN)) return false;
  // A line that crosses a text must not strike it out.
  ctx.strokeStyle = scene.palette.paper;
  ctx.lineWidth = 3;
  const shown = shortened(ctx, text, room);
  if (ground === "bar") {
    const ink = ctx.fillStyle;
    ctx.fillStyle = scene.palette.band;
    ctx.fillRect(from - 3, y - 6, ctx.measureText(shown).width + 6, 12);
    ctx.fillStyle = ctx.strokeStyle = ink;
    ctx.fillText(shown, from, y);
    row.take(from - 8, from + room + 8);
    return true;
  }
  ctx.strokeText(shown, from, y);
  ctx.fillText(shown, from, y);
  row.take(from - 8, from + room + 8);
  return true;
}

/** A text cut so that it takes no more than so many pixels, with … where it was. */
export function shortened(ctx: CanvasRenderingContext2D, text: string, room: number): string {
  if (ctx.measureText(text).width <= room) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (ctx.measureText(`${text.slice(0, middle)}…`).width <= room) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? "" : `${text.slice(0, low).trimEnd()}…`;
}
