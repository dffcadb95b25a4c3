//! How the bytes of a page are read: base64, gzip and varints, each bounded by what is there.

/** Why a payload cannot be drawn; its message is shown in the page. */
export class Corrupt extends Error {}

/** How much a payload may unpack to: far above a run of ten million events, far below what ends a browser. */
const UNPACKED_MAX = 768 * 1024 * 1024;

/** The bytes that base64 text stands for. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const builtIn = (Uint8Array as unknown as { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> }).fromBase64;
  try {
    if (builtIn !== undefined) return builtIn.call(Uint8Array, text);
    const binary = atob(text.trim());
    const bytes = new Uint8Array(binary.length);
    for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
    return bytes;
  } catch {
    throw new Corrupt("the events are not base64");
  }
}

/** What gzip packed, or why not. */
export async function gunzip(packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  if (packed[0] !== 0x1f || packed[1] !== 0x8b) throw new Corrupt("the events are not gzip");
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > UNPACKED_MAX) break;
      chunks.push(value);
    }
  } catch {
    throw new Corrupt("the events do not unpack: the file was cut short or changed");
  }
  if (length > UNPACKED_MAX) throw new Corrupt("the events unpack to more than 768 MB");
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** The signed number that zigzag folded into this one. */
export function unfolded(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** Reads varints one after another; never beyond the end. */
export class Reader {
  at = 0;

  constructor(readonly bytes: Uint8Array) {}

  /** How many bytes are left. */
  get left(): number {
    return this.bytes.length - this.at;
  }

  /** One byte. */
  byte(what: string): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new Corrupt(`the events end in the middle of: ${what}`);
    this.at++;
    return byte;
  }

  /** An unsigned LEB128 number. Beyond 2^53 it is rounded, as every number of this language is. */
  varint(what: string): number {
    const first = this.byte(what);
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let scale = 0x80;
    for (let count = 1; count < 10; count++) {
      const byte = this.byte(what);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new Corrupt(`a number of more than ten bytes in: ${what}`);
  }

  /** A zigzag number. */
  zigzag(what: string): number {
    return unfolded(this.varint(what));
  }

  /** A number below a bound. */
  below(bound: number, what: string): number {
    const value = this.varint(what);
    if (value >= bound) throw new Corrupt(`${what} ${value} of ${bound}`);
    return value;
  }

  /** A count of things that take at least a byte each, so that nothing is allocated for what cannot be there. */
  count(what: string): number {
    const value = this.varint(what);
    if (value > this.left) throw new Corrupt(`${value} ${what} announced, but ${this.left} bytes left`);
    return value;
  }

  /** So many bytes as they are. */
  take(length: number, what: string): Uint8Array {
    if (length > this.left) throw new Corrupt(`the events end in the middle of: ${what}`);
    const bytes = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return bytes;
  }
}
