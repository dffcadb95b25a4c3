//! Bundles the page: src/main.ts into report.js, src/page.css into report.css, in the folder that is named or here.

import { build } from "esbuild";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** Writes report.js and report.css. */
export async function bundle(outdir) {
  await build({
    absWorkingDir: here,
    entryPoints: { report: "src/main.ts" },
    bundle: true,
    minify: true,
    charset: "ascii",
    format: "iife",
    target: "es2022",
    legalComments: "none",
    outdir,
    logLevel: "warning",
  });
  await build({
    absWorkingDir: here,
    entryPoints: { report: "src/page.css" },
    bundle: true,
    minify: true,
    target: "es2022",
    outdir,
    logLevel: "warning",
  });
}

/** Bundles modules for tests, so that they run in Node without a step of their own. */
export async function modules(entryPoints, outdir) {
  await build({
    absWorkingDir: here, entryPoints, bundle: true, format: "esm", platform: "node", target: "node20", outdir,
    packages: "external", logLevel: "warning", outExtension: { ".js": ".mjs" },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle(path.resolve(process.argv[2] ?? here));
