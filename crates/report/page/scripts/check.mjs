//! Says whether the committed bundle is what the sources make, whether types agree, and whether all tests pass.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { bundle } from "./build.mjs";
import { run } from "./test.mjs";

/** What script and style may come to, packed. */
const SHELL_MAX = 60 * 1024;
/** As for Rust: a longer file holds a second noun. */
const LINES_MAX = 600;

const here = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const fail = (why) => {
  console.error(`error: ${why}`);
  process.exit(1);
};

const fresh = mkdtempSync(path.join(tmpdir(), "page-"));
await bundle(fresh);
let packed = 0;
for (const file of ["report.js", "report.css"]) {
  const [made, kept] = [fresh, here].map((folder) => readFileSync(path.join(folder, file)));
  if (!made.equals(kept)) fail(`${file} is not what the sources make: run \`npm run build\` and commit it`);
  if (/<\/(script|style)|<!--/i.test(made)) fail(`${file} holds a tag that would end it early`);
  packed += gzipSync(made, { level: 9 }).length;
}
rmSync(fresh, { recursive: true });
if (packed > SHELL_MAX) fail(`script and style come to ${packed} bytes packed, more than ${SHELL_MAX}`);
console.log(`report.js and report.css are what the sources make, ${packed} bytes packed`);

for (const folder of ["src", "test", "scripts"]) {
  for (const file of readdirSync(path.join(here, folder))) {
    const text = readFileSync(path.join(here, folder, file), "utf8");
    if (!/^(\/\/!|\/\*) /.test(text)) fail(`${folder}/${file}: the first line should be \`//!\` and say what a reader learns`);
    if (text.split("\n").length > LINES_MAX) fail(`${folder}/${file}: more than ${LINES_MAX} lines`);
  }
}
const types = spawnSync(process.execPath, [path.join(here, "node_modules/typescript/bin/tsc"), "-p", here], { stdio: "inherit" });
if (types.status !== 0) fail("types do not agree");
const status = await run([]);
if (!process.env.CHROMIUM && !["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"].some((name) => existsIn(name))) {
  console.log("skipped: every test in a browser, since there is no chromium; install it, or name it in CHROMIUM");
}
process.exit(status);

function existsIn(name) {
  return readdirSync("/usr/bin").includes(name);
}
