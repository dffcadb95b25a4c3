//! The top of the page: verdict, what was run, the sentence, and the command that replays it.

import { button, fill, h } from "./dom";
import type { Facts } from "./facts";
import { count, duration, things } from "./format";

/** A sentence of more letters than this is set smaller. */
const LONG = 150;

/** Verdict, title and counts in one row; `end` is when the run ended, in ns, if it is known. */
export function bar(facts: Facts, end: number | null): HTMLElement {
  const { verdict, counts } = facts;
  const violated = facts.judgements.filter((one) => one.word === "violated").length;
  const number = (name: string): number => counts[name] ?? 0;
  const parts = [
    facts.seed === null ? "" : `seed ${facts.seed}`,
    things(number("nodes"), "node"), things(number("events"), "event"), things(number("messages"), "message"),
    number("lost") > 0 ? `${count(number("lost"))} lost` : "", number("duplicated") > 0 ? `${count(number("duplicated"))} duplicated` : "",
    end === null ? "" : duration(end),
  ].filter((part) => part !== "");
  const many = verdict.word === "violated" && facts.judgements.length > 0 ? ` · ${violated} of ${things(facts.judgements.length, "promise")}` : "";
  return h("header", { class: `bar ${verdict.word}` },
    h("p", { class: "verdict" }, h("b", {}, `${verdict.glyph} ${verdict.word}`), many),
    h("h1", {}, h("bdi", {}, facts.title)),
    h("p", { class: "numbers" }, parts.join(" · ")));
}

/** What went wrong, in one sentence, and how to see it again. */
export function sentence(facts: Facts): HTMLElement {
  const smallest = facts.judgements.find((one) => one.word === "violated" && one.steps.length > 0);
  return h("section", { class: "sentence", "aria-label": "In one sentence" },
    h("p", { class: facts.sentence.length > LONG ? "said long" : "said" }, h("bdi", {}, facts.sentence)),
    (facts.replay !== "" || smallest !== undefined) && h("p", { class: "replay" },
      smallest !== undefined && h("span", { class: "soft" }, `${things(smallest.steps.length, "step")} ${smallest.steps.length === 1 ? "suffices" : "suffice"}. `),
      facts.replay !== "" && h("code", {}, facts.replay), facts.replay !== "" && " ",
      facts.replay !== "" && copier(facts.replay)));
}

/** What the page cannot know, lest nobody take for concurrent what nobody noted; empty where all is known. */
export function unknown(facts: Facts): HTMLElement[] {
  if (facts.unknown.length === 0) return [];
  return [h("aside", { class: "not-known", "aria-label": "What is not known" }, h("b", {}, "Not known: "),
    ...(facts.unknown.length === 1 ? [h("bdi", {}, facts.unknown[0]!)]
      : [h("ul", {}, ...facts.unknown.map((line) => h("li", {}, h("bdi", {}, line))))]))];
}

function copier(text: string): HTMLElement {
  const press = button("Copy", "Copy the command", () => {
    const done = (): void => {
      fill(press, "Copied");
      setTimeout(() => fill(press, "Copy"), 1500);
    };
    navigator.clipboard?.writeText(text).then(done, () => fill(press, "Select it and copy"));
  });
  return press;
}
