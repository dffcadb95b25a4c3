//! How texts are held: one string with offsets, so that a search is one walk over it.

import { Corrupt } from "./bytes";

/** All texts of a trace, by number. Text 0 need not be empty. */
export class Texts {
  /** Where each text begins in `all`, and at the end where the last one ends; in UTF-16 units. */
  private readonly starts: Uint32Array;
  private readonly all: string;
  private lowered: string | null = null;

  constructor(lengths: Uint32Array, bytes: Uint8Array) {
    try {
      this.all = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new Corrupt("a text is not UTF-8");
    }
    this.starts = startsOf(lengths, bytes, this.all.length === bytes.length);
  }

  /** How many. */
  get length(): number {
    return this.starts.length - 1;
  }

  /** One of them. */
  get(index: number): string {
    return this.all.slice(this.starts[index]!, this.starts[index + 1]!);
  }

  /** Which texts contain this, in whatever case. */
  containing(word: string): Uint8Array {
    const found = new Uint8Array(this.length);
    const needle = lower(word);
    if (needle === "") return found.fill(1);
    this.lowered ??= lower(this.all);
    let text = 0;
    for (let at = this.lowered.indexOf(needle); at >= 0; ) {
      text = this.holding(at, text);
      if (at + needle.length <= this.starts[text + 1]!) {
        found[text] = 1;
        at = this.lowered.indexOf(needle, Math.max(this.starts[text + 1]!, at + 1));
      } else {
        at = this.lowered.indexOf(needle, at + 1);
      }
    }
    return found;
  }

  /** Which texts satisfy this. */
  satisfying(test: (text: string) => boolean): Uint8Array {
    const found = new Uint8Array(this.length);
    for (let index = 0; index < found.length; index++) found[index] = test(this.get(index)) ? 1 : 0;
    return found;
  }

  /** The text in which a place of `all` lies, looked for from `from` on by doubling steps. */
  private holding(at: number, from: number): number {
    let low = from;
    let step = 1;
    while (low + step < this.length && this.starts[low + step]! <= at) {
      low += step;
      step *= 2;
    }
    let high = Math.min(this.length, low + step);
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.starts[middle]! <= at) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** In lower case, letter for letter: a language's own rules may change lengths, and offsets must stay. */
function lower(text: string): string {
  const lowered = text.toLowerCase();
  if (lowered.length === text.length) return lowered;
  return text.replace(/\p{Lu}/gu, (letter) => (letter.toLowerCase().length === letter.length ? letter.toLowerCase() : letter));
}

function startsOf(lengths: Uint32Array, bytes: Uint8Array, isAscii: boolean): Uint32Array {
  const starts = new Uint32Array(lengths.length + 1);
  let byte = 0;
  let unit = 0;
  for (let index = 0; index < lengths.length; index++) {
    starts[index] = unit;
    const end = byte + lengths[index]!;
    if (isAscii) {
      unit += lengths[index]!;
    } else {
      if (end > byte && (bytes[byte]! & 0xc0) === 0x80) throw new Corrupt("a text begins inside a letter");
      for (; byte < end; byte++) {
        const value = bytes[byte]!;
        // A letter is one unit, beyond the first plane two; what continues a letter is none.
        if (value < 0x80 || value >= 0xc0) unit += value >= 0xf0 ? 2 : 1;
      }
    }
    byte = end;
  }
  starts[lengths.length] = unit;
  return starts;
}
