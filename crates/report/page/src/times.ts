//! What the times of a run are: true ones of a simulation, or what somebody heard, or reckoned, or no times at all.

/** What the time of an event is called, and what a reader must know of it. */
export interface TimeWords {
  name: string;
  note: string;
  /** How it is called by how much a wall clock differs from it. */
  lie: string;
}

const WORDS: { [times: string]: TimeWords } = {
  simulated: { name: "true time", note: "which nobody in the run could see", lie: "it lies by" },
  heard: { name: "time of the hub", note: "when the hub of the live run heard of them, by its own clock", lie: "it differs by" },
  estimated: { name: "estimated time", note: "from wall clocks, moved where a cause would else come second; no truth is known", lie: "it is moved by" },
  recorded: { name: "recorded time", note: "as whoever recorded them took it", lie: "it differs by" },
};
const PLACES: TimeWords = { name: "place", note: "a place among the others; no time is known", lie: "it differs by" };

/** The words for a kind of time; `isPlaces` where times only number the events. */
export function timeWords(times: string, isPlaces: boolean): TimeWords {
  return isPlaces ? PLACES : (WORDS[times] ?? WORDS["recorded"]!);
}
