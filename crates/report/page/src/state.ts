//! What the reader has chosen: one object, changed in one place, from which everything is drawn.

import type { AxisName } from "./axis";

export type ConeMode = "both" | "past" | "future" | "off";
export type Theme = "auto" | "light" | "dark";
export type TabName = "promises" | "events" | "world" | "source" | "environment";

export interface State {
  axis: AxisName;
  /** The part of the axis that is seen. */
  first: number;
  last: number;
  /** The event that is pinned, and the second one to which it is compared. */
  one: number | null;
  other: number | null;
  /** The event under the pointer. */
  hover: number | null;
  cone: ConeMode;
  /** The judgement whose evidence alone stands out. */
  explain: number | null;
  query: string;
  /** Which of the matches is the current one. */
  match: number;
  tab: TabName;
  theme: Theme;
  /** Nodes from top to bottom, and which of them are not drawn. */
  lanes: number[];
  hidden: Set<number>;
}

/** Holds the state and tells who asked about every change, at most once a frame. */
export class Store {
  private readonly listeners: ((state: State, changed: Set<keyof State>) => void)[] = [];
  private changed = new Set<keyof State>();
  private isWaiting = false;

  constructor(public state: State) {}

  set(patch: Partial<State>): void {
    for (const key of Object.keys(patch) as (keyof State)[]) {
      if (this.state[key] !== patch[key]) this.changed.add(key);
    }
    this.state = { ...this.state, ...patch };
    if (this.changed.size > 0 && !this.isWaiting) {
      this.isWaiting = true;
      requestAnimationFrame(() => this.flush());
    }
  }

  /** Tells all listeners now, if there is anything to tell. */
  flush(): void {
    this.isWaiting = false;
    const changed = this.changed;
    if (changed.size === 0) return;
    this.changed = new Set();
    for (const listener of this.listeners) listener(this.state, changed);
  }

  /** Tells nobody of what has changed so far: they are about to draw everything. */
  settle(): void {
    this.changed = new Set();
  }

  listen(listener: (state: State, changed: Set<keyof State>) => void): void {
    this.listeners.push(listener);
  }
}
