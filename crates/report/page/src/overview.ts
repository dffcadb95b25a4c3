//! The whole run as a strip: where events are dense, what the world did, where it went wrong, and the window that is seen.

import type { App } from "./app";
import { h } from "./dom";
import type { Palette } from "./palette";

const HEIGHT = 38;

export class Overview {
  readonly element: HTMLElement;
  private readonly canvas = h("canvas", { role: "img", "aria-label": "Overview of the whole run with the part that is seen" });
  private readonly still = h("canvas");
  private drawnFor = "";
  private width = 50;

  constructor(private readonly app: App) {
    this.element = h("div", { class: "overview" }, this.canvas);
    let grip: { at: number; first: number; last: number } | null = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      const { first, last } = app.state;
      const at = this.at(event);
      const isInside = at >= first && at <= last && last - first < (app.axis.last - app.axis.first) * 0.98;
      if (!isInside) app.look(at - (last - first) / 2, at + (last - first) / 2);
      grip = { at, first: app.state.first, last: app.state.last };
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (grip === null) return;
      const by = this.at(event) - grip.at;
      app.look(grip.first + by, grip.last + by);
    });
    this.canvas.addEventListener("pointerup", () => (grip = null));
  }

  private at(event: PointerEvent): number {
    const box = this.canvas.getBoundingClientRect();
    const { axis } = this.app;
    return axis.first + ((event.clientX - box.left) / Math.max(1, box.width)) * (axis.last - axis.first);
  }

  /** Draws it, as wide as it was measured and in these colours. */
  render(palette: Palette): void {
    const { app, canvas, width } = this;
    const { axis, state } = app;
    const ratio = window.devicePixelRatio;
    if (canvas.width !== Math.round(width * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(HEIGHT * ratio);
    }
    const ctx = canvas.getContext("2d")!;
    const key = `${axis.name} ${width} ${ratio} ${palette.ink}`;
    if (this.drawnFor !== key) {
      this.drawnFor = key;
      [this.still.width, this.still.height] = [canvas.width, canvas.height];
      this.drawStill(this.still.getContext("2d")!, width, ratio, palette);
    }
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, canvas.width, canvas.height);
    ctx.drawImage(this.still, 0, 0);
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    const px = (x: number): number => ((x - axis.first) / (axis.last - axis.first)) * width;
    ctx.strokeStyle = palette.ink;
    ctx.lineWidth = 1.5;
    const [from, to] = [Math.max(1, px(state.first)), Math.min(width - 1, px(state.last))];
    ctx.globalAlpha = 0.1;
    ctx.fillStyle = palette.ink;
    ctx.fillRect(0, 0, from, HEIGHT);
    ctx.fillRect(to, 0, width - to, HEIGHT);
    ctx.globalAlpha = 1;
    ctx.strokeRect(from, 1, Math.max(2, to - from), HEIGHT - 2);
  }

  /** Everything but the window, which alone moves. */
  private drawStill(ctx: CanvasRenderingContext2D, width: number, ratio: number, palette: Palette): void {
    const { axis, facts } = this.app;
    const px = (x: number): number => ((x - axis.first) / (axis.last - axis.first)) * width;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.fillStyle = palette.band;
    for (const happening of facts.world) {
      if (happening.until === null) continue;
      const [from, to] = [axis.of(happening.at), axis.of(happening.until)];
      if (from !== null && to !== null) ctx.fillRect(px(from), 0, Math.max(1, px(to) - px(from)), HEIGHT);
    }
    const counts = this.count(width);
    const most = counts.reduce((one, other) => Math.max(one, other), 1);
    ctx.fillStyle = palette.soft;
    for (let at = 0; at < width; at++) {
      if (counts[at]! === 0) continue;
      const size = 3 + Math.sqrt(counts[at]! / most) * (HEIGHT - 18);
      ctx.fillRect(at, HEIGHT - 2 - size, 1, size);
    }
    ctx.fillStyle = palette.bad;
    for (const event of this.app.violations()) this.drawFault(ctx, px(axis.x[event]!));
  }

  private drawFault(ctx: CanvasRenderingContext2D, x: number): void {
    ctx.beginPath();
    ctx.moveTo(x - 5, 2);
    ctx.lineTo(x + 5, 2);
    ctx.lineTo(x, 10);
    ctx.closePath();
    ctx.fill();
  }

  /** Takes the width that the page gives. */
  measure(): void {
    this.width = Math.max(50, Math.floor(this.element.getBoundingClientRect().width));
  }

  private count(width: number): Uint32Array {
    const { axis } = this.app;
    const counts = new Uint32Array(width);
    const scale = (width - 1) / (axis.last - axis.first);
    for (let event = 0; event < axis.x.length; event++) counts[Math.floor((axis.x[event]! - axis.first) * scale)]!++;
    return counts;
  }
}
