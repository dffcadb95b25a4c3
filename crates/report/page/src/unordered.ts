//! What two events are called that nothing orders: concurrent where every order is known, else no more than that none is known.

import type { Facts } from "./facts";

/** The words for two events that nothing orders. */
export interface Unordered {
  glyph: string;
  /** Of two events: what they are. */
  word: string;
  /** As it stands between two events in a sentence. */
  phrase: string;
  /** Of many events, after their number. */
  many: string;
  /** Of all that is in neither cone. */
  rest: string;
}

const CONCURRENT: Unordered = {
  glyph: "∥", word: "concurrent", phrase: "concurrent with", many: "concurrent", rest: "is concurrent with it",
};
const NOT_KNOWN: Unordered = {
  glyph: "?", word: "no order known", phrase: "in no known order with", many: "in no known order", rest: "is in no order with it that is known",
};

/** The words that this run allows. */
export function unordered(facts: Facts): Unordered {
  return facts.unknown.length > 0 ? NOT_KNOWN : CONCURRENT;
}
