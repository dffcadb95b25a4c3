//! The log that ShiViz is measured with: clocks are those of happens-before, and a folder that is no ShiViz is refused.

import assert from "node:assert/strict";
import test from "node:test";
import type { Made } from "./columns";
import { log, shiviz } from "./shiviz";

test("a message takes what its sender knew to the next clock of its receiver", () => {
  const made: Made = {
    nodes: ["earth", "mars"], names: ["earth", "mars"], processes: [{ node: 0, life: 0 }, { node: 1, life: 0 }], fates: [], operations: [],
    events: [
      { process: 0, kind: 0, at: 0, targets: [1], label: "send" },
      { process: 0, kind: 0, at: 1 },
      { process: 1, kind: 0, at: 2, label: "do" },
      { process: 1, kind: 1, at: 3, cause: 0, label: "receive" },
      { process: 1, kind: 1, at: 4, cause: 0, label: "receive again" },
    ],
  };
  assert.equal(log(made), [
    "send", 'earth {"earth":1}', "event", 'earth {"earth":2}', "do", 'mars {"mars":1}',
    "receive", 'mars {"earth":1,"mars":2}', "receive again", 'mars {"earth":1,"mars":3}', "",
  ].join("\n"));
});

test("a folder that is no checkout of ShiViz is refused by name", () => {
  assert.throws(() => shiviz("test"), {
    message: "SHIVIZ=test holds no index.html with js/shiviz.js: name a checkout of https://github.com/DistributedClocks/shiviz",
  });
});
