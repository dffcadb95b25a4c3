//! Runs the tests named, or all: bundled into build/, then by Node's own runner.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { modules } from "./build.mjs";

const here = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** The exit code of the runner over these tests, by name without `.test.ts`. */
export async function run(names) {
  const all = readdirSync(path.join(here, "test")).filter((file) => file.endsWith(".test.ts")).map((file) => file.slice(0, -8));
  const chosen = names.length > 0 ? names : all;
  await modules(chosen.map((name) => `test/${name}.test.ts`), path.join(here, "build"));
  const files = chosen.map((name) => path.join(here, "build", `${name}.test.mjs`));
  return spawnSync(process.execPath, ["--test", "--test-concurrency=1", ...files], { stdio: "inherit", cwd: here }).status ?? 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(await run(process.argv.slice(2)));
