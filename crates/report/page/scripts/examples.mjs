//! Writes example pages into build/.

import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { bundle, modules } from "./build.mjs";

const here = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
await bundle(here);
await modules(["test/examples.ts"], path.join(here, "build"));
process.exit(spawnSync(process.execPath, [path.join(here, "build/examples.mjs")], { stdio: "inherit", cwd: here }).status ?? 1);
