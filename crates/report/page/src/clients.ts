//! Which nodes are clients, told by their messages alone: those that talk to a single other one, which talks to more.

import type { Trace } from "./trace";

/** For each node the one that it is a client of; −1 where it is none. O(messages). */
export function serverOf(trace: Trace): Int32Array {
  const peer = new Int32Array(trace.nodes).fill(-1);
  const isBusy = new Uint8Array(trace.nodes);
  const meet = (one: number, other: number): void => {
    if (peer[one] === -1) peer[one] = other;
    else if (peer[one] !== other) isBusy[one] = 1;
  };
  for (let message = 0; message < trace.messages; message++) {
    const [from, to] = [trace.node(trace.columns.sendEvent[message]!), trace.columns.target[message]!];
    if (from === to) continue;
    meet(from, to);
    meet(to, from);
  }
  return peer.map((other, node) => (isBusy[node] === 0 && other >= 0 && isBusy[other] === 1 ? other : -1));
}
