//! How numbers and times are written.

const UNITS: [string, number][] = [["s", 1e9], ["ms", 1e6], ["µs", 1e3], ["ns", 1]];

/** `4 000 000` with thin spaces. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** A number that may be too large to be exact. */
export function exact(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : `≈${value.toPrecision(16)}`;
}

/** A duration, in the unit in which it is read best: `600 ms`. */
export function duration(ns: number): string {
  const size = Math.abs(ns);
  if (size === 0) return "0 s";
  if (size >= 120e9) return `${trimmed(ns / 60e9, 1)} min`;
  const [unit, scale] = UNITS.find(([, scale]) => size >= scale) ?? ["ns", 1];
  return `${trimmed(ns / scale, size / scale >= 100 ? 0 : size / scale >= 10 ? 1 : 3)} ${unit}`;
}

/** A time since the beginning of the run: `5.012000 s`. */
export function since(ns: number): string {
  return `${(ns / 1e9).toFixed(6)} s`;
}

/** A position of an axis of time, with as many digits as marks a step apart need. */
export function mark(ns: number, step: number): string {
  const digits = Math.max(0, Math.min(9, Math.ceil(9 - Math.log10(Math.max(step, 1)) - 1e-9)));
  return `${(ns / 1e9).toFixed(digits)} s`;
}

/** A signed duration: `+600 ms`. */
export function signed(ns: number): string {
  return ns > 0 ? `+${duration(ns)}` : duration(ns).replace("-", "−");
}

/** What a wall clock shows: `2026-03-14 04:11:59.428Z`. Where the run has no epoch, its times are since 1970. */
export function wall(epoch: bigint | null, ns: number): string {
  const total = (epoch ?? 0n) + BigInt(Math.round(ns));
  const ms = Number(total / 1_000_000n);
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return `${total} ns`;
  return date.toISOString().replace("T", " ");
}

/** Only the time of day of the same. */
export function timeOfDay(epoch: bigint | null, ns: number): string {
  const text = wall(epoch, ns);
  return text.slice(text.indexOf(" ") + 1);
}

/** A text without its end, if it is too long. */
export function clipped(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** One thing or several: `1 message`, `3 messages`. */
export function things(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

function trimmed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
