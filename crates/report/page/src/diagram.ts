//! The diagram as a thing to touch: pointer, wheel and pinch become changes of state, states become pictures.

import type { App } from "./app";
import { draw } from "./draw";
import { fill, h } from "./dom";
import { clipped, count } from "./format";
import { Layout } from "./layout";
import type { Cone } from "./order";
import { paletteOf, type Palette } from "./palette";
import type { Drawn, Scene } from "./scene";
import { countVisible, levelOf } from "./visible";

/** How near a pointer must come to a mark, in pixels. */
const REACH = 14;

export class Diagram {
  readonly element: HTMLElement;
  private readonly canvas = h("canvas", { "aria-hidden": "true" });
  private readonly gutter = h("div", { class: "gutter" });
  private readonly note = h("p", { class: "drawn", role: "status" });
  private readonly stage: HTMLElement;
  private width = 0;
  private room = 0;
  private ratio = 1;
  private palette: Palette | null = null;
  layout: Layout;
  drawn: Drawn = { level: "all", events: 0, messages: 0, every: 1, tallest: 1, flows: 0, allFlows: 0 };
  private readonly pointers = new Map<number, { x: number; y: number }>();
  private drag: { x: number; first: number; last: number; isMoved: boolean } | null = null;
  private coneOf: { event: number; cone: Cone } | null = null;

  constructor(private readonly app: App, private readonly share = 1) {
    this.stage = h("div", {
      class: "stage", tabindex: 0, role: "application",
      "aria-label": "Space-time diagram. Arrow keys walk from event to event; the same events stand in the table below.",
    }, this.canvas);
    this.element = h("div", { class: "diagram" }, h("div", { class: "lanes" }, this.gutter, this.stage), this.note);
    this.layout = new Layout([], 100, 400, 0, 1, 0);
    this.listen();
  }

  /** Takes the size that the page gives; whether it is another one. */
  measure(): boolean {
    const { width } = this.stage.getBoundingClientRect();
    const room = Math.max(220, Math.min(640, window.innerHeight * 0.58) * this.share);
    const isNew = width !== this.width || room !== this.room || this.ratio !== window.devicePixelRatio;
    [this.width, this.room, this.ratio] = [width, room, window.devicePixelRatio];
    return isNew;
  }

  /** Forgets colours, after the scheme has changed. */
  recolour(): void {
    this.palette = null;
  }

  /** The colours of now. */
  colours(): Palette {
    return (this.palette ??= paletteOf(this.stage));
  }

  /** Draws the state as it is. */
  render(): void {
    const { state, axis, trace } = this.app;
    const lanes = state.lanes.filter((node) => !state.hidden.has(node));
    this.layout = new Layout(lanes, Math.max(50, this.width), this.room, state.first, state.last, this.app.facts.world.length, trace);
    const { layout, canvas } = this;
    const [width, height] = [Math.round(layout.width * this.ratio), Math.round(layout.height * this.ratio)];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      canvas.style.height = `${layout.height}px`;
      this.placeNames();
    }
    const ctx = canvas.getContext("2d")!;
    ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    const [left, right] = layout.seen;
    const visible = countVisible(trace, axis, lanes, left, right);
    const scene: Scene = {
      ctx, trace, order: this.app.order, axis, facts: this.app.facts, layout, palette: this.colours(), state,
      cone: this.cone(), focus: this.app.focus(), isExplained: state.explain !== null,
      matches: this.app.found?.mask ?? null, level: levelOf(visible), visible,
      parting: this.app.parting,
    };
    this.drawn = draw(scene);
    this.tellDrawn(lanes.length);
  }

  /** The names of the lanes, as text beside the canvas. */
  placeNames(): void {
    const { app, layout } = this;
    fill(this.gutter, ...layout.lanes.map((node) => {
      const name = app.trace.nodeNames[node]!;
      const label = h("div", { class: layout.lane < 80 ? "lane-name tight" : "lane-name", title: clipped(name, 300) }, h("bdi", {}, clipped(name, 80)));
      label.style.top = `${layout.y(node)!}px`;
      return label;
    }));
  }

  private cone(): Cone | null {
    const { state, order } = this.app;
    const event = state.hover ?? state.one;
    if (event === null || state.cone === "off") return null;
    if (this.coneOf?.event !== event) this.coneOf = { event, cone: order.cone(event) };
    return this.coneOf.cone;
  }

  private tellDrawn(lanes: number): void {
    const { drawn, app } = this;
    const parts: string[] = [];
    const all = app.trace.events;
    parts.push(drawn.events === all ? `all ${count(all)} events` : `${count(drawn.events)} of ${count(all)} events in view`);
    if (drawn.level === "density") parts.push(`drawn as density, at most ${count(drawn.tallest)} in a pixel: zoom in for single events`);
    if (drawn.flows < drawn.allFlows) {
      parts.push(`the heaviest ${count(drawn.flows)} of ${count(drawn.allFlows)} bundles of messages`);
    }
    if (drawn.level === "sample") parts.push(`drawn as ticks; ${drawn.every === 1 ? "every message" : `1 of ${count(drawn.every)} messages`} drawn`);
    if (lanes < app.trace.nodes) parts.push(`${app.trace.nodes - lanes} of ${app.trace.nodes} lanes hidden`);
    const text = parts.join(" · ");
    if (this.note.textContent !== text) fill(this.note, text);
  }

  /** The event nearest to a place on the canvas, or null. */
  hit(x: number, y: number): number | null {
    const node = this.layout.node(y);
    if (node === null) return null;
    const { axis, trace } = this.app;
    let best: number | null = null;
    let distance = this.drawn.level === "all" ? REACH : Infinity;
    for (const process of trace.ofNode[node]!) {
      const sorted = axis.sorted[process]!;
      const [begin, end] = axis.within(process, this.layout.x(x - REACH), this.layout.x(x + REACH));
      // Around the pointer, not from the edge: with many events in a few pixels the nearest are in the middle.
      const middle = axis.within(process, this.layout.x(x), this.layout.x(x))[0];
      for (let index = Math.max(begin, middle - 40); index < Math.min(end, middle + 40); index++) {
        const aside = Math.abs(this.layout.px(axis.x[sorted[index]!]!) - x);
        // Of chains that share a lane the one that is pointed at.
        const off = trace.isChain(process) ? Math.hypot(aside, this.layout.ofProcess(process)! - y) : aside;
        if (off < distance) [best, distance] = [sorted[index]!, off];
      }
    }
    return best;
  }

  private listen(): void {
    const { stage } = this;
    stage.addEventListener("pointerdown", (event) => this.down(event));
    stage.addEventListener("pointermove", (event) => this.move(event));
    stage.addEventListener("pointerup", (event) => this.up(event));
    stage.addEventListener("pointercancel", (event) => {
      this.pointers.delete(event.pointerId);
      this.drag = null;
    });
    stage.addEventListener("pointerleave", () => this.app.store.set({ hover: null }));
    stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    stage.addEventListener("dblclick", (event) => this.app.zoom(0.5, this.layout.x(this.place(event)[0])));
  }

  private place(event: MouseEvent): [number, number] {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private down(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const { first, last } = this.app.state;
    this.drag = { x: event.clientX, first, last, isMoved: this.pointers.size > 1 };
  }

  private move(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (before === undefined || this.drag === null) {
      if (event.pointerType !== "touch") this.app.store.set({ hover: this.hit(...this.place(event)) });
      return;
    }
    const now = { x: event.clientX, y: event.clientY };
    if (this.pointers.size === 2) {
      const other = [...this.pointers].find(([id]) => id !== event.pointerId)![1];
      const [was, is] = [Math.abs(before.x - other.x), Math.abs(now.x - other.x)];
      const box = this.canvas.getBoundingClientRect();
      if (was > 4 && is > 4) this.app.zoom(was / is, this.layout.x((now.x + other.x) / 2 - box.left));
    } else if (this.drag.isMoved || Math.abs(now.x - this.drag.x) > 4) {
      this.drag.isMoved = true;
      this.stage.setPointerCapture(event.pointerId);
      const per = (this.drag.last - this.drag.first) / Math.max(1, this.layout.width);
      const by = (this.drag.x - now.x) * per;
      this.app.look(this.drag.first + by, this.drag.last + by);
    }
    this.pointers.set(event.pointerId, now);
  }

  private up(event: PointerEvent): void {
    const isClick = this.pointers.delete(event.pointerId) && this.drag !== null && !this.drag.isMoved;
    if (this.pointers.size === 0) this.drag = null;
    if (isClick) this.app.press(this.hit(...this.place(event)));
  }

  private wheel(event: WheelEvent): void {
    const { first, last } = this.app.state;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.app.zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 150), this.layout.x(this.place(event)[0]));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      const by = ((event.deltaX || event.deltaY) / Math.max(1, this.layout.width)) * (last - first);
      this.app.look(first + by, last + by);
    }
  }

  /** The picture with its names, as a PNG that is offered for saving. */
  save(): void {
    const { canvas, layout, app } = this;
    const palette = this.colours();
    const left = 150;
    const copy = h("canvas");
    copy.width = canvas.width + left * this.ratio;
    copy.height = canvas.height;
    const ctx = copy.getContext("2d")!;
    ctx.fillStyle = palette.paper;
    ctx.fillRect(0, 0, copy.width, copy.height);
    ctx.drawImage(canvas, left * this.ratio, 0);
    ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    ctx.font = `600 13px ${palette.font}`;
    ctx.fillStyle = palette.ink;
    ctx.textBaseline = "middle";
    ctx.textAlign = "right";
    for (const node of layout.lanes) ctx.fillText(clipped(app.trace.nodeNames[node]!, 22), left - 10, layout.y(node)!);
    copy.toBlob((blob) => {
      if (blob === null) return;
      const link = h("a", { href: URL.createObjectURL(blob), download: "run.png" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    });
  }
}
