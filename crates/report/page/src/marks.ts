//! The mark of an event: its shape tells what it is, its colour only how it stands to another one.

import { Kind } from "./columns";
import type { Scene } from "./scene";

/** How large marks are, so that neighbours on a lane stay apart. */
export function radius(scene: Scene): number {
  if (scene.level !== "all") return 2;
  const room = (scene.layout.width * scene.layout.lanes.length) / Math.max(1, scene.visible);
  return room > 26 ? 4.5 : room > 9 ? 3.5 : 2.5;
}

/** Draws the mark of an event. */
export function drawMark(scene: Scene, event: number, x: number, y: number, size: number, colour: string): void {
  const { ctx, trace, palette } = scene;
  ctx.fillStyle = ctx.strokeStyle = colour;
  ctx.lineWidth = 1.5;
  const { kind, sends } = trace.columns;
  const isSending = sends[event + 1]! > sends[event]!;
  switch (kind[event]) {
    case Kind.crash:
      cross(ctx, x, y, size + 2);
      break;
    case Kind.restart:
      turn(ctx, x, y, size + 1.5, palette.paper);
      break;
    case Kind.write:
      diamond(ctx, x, y, size + 2.5);
      ctx.fill();
      break;
    case Kind.read:
      diamond(ctx, x, y, size + 1.5);
      ctx.fillStyle = palette.paper;
      ctx.fill();
      ctx.stroke();
      break;
    case Kind.receive:
      disc(ctx, x, y, size);
      ctx.fillStyle = palette.paper;
      ctx.fill();
      ctx.stroke();
      if (isSending) {
        ctx.fillStyle = colour;
        disc(ctx, x, y, size * 0.5);
        ctx.fill();
      }
      break;
    case Kind.invoke:
    case Kind.complete:
      triangle(ctx, x, y, size + 1, kind[event] === Kind.invoke ? 1 : -1);
      ctx.fillStyle = kind[event] === Kind.invoke ? colour : palette.paper;
      ctx.fill();
      ctx.stroke();
      break;
    default:
      if (isSending) {
        disc(ctx, x, y, size);
        ctx.fill();
      } else {
        ctx.fillRect(x - 1, y - size - 1, 2, size * 2 + 2);
      }
  }
}

/** A ring around a mark. */
export function drawRing(
  scene: Scene, at: [number, number] | null, size: number, colour: string, width: number, style: "solid" | "dotted",
): void {
  if (at === null) return;
  const { ctx } = scene;
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.setLineDash(style === "dotted" ? [2, 2] : []);
  disc(ctx, at[0], at[1], size);
  ctx.stroke();
  ctx.setLineDash([]);
}

function disc(ctx: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  ctx.beginPath();
  ctx.arc(x, y, size, 0, Math.PI * 2);
}

function diamond(ctx: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  ctx.beginPath();
  ctx.moveTo(x - size, y);
  ctx.lineTo(x, y - size);
  ctx.lineTo(x + size, y);
  ctx.lineTo(x, y + size);
  ctx.closePath();
}

function triangle(ctx: CanvasRenderingContext2D, x: number, y: number, size: number, way: 1 | -1): void {
  ctx.beginPath();
  ctx.moveTo(x - size * 0.8 * way, y - size);
  ctx.lineTo(x + size * way, y);
  ctx.lineTo(x - size * 0.8 * way, y + size);
  ctx.closePath();
}

function cross(ctx: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  ctx.lineWidth = 2.5;
  ctx.beginPath();
  ctx.moveTo(x - size, y - size);
  ctx.lineTo(x + size, y + size);
  ctx.moveTo(x - size, y + size);
  ctx.lineTo(x + size, y - size);
  ctx.stroke();
}

function turn(ctx: CanvasRenderingContext2D, x: number, y: number, size: number, paper: string): void {
  const colour = ctx.strokeStyle;
  ctx.fillStyle = paper;
  disc(ctx, x, y, size);
  ctx.fill();
  ctx.lineWidth = 1.75;
  ctx.beginPath();
  ctx.arc(x, y, size, -Math.PI * 0.3, Math.PI * 1.25);
  ctx.stroke();
  ctx.fillStyle = colour;
  ctx.beginPath();
  ctx.moveTo(x + size * 1.25, y - size * 0.95);
  ctx.lineTo(x + size * 0.05, y - size * 1.05);
  ctx.lineTo(x + size * 0.85, y + size * 0.05);
  ctx.closePath();
  ctx.fill();
}
