// Tests the executor: `node web/executor/test.mjs [part of a test's name]`. Bundles, runs the tests with Node's runner,
// and ends with the line "N passed, N failed". Exit code 0 only when a test ran and none failed.
import { build } from "esbuild";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { run } from "node:test";
import { fileURLToPath } from "node:url";
import { buildOptions } from "./bundling.mjs";
import "./build.mjs";

const folder = fileURLToPath(new URL(".", import.meta.url));
const target = path.join(folder, "dist/tests");
process.env.PTORRENT_REPOSITORY = path.resolve(folder, "../..");

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
const entryPoints = readdirSync(path.join(folder, "tests"))
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => path.join(folder, "tests", name));
await build({ ...buildOptions, entryPoints, outdir: target, packages: "external", outExtension: { ".js": ".mjs" } });
await build({
  ...buildOptions,
  entryPoints: [path.join(folder, "adapters/node.ts")],
  outfile: path.join(folder, "dist/executor-node.mjs"),
});

const files = readdirSync(target).map((name) => path.join(target, name));
const pattern = process.argv[2];
const options = pattern === undefined ? {} : { testNamePatterns: [new RegExp(pattern)] };
let passedCount = 0;
let failedCount = 0;

const events = run({ files, concurrency: 1, timeout: 300_000, ...options });
events.on("test:pass", ({ name, skip }) => {
  if (!files.includes(name) && skip === undefined) passedCount++;
});
events.on("test:fail", ({ name, details }) => {
  failedCount++;
  const cause = details.error?.cause ?? details.error;
  console.log(`FAILED ${path.basename(name)}\n${cause?.stack ?? cause}\n`);
});
for await (const _ of events);

console.log(`${passedCount} passed, ${failedCount} failed`);
process.exitCode = failedCount === 0 && passedCount > 0 ? 0 : 1;
