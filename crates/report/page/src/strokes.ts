//! Lines and arrows.

/** A line with a head that ends at the edge of its mark. */
export function arrow(ctx: CanvasRenderingContext2D, from: [number, number], to: [number, number], gap: number): void {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = Math.hypot(dx, dy);
  if (length < 1) return;
  const [ux, uy] = [dx / length, dy / length];
  const tip: [number, number] = [to[0] - ux * (gap + 1), to[1] - uy * (gap + 1)];
  line(ctx, from[0], from[1], tip[0], tip[1]);
  const size = Math.min(8, length / 2);
  ctx.beginPath();
  ctx.moveTo(tip[0], tip[1]);
  ctx.lineTo(tip[0] - ux * size - uy * size * 0.42, tip[1] - uy * size + ux * size * 0.42);
  ctx.lineTo(tip[0] - ux * size + uy * size * 0.42, tip[1] - uy * size - ux * size * 0.42);
  ctx.closePath();
  ctx.fill();
}

/** A stroke between two points. */
export function line(ctx: CanvasRenderingContext2D, x: number, y: number, toX: number, toY: number): void {
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(toX, toY);
  ctx.stroke();
}
