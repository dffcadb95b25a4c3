//! What is pinned, in words: an event with its clocks and messages, or two events, their relation, its proof, and the clocks held against it.

import type { App } from "./app";
import { sayings, written } from "./clocks";
import { button, fill, h } from "./dom";
import { clipped, count, duration, exact, signed, things, wall } from "./format";
import type { Relation, Step } from "./order";
import { unordered, type Unordered } from "./unordered";

/** Messages and steps that are listed; the rest is counted. */
const LISTED = 12;

export class Panel {
  readonly element = h("aside", { class: "panel", "aria-label": "What is selected", tabindex: 0 });
  /** Says to a screen reader what was selected. */
  readonly spoken = h("p", { class: "spoken", role: "status" });

  constructor(private readonly app: App) {}

  render(): void {
    const { one, other } = this.app.state;
    if (one === null) fill(this.element, ...this.nothing());
    else if (other === null) fill(this.element, ...this.event(one, "h2"));
    else fill(this.element, ...this.pair(one, other));
    this.element.scrollTop = 0;
    fill(this.spoken, one === null ? "" : this.spokenOf(one, other));
  }

  private spokenOf(one: number, other: number | null): string {
    const name = (event: number): string => `e${event} ${this.name(event)}`;
    if (other === null) return `${name(one)}, ${this.app.trace.what(one)}, ${this.app.trace.moment(this.app.trace.columns.at[one]!)}`;
    return `${name(one)} is ${phrase(this.app.order.relation(one, other), unordered(this.app.facts))} ${name(other)}`;
  }

  private nothing(): Node[] {
    return [
      h("h2", {}, "Nothing is selected"),
      h("p", {}, `Point at an event to see what can have led to it and what it can have led to; all else ${unordered(this.app.facts).rest}.`),
      h("p", {}, "Click to pin it. Click a second event to see how the two stand, and which clocks knew."),
      legend(),
    ];
  }

  private name(event: number): string {
    return clipped(this.app.trace.processName(this.app.trace.columns.process[event]!), 60);
  }

  /** A button that selects an event. */
  private link(event: number, text = `e${event}`): HTMLElement {
    return button(text, `Select e${event}`, () => this.app.select(event), { class: "link" });
  }

  private event(event: number, level: "h2" | "h3"): Node[] {
    const { trace, facts, order } = this.app;
    const cone = order.cone(event);
    const counts = order.counts(cone);
    const { glyph, many } = unordered(facts);
    return [
      h(level, {}, `e${event} · `, h("bdi", {}, this.name(event))),
      h("p", { class: "what" }, h("bdi", {}, clipped(trace.what(event), 2000))),
      this.table(event, facts.epoch),
      this.messages(event),
      h("ul", { class: "counts" },
        h("li", { class: "past" }, `◀ ${things(counts.past, "event")} before`),
        h("li", { class: "future" }, `▶ ${things(counts.future, "event")} after`),
        h("li", { class: "concurrent" }, `${glyph} ${count(counts.concurrent)} ${many}`)),
      level === "h2" && h("p", { class: "hint" }, "Click a second event to compare."),
    ].filter((node) => node !== false);
  }

  private table(event: number, epoch: bigint | null): HTMLElement {
    const { trace, order } = this.app;
    const at = trace.columns.at[event]!;
    const rows: [string, string][] = [["kind", trace.kindName(event)], [trace.timeWords.name, trace.moment(at)]];
    const skew = trace.skew(event);
    if (skew !== null) rows.push(["wall clock", wall(epoch, at + skew)]);
    if (epoch !== null && skew !== null && skew !== 0) rows.push([trace.timeWords.lie, `${signed(skew)}`]);
    const lamport = trace.lamport(event);
    if (lamport !== null) rows.push(["Lamport", exact(lamport)]);
    const vector = trace.vector(event, () => order.past(event));
    if (vector !== null) rows.push(["vector", clipped(written(vector), 600)]);
    const hybrid = trace.hybrid(event);
    if (hybrid !== null) rows.push(["hybrid", `${wall(epoch, at + hybrid.skew)} +${hybrid.counter}`]);
    return h("dl", { class: "facts" }, ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, h("bdi", {}, value))]));
  }

  private messages(event: number): HTMLElement {
    const { trace } = this.app;
    const items: HTMLElement[] = [];
    const received = trace.received(event);
    if (received >= 0) {
      const send = trace.columns.sendEvent[received]!;
      const took = duration(trace.columns.at[event]! - trace.columns.at[send]!);
      items.push(h("li", {}, `receives m${received} from `, h("bdi", {}, this.name(send)), " ", this.link(send), trace.isLog ? "" : ` after ${took}`));
    }
    const { edges } = trace.columns;
    for (const edge of trace.edgesTo(event).slice(0, LISTED)) {
      items.push(h("li", {}, "after ", this.link(edges.from[edge]!), ", by no message: ", h("bdi", {}, clipped(trace.edgeName(edge), 60))));
    }
    const sent = trace.sent(event);
    for (const message of sent.slice(0, LISTED)) {
      const to = h("bdi", {}, clipped(trace.nodeNames[trace.columns.target[message]!]!, 60));
      const arrivals = trace.arrivals(message).flatMap((arrival, nth): (Node | string)[] =>
        [nth > 0 ? ", again " : ", arrives ", this.link(arrival)]);
      const fates = trace.fates(message).map((fate) => `, ${fate.name}${fate.why === "" ? "" : `: ${clipped(fate.why, 200)}`}`);
      const isSilent = arrivals.length === 0 && fates.length === 0;
      items.push(h("li", {}, `sends m${message} to `, to, ...arrivals, ...fates, isSilent && ", of which no more is known"));
    }
    const after = trace.edgesFrom(event);
    for (const edge of after.slice(0, LISTED)) {
      items.push(h("li", {}, "before ", this.link(edges.to[edge]!), ", by no message: ", h("bdi", {}, clipped(trace.edgeName(edge), 60))));
    }
    if (after.length > LISTED) items.push(h("li", {}, `and before ${things(after.length - LISTED, "more event")}`));
    if (sent.length > LISTED) items.push(h("li", {}, `and ${things(sent.length - LISTED, "more message")}`));
    return h("ul", { class: "messages" }, ...items);
  }

  private pair(one: number, other: number): Node[] {
    const { relation, chain } = this.app.relation(one, other);
    return [
      h("h2", {}, `e${one} and e${other}`),
      h("p", { class: `relation ${relation}` }, this.statement(one, other, relation)),
      h("p", {}, this.proof(one, other, relation, chain)),
      ...(chain.length > 0 ? [this.chain(chain)] : []),
      this.clocks(one, other, relation),
      ...[one, other].map((event) => h("details", {},
        h("summary", {}, `e${event} · `, h("bdi", {}, this.name(event)), h("span", {}, ` ${clipped(this.app.trace.what(event), 120)}`)),
        ...this.event(event, "h3").slice(1))),
    ];
  }

  private statement(one: number, other: number, relation: Relation): string {
    const none = unordered(this.app.facts);
    const glyph = { before: "→", after: "←", equal: "=", concurrent: none.glyph }[relation];
    return `e${one} ${glyph} e${other}: ${wordOf(relation, none)}`;
  }

  private proof(one: number, other: number, relation: Relation, chain: Step[]): string {
    if (relation === "concurrent" && this.app.facts.unknown.length > 0) {
      return `Nothing that is known orders e${one} and e${other}; one may still have led to the other, as said above.`;
    }
    if (relation === "concurrent") return `No chain of messages leads from e${one} to e${other}, nor back: neither can have known of the other.`;
    const messages = chain.filter(([, message]) => message !== null).length;
    const edges = chain.flatMap(([, , edge]) => (edge === undefined ? [] : [clipped(this.app.trace.edgeName(edge), 40)]));
    const names = [...new Set(edges)].slice(0, 4).join(", ");
    const { process } = this.app.trace.columns;
    const hand = edges.length > 0
      ? `by a chain of ${messages > 0 ? `${things(messages, "message")} and ` : ""}${things(edges.length, "order")} that no message made (${names})`
      : messages > 0 ? `by a chain of ${things(messages, "message")}`
      : process[one] === process[other] ? "in one process" : "over the disk of its node";
    const [first, last] = relation === "before" ? [one, other] : [other, one];
    return `e${first} happened before e${last}, ${hand}:`;
  }

  private chain(chain: Step[]): HTMLElement {
    const shown = chain.length > 2 * LISTED ? [...chain.slice(0, LISTED), null, ...chain.slice(-LISTED)] : chain;
    return h("ol", { class: "chain" }, ...shown.map((step) => {
      if (step === null) return h("li", {}, `… ${chain.length - 2 * LISTED} more …`);
      const [event, message, edge] = step;
      const by = edge === undefined ? `m${message}` : clipped(this.app.trace.edgeName(edge), 40);
      return h("li", {}, (message !== null || edge !== undefined) && h("span", { class: "by" }, `${by} ▸ `), this.link(event), " ",
        h("bdi", {}, this.name(event)), " ", h("span", { class: "soft" }, clipped(this.app.trace.what(event), 70)));
    }));
  }

  private clocks(one: number, other: number, relation: Relation): HTMLElement {
    const { trace, order, facts } = this.app;
    const [first, second] = [trace.columns.at[one]!, trace.columns.at[other]!];
    const value = (text: string): HTMLElement => h("td", {}, h("bdi", {}, clipped(text, 160)));
    const none = unordered(facts);
    const truth = relation === "concurrent" && facts.unknown.length > 0 ? null : relation;
    const lines = sayings(trace, order, facts.epoch, one, other, truth).flatMap((saying) => [
      h("tr", {}, h("th", { scope: "rowgroup", rowspan: 2 }, saying.clock), value(saying.one), value(saying.other)),
      h("tr", { class: "says" }, h("td", { colspan: 2 },
        h("b", { class: { "✓": "good", "✗": "bad", "?": "soft" }[saying.glyph] }, `${saying.glyph} ${saying.says}`),
        h("span", { class: "soft" }, ` · ${saying.why}`))),
    ]);
    return h("table", { class: "clocks" },
      h("caption", {}, `Is e${one} before e${other}? Clock against oracle`),
      h("thead", {}, h("tr", {}, h("td", {}), h("th", { scope: "col" }, `e${one}`), h("th", { scope: "col" }, `e${other}`))),
      h("tbody", {},
        h("tr", {}, h("th", { scope: "row" }, "oracle"), h("td", { colspan: 2 }, h("b", {}, wordOf(relation, none)))),
        ...lines,
        h("tr", {}, h("th", { scope: "rowgroup", rowspan: 2 }, trace.timeWords.name), value(trace.moment(first)), value(trace.moment(second))),
        h("tr", { class: "says" }, h("td", { colspan: 2 }, h("span", { class: "soft" }, trace.timeWords.note)))));
  }
}

/** How two events stand, in a word or a few. */
function wordOf(relation: Relation, none: Unordered): string {
  return relation === "concurrent" ? none.word : relation;
}

/** The same as it stands between the two in a sentence. */
function phrase(relation: Relation, none: Unordered): string {
  return { before: "before", after: "after", equal: "the same as", concurrent: none.phrase }[relation];
}

/** What the marks mean. */
export function legend(): HTMLElement {
  const marks: [string, string][] = [
    ["●", "sends"], ["○", "receives"], ["◆", "accepts a write"], ["◇", "shows what it holds"], ["▏", "something local"],
    ["╌×", "a message that was lost"], ["┈▶", "before, by no message"], ["‖", "a second copy"], ["✕ ↻", "crash, restart"], ["▶ ◁", "a client asks, has its answer"],
    ["◯", "evidence of a violation"],
  ];
  return h("dl", { class: "legend" }, ...marks.flatMap(([mark, text]) => [h("dt", {}, mark), h("dd", {}, text)]));
}
