//! Keys, marks and the language of the search, behind `?`.

import { button, h } from "./dom";
import type { Facts } from "./facts";
import { MOTIFS } from "./motifs";
import { legend } from "./panel";
import { FIELDS } from "./query";
import { unordered } from "./unordered";

const KEYS: [string, string][] = [
  ["← →", "the event before or after, on its lane"],
  ["↑ ↓", "the nearest event on the lane above or below"],
  ["[ ]", "where the message received came from; where the message sent arrives"],
  ["Enter", "keep this event and compare it to the next one selected"],
  ["W S", "zoom in, out"],
  ["A D", "left, right"],
  ["F", "bring what is selected, or the evidence, into view"],
  ["0", "the whole run"],
  ["N, Shift N", "the next or previous event in evidence"],
  ["E", "explain: dim all but the evidence"],
  ["C", "cone: past and future, past, future, off"],
  ["X", "the next axis"],
  ["/", "search; Enter for the next match"],
  ["T", "light, dark, or as the system"],
  ["P", "save the picture"],
  ["Esc", "let go, step by step"],
  ["?", "this"],
];

const SEARCH: [string, string][] = [
  ["reconcile pacific", "both words, in label, process or kind"],
  ["e15 · m12", "an event; both ends of a message"],
  ["node=pacific kind=write", `fields: ${FIELDS.join(", ")}`],
  ["event=/yaw [+-]2/", "a pattern; !=, “quoted text” too"],
  ["a || b, a && b, a ^ b, ( )", "or, and, one of both; from left to right, all alike"],
  ["kind=lost", "also send, duplicated, undelivered, held, corrupted"],
  ["before:e15 after:e15 concurrent:e15", "how events stand to one another"],
];

/** The dialog for such a run; it opens with `showModal`. */
export function help(facts: Facts): HTMLDialogElement {
  const list = (rows: [string, string][]): HTMLElement =>
    h("dl", { class: "keys" }, ...rows.flatMap(([keys, text]) => [h("dt", {}, h("kbd", {}, keys)), h("dd", {}, text)]));
  const dialog = h("dialog", { class: "help", "aria-labelledby": "help-title" },
    h("h2", { id: "help-title" }, "How to read this page", button("Close", "Close", () => dialog.close(), { autofocus: true })),
    h("p", {}, `Each lane is a node, time goes to the right, an arrow is a message. Colour tells only cause and effect: blue can have led to the event, orange it can have led to, grey ${unordered(facts).rest}. Clocks are not asked for that.`),
    h("div", { class: "columns" },
      h("section", {}, h("h3", {}, "Keys"), list(KEYS), h("h3", {}, "Patterns"),
        list(MOTIFS.map(({ name, finds }) => [`motif:${name}`, finds]))),
      h("section", {}, h("h3", {}, "Marks"), legend(), h("h3", {}, "Search"), list(SEARCH))),
    h("p", {}, "Ctrl and wheel zoom, Shift and wheel or dragging move. The address of the page keeps the view: send it to show what you see."));
  return dialog;
}
