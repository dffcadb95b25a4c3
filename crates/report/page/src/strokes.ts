//! Lines and arrows: one at a time, or gathered by how they look and drawn in one stroke, which is much faster.

/** A stroke between two points. */
export function line(ctx: CanvasRenderingContext2D, x: number, y: number, toX: number, toY: number): void {
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(toX, toY);
  ctx.stroke();
}

/** How a line looks. */
export interface Look {
  colour: string;
  width: number;
  alpha: number;
  dash: "solid" | "stub" | "twin" | "edge";
}

const DASHES = { solid: [], stub: [4, 3], twin: [5, 2], edge: [1.5, 3.5] };

/** Lines and heads of one look. */
interface Pen {
  look: Look;
  lines: Path2D;
  heads: Path2D;
}

/** Gathers lines of several looks. */
export class Pens {
  private readonly pens = new Map<string, Pen>();

  private pen(look: Look): Pen {
    const key = `${look.colour} ${look.width} ${look.alpha} ${look.dash}`;
    let pen = this.pens.get(key);
    if (pen === undefined) {
      pen = { look, lines: new Path2D(), heads: new Path2D() };
      this.pens.set(key, pen);
    }
    return pen;
  }

  line(look: Look, from: [number, number], to: [number, number]): void {
    const { lines } = this.pen(look);
    lines.moveTo(from[0], from[1]);
    lines.lineTo(to[0], to[1]);
  }

  /** A line with a head that ends at the edge of a mark of this size. */
  arrow(look: Look, from: [number, number], to: [number, number], gap: number): void {
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const length = Math.hypot(dx, dy);
    if (length < 1) return;
    const [ux, uy] = [dx / length, dy / length];
    const tip: [number, number] = [to[0] - ux * (gap + 1), to[1] - uy * (gap + 1)];
    this.line(look, from, tip);
    const size = Math.min(gap < 3 ? 5 : 8, length / 2);
    const { heads } = this.pen(look);
    heads.moveTo(tip[0], tip[1]);
    heads.lineTo(tip[0] - ux * size - uy * size * 0.42, tip[1] - uy * size + ux * size * 0.42);
    heads.lineTo(tip[0] - ux * size + uy * size * 0.42, tip[1] - uy * size - ux * size * 0.42);
    heads.closePath();
  }

  draw(ctx: CanvasRenderingContext2D): void {
    for (const { look, lines, heads } of this.pens.values()) {
      ctx.strokeStyle = ctx.fillStyle = look.colour;
      ctx.globalAlpha = look.alpha;
      ctx.lineWidth = look.width;
      ctx.setLineDash(DASHES[look.dash]);
      ctx.stroke(lines);
      ctx.fill(heads);
    }
    ctx.globalAlpha = 1;
    ctx.setLineDash([]);
  }
}
