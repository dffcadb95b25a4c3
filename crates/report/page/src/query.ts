//! What is searched: words, field=value, /patterns/, and, or, either, parentheses; and how events stand to one another.

import { FATES, KINDS } from "./columns";
import { motif, MOTIFS } from "./motifs";
import { side, type Order } from "./order";
import type { Trace } from "./trace";

/** Why a query cannot be read; its message names the place. */
export class Misread extends Error {}

/** Events that were found, rising, and the same as a mask. */
export interface Found {
  events: Uint32Array;
  mask: Uint8Array;
}

/** The fields that can be asked for. */
export const FIELDS = ["event", "node", "host", "process", "kind", "message", "lamport", "at", "id"] as const;
const RELATIONS = ["before", "after", "concurrent"] as const;
const DEPTH_MAX = 200;

type Token = { type: "word" | "text" | "pattern" | "op"; text: string; at: number };

/** The events of a trace that satisfy a query. Operators bind alike and from the left, as in ShiViz; side by side is `&&`. */
export function search(query: string, trace: Trace, order: Order): Found {
  const parser = new Parser(tokens(query), trace, order);
  const mask = parser.all();
  let count = 0;
  for (let event = 0; event < mask.length; event++) count += mask[event]!;
  const events = new Uint32Array(count);
  for (let event = 0, at = 0; event < mask.length; event++) if (mask[event] === 1) events[at++] = event;
  return { events, mask };
}

function tokens(query: string): Token[] {
  const found: Token[] = [];
  const shape = /\s+|(&&?|\|\|?|\^|\(|\)|!=|=)|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|\/((?:[^/\\]|\\.)+)\/|([^\s&|^()=!"'/][^\s&|^()=!"]*)|([/!])/gy;
  let at = 0;
  for (let hit = shape.exec(query); hit !== null; hit = shape.exec(query)) {
    const [, op, double, single, pattern, word, odd] = hit;
    if (op !== undefined) found.push({ type: "op", text: op.length === 2 && op !== "!=" ? op[0]! : op, at });
    else if (double !== undefined || single !== undefined) {
      found.push({ type: "text", text: (double ?? single!).replace(/\\(.)/g, "$1"), at });
    } else if (pattern !== undefined) found.push({ type: "pattern", text: pattern, at });
    else if (word !== undefined) found.push({ type: "word", text: word, at });
    else if (odd !== undefined) found.push({ type: "word", text: odd, at });
    at = shape.lastIndex;
  }
  if (at < query.length) throw new Misread(`cannot read \`${query.slice(at, at + 12)}\` at letter ${at + 1}`);
  return found;
}

class Parser {
  private at = 0;
  private depth = 0;

  constructor(private readonly list: Token[], private readonly trace: Trace, private readonly order: Order) {}

  all(): Uint8Array {
    if (this.list.length === 0) return new Uint8Array(this.trace.events);
    const mask = this.expression();
    const rest = this.list[this.at];
    if (rest !== undefined) throw new Misread(`\`${rest.text}\` at letter ${rest.at + 1} closes nothing`);
    return mask;
  }

  private expression(): Uint8Array {
    if (++this.depth > DEPTH_MAX) throw new Misread("too many parentheses");
    const mask = this.term();
    for (let token = this.list[this.at]; token !== undefined && token.text !== ")"; token = this.list[this.at]) {
      const isOperator = token.type === "op" && "&|^".includes(token.text);
      if (isOperator) this.at++;
      const other = this.term();
      const operator = isOperator ? token.text : "&";
      for (let event = 0; event < mask.length; event++) {
        const [one, two] = [mask[event]!, other[event]!];
        mask[event] = operator === "&" ? one & two : operator === "|" ? one | two : one ^ two;
      }
    }
    this.depth--;
    return mask;
  }

  private term(): Uint8Array {
    const token = this.list[this.at++];
    if (token === undefined) throw new Misread("something is missing at the end");
    if (token.text === "(" && token.type === "op") {
      const mask = this.expression();
      if (this.list[this.at]?.text !== ")") throw new Misread(`the parenthesis at letter ${token.at + 1} is not closed`);
      this.at++;
      return mask;
    }
    if (token.type === "op") throw new Misread(`\`${token.text}\` at letter ${token.at + 1} has nothing before it`);
    if (token.type === "pattern") return this.labelled(this.trace.columns.texts.satisfying(tester(token)));
    const next = this.list[this.at];
    if (token.type === "word" && next?.type === "op" && (next.text === "=" || next.text === "!=")) {
      this.at++;
      const value = this.list[this.at++];
      if (value === undefined || value.type === "op") throw new Misread(`\`${token.text}${next.text}\` has no value`);
      const mask = this.field(token, value);
      if (next.text === "!=") for (let event = 0; event < mask.length; event++) mask[event]! ^= 1;
      return mask;
    }
    if (token.type === "word") {
      const relation = RELATIONS.find((name) => token.text.startsWith(`${name}:`));
      if (relation !== undefined) return this.related(relation, token);
      if (token.text.startsWith("motif:")) return this.pattern(token.text.slice(6));
    }
    return this.word(token.text);
  }

  private pattern(name: string): Uint8Array {
    const names = MOTIFS.map((one) => one.name);
    if (!names.includes(name)) throw new Misread(`there is no pattern \`${name}\`; there are ${names.join(", ")}`);
    return this.mask(motif(name, this.trace, this.order));
  }

  /** A word in any field: label, name of the process, kind, or an event's or a message's id. */
  private word(text: string): Uint8Array {
    const mask = this.labelled(this.trace.columns.texts.containing(text));
    const lowered = text.toLowerCase();
    const named = Array.from({ length: this.trace.processes }, (_, process) =>
      this.trace.processName(process).toLowerCase().includes(lowered));
    const kinds = KINDS.map((kind) => kind.includes(lowered));
    const { process, kind } = this.trace.columns;
    if (named.includes(true) || kinds.includes(true)) {
      for (let event = 0; event < mask.length; event++) {
        if (named[process[event]!]! || kinds[kind[event]!]!) mask[event] = 1;
      }
    }
    const id = /^([em])(\d+)$/.exec(lowered);
    if (id?.[1] === "e" && Number(id[2]) < mask.length) mask[Number(id[2])] = 1;
    if (id?.[1] === "m") for (const event of this.ends(Number(id[2]))) mask[event] = 1;
    return mask;
  }

  private field(name: Token, value: Token): Uint8Array {
    const { trace } = this;
    const { process, kind, at } = trace.columns;
    const test = value.type === "pattern" ? tester(value) : (text: string): boolean => text === value.text;
    const each = (is: (event: number) => boolean): Uint8Array => {
      const mask = new Uint8Array(trace.events);
      for (let event = 0; event < mask.length; event++) mask[event] = is(event) ? 1 : 0;
      return mask;
    };
    switch (name.text.toLowerCase()) {
      case "event":
        return this.labelled(trace.columns.texts.satisfying(test));
      case "node":
      case "host": {
        const nodes = trace.nodeNames.map(test);
        return each((event) => nodes[trace.node(event)]!);
      }
      case "process": {
        const named = Array.from({ length: trace.processes }, (_, index) => test(trace.processName(index)));
        return each((event) => named[process[event]!]!);
      }
      case "kind": {
        const names = [...new Set([...KINDS, "send", "lost", "duplicated", "undelivered", ...FATES])].filter((known) => known !== "");
        // Of a name that is none, that nothing was found would be taken for an answer.
        if (!names.some(test)) throw new Misread(`there is no kind \`${value.text}\`; there are ${names.join(", ")}`);
        const kinds = KINDS.map(test);
        const mask = each((event) => kinds[kind[event]!]!);
        this.addFates(mask, test);
        return mask;
      }
      case "message":
        return this.mask(this.ends(Number(value.text.replace(/^m/, ""))));
      case "id":
        return this.mask([Number(value.text.replace(/^e/, ""))]);
      case "lamport":
        return this.mask([...trace.columns.lamport.events].filter((_, claim) => test(String(trace.columns.lamport.values[claim]))));
      case "at":
        return each((event) => test(String(at[event])));
      default:
        throw new Misread(`there is no field \`${name.text}\`; there are ${FIELDS.join(", ")}`);
    }
  }

  /** `kind=send` and the fates: `kind=lost` finds the events that sent what was lost. */
  private addFates(mask: Uint8Array, test: (text: string) => boolean): void {
    const { trace } = this;
    if (test("send")) for (const event of trace.columns.sendEvent) mask[event] = 1;
    for (const [name, is] of [
      ["lost", (message: number) => trace.isLost(message)],
      ["duplicated", (message: number) => trace.again.has(message)],
      ["undelivered", (message: number) => trace.arrival[message]! < 0],
    ] as const) {
      if (!test(name)) continue;
      for (let message = 0; message < trace.messages; message++) if (is(message)) mask[trace.columns.sendEvent[message]!] = 1;
    }
    trace.columns.fates.message.forEach((message, index) => {
      if (test(FATES[trace.columns.fates.code[index]!]!)) mask[trace.columns.sendEvent[message]!] = 1;
    });
  }

  private related(relation: (typeof RELATIONS)[number], token: Token): Uint8Array {
    const id = /^e?(\d+)$/.exec(token.text.slice(relation.length + 1));
    const event = Number(id?.[1]);
    if (id === null || event >= this.trace.events) {
      throw new Misread(`\`${token.text}\` names no event; write ${relation}:e0 … ${relation}:e${this.trace.events - 1}`);
    }
    const wanted = { before: "past", after: "future", concurrent: "concurrent" }[relation];
    const cone = this.order.cone(event);
    const mask = new Uint8Array(this.trace.events);
    for (let other = 0; other < mask.length; other++) mask[other] = side(this.trace, cone, other) === wanted ? 1 : 0;
    return mask;
  }

  private ends(message: number): number[] {
    if (!(message < this.trace.messages)) return [];
    return [this.trace.columns.sendEvent[message]!, ...this.trace.arrivals(message)];
  }

  private labelled(texts: Uint8Array): Uint8Array {
    const { labelEvents, labelTexts } = this.trace.columns;
    const mask = new Uint8Array(this.trace.events);
    for (let index = 0; index < labelEvents.length; index++) {
      if (texts[labelTexts[index]!]! === 1) mask[labelEvents[index]!] = 1;
    }
    for (const [event, text] of this.trace.said) if (texts[text] === 1) mask[event] = 1;
    return mask;
  }

  private mask(events: Iterable<number>): Uint8Array {
    const mask = new Uint8Array(this.trace.events);
    for (const event of events) if (event < mask.length) mask[event] = 1;
    return mask;
  }
}

function tester(token: Token): (text: string) => boolean {
  try {
    const pattern = new RegExp(token.text, "iu");
    return (text) => pattern.test(text.slice(0, 4096));
  } catch {
    throw new Misread(`/${token.text}/ is no pattern`);
  }
}

