//! Where things stand on the canvas: lanes from top to bottom, the window of the axis from left to right.

import type { Trace } from "./trace";

/** Space at both sides, so that the first and the last mark are whole. */
const PAD = 18;
/** Above the first lane: for the names of bands, or where there are none. */
const TOP = { named: 30, bare: 10 };
/** Below the last lane, for the axis. */
const BOTTOM = 28;
const LANE_MIN = 30;
const LANE_MAX = 116;
/** Between chains that share a lane, at most. */
const ROW_MAX = 20;

/** Pixels for a set of lanes, a window, and so many bands that want names. */
export class Layout {
  readonly height: number;
  /** Where the lanes begin. */
  readonly top: number;
  readonly lane: number;
  private readonly row: Map<number, number>;

  /** `lanes` are the nodes drawn, from top to bottom; `room` is the height that would be pleasant. */
  constructor(
    readonly lanes: number[], readonly width: number, room: number, readonly first: number, readonly last: number, bands: number,
    private readonly trace: Trace | null = null,
  ) {
    this.top = bands > 0 ? TOP.named : TOP.bare;
    const rows = trace === null ? 0 : lanes.reduce((most, node) => Math.max(most, trace.rows[node]!), 0);
    const fair = Math.max((room - this.top - BOTTOM) / Math.max(1, lanes.length), rows * ROW_MAX + 14);
    this.lane = Math.round(Math.min(LANE_MAX, Math.max(LANE_MIN, fair)));
    this.height = this.top + BOTTOM + this.lane * Math.max(1, lanes.length);
    this.row = new Map(lanes.map((node, row) => [node, row]));
  }

  /** The middle of a node's lane, or null when it is not drawn. */
  y(node: number): number | null {
    const row = this.row.get(node);
    return row === undefined ? null : this.top + this.lane * (row + 0.5);
  }

  /** The middle of what a process is drawn on, or null when its lane is not: chains that share a lane have a row each. */
  ofProcess(process: number): number | null {
    const { trace } = this;
    if (trace === null) return null;
    const node = trace.columns.processNode[process]!;
    const y = this.y(node);
    const rows = trace.rows[node]!;
    return y === null || rows < 2 ? y : y + (trace.row[process]! - (rows - 1) / 2) * this.gap(node);
  }

  /** How far the rows of a lane are apart. */
  gap(node: number): number {
    return Math.min(ROW_MAX, (this.lane - 14) / Math.max(1, this.trace?.rows[node] ?? 1));
  }

  /** The height of an event, or null when its lane is not drawn. */
  ofEvent(event: number): number | null {
    return this.trace === null ? null : this.ofProcess(this.trace.columns.process[event]!);
  }

  /** Where the lanes end. */
  get bottom(): number {
    return this.height - BOTTOM;
  }

  px(x: number): number {
    return PAD + ((x - this.first) / (this.last - this.first)) * (this.width - 2 * PAD);
  }

  x(px: number): number {
    return this.first + ((px - PAD) / Math.max(1, this.width - 2 * PAD)) * (this.last - this.first);
  }

  /** The window with its margins, in units of the axis. */
  get seen(): [number, number] {
    return [this.x(0), this.x(this.width)];
  }

  /** The node whose lane is at this height. */
  node(y: number): number | null {
    const row = Math.floor((y - this.top) / this.lane);
    return this.lanes[row] ?? null;
  }
}

/** Room for labels on one line: takes spans, and says how much is free at a place. */
export class Row {
  private readonly taken: [number, number][] = [];

  /** How far a text that begins here may reach; null when the place is taken. */
  free(from: number, limit: number): number | null {
    let end = limit;
    for (const [first, last] of this.taken) {
      if (from >= first && from < last) return null;
      if (first >= from && first < end) end = first;
    }
    return end;
  }

  take(from: number, to: number): void {
    this.taken.push([from, to]);
  }
}
