//! Measures the page in a browser; see test/figures.ts.

import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { modules } from "./build.mjs";

const here = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
await modules(["test/figures.ts"], path.join(here, "build"));
const args = ["--max-old-space-size=4096", path.join(here, "build/figures.mjs"), ...process.argv.slice(2)];
process.exit(spawnSync(process.execPath, args, { stdio: "inherit", cwd: here }).status ?? 1);
