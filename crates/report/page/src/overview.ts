//! The whole run as a strip: where events are dense, what the world did, where it went wrong, and the window that is seen.

import type { App } from "./app";
import { h } from "./dom";
import { paletteOf } from "./palette";

const HEIGHT = 38;

export class Overview {
  readonly element: HTMLElement;
  private readonly canvas = h("canvas", { role: "img", "aria-label": "Overview of the whole run with the part that is seen" });
  private width = 0;
  private counts: Uint32Array | null = null;
  private countedFor = "";

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

  render(): void {
    const { app, canvas } = this;
    const { axis, state, facts } = app;
    const width = Math.max(50, Math.floor(this.element.getBoundingClientRect().width));
    const ratio = window.devicePixelRatio;
    if (width !== this.width || canvas.width !== Math.round(width * ratio)) {
      this.width = width;
      canvas.width = Math.round(width * ratio);
      canvas.height = HEIGHT * ratio;
      this.counts = null;
    }
    const ctx = canvas.getContext("2d")!;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, HEIGHT);
    const palette = paletteOf(canvas);
    const px = (x: number): number => ((x - axis.first) / (axis.last - axis.first)) * width;
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
      if (counts[at]! > 0) {
        const size = 3 + (Math.sqrt(counts[at]! / most) * (HEIGHT - 18));
        ctx.fillRect(at, HEIGHT - 2 - size, 1, size);
      }
    }
    ctx.fillStyle = palette.bad;
    for (const event of app.violations()) this.drawFault(ctx, px(axis.x[event]!));
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

  private drawFault(ctx: CanvasRenderingContext2D, x: number): void {
    ctx.beginPath();
    ctx.moveTo(x - 5, 2);
    ctx.lineTo(x + 5, 2);
    ctx.lineTo(x, 10);
    ctx.closePath();
    ctx.fill();
  }

  private count(width: number): Uint32Array {
    const { axis } = this.app;
    if (this.counts !== null && this.countedFor === axis.name) return this.counts;
    const counts = new Uint32Array(width);
    const scale = (width - 1) / (axis.last - axis.first);
    for (let event = 0; event < axis.x.length; event++) counts[Math.floor((axis.x[event]! - axis.first) * scale)]!++;
    [this.counts, this.countedFor] = [counts, axis.name];
    return counts;
  }
}
