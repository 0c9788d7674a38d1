// Builds the hostile programs into tests/hostile/build/: `node tests/hostile/build.mjs`. Only what is older than its
// sources is built; nothing is printed where nothing is to do. Scripts run from their sources.

import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { assembleText, compileAssemblyScript, isStale } from "../../samples/build.mjs";
import { malformedModules } from "./malformed.mjs";

const folder = dirname(fileURLToPath(import.meta.url));
const target = join(folder, "build");
const builders = ["build.mjs", "../../samples/build.mjs"].map((name) => join(folder, name));
mkdirSync(target, { recursive: true });

for (const name of readdirSync(join(folder, "kernel"))) {
  const source = join(folder, "kernel", name);
  const module = join(target, name.replace(/\.wat$/, ".wasm"));
  if (isStale(module, [source, ...builders])) await assembleText(source, module);
}

const parts = readdirSync(join(folder, "wasi")).map((name) => join(folder, "wasi", name));
const probes = join(target, "probes.wasm");
if (isStale(probes, [...parts, ...builders, join(folder, "../../samples/wasi.ts")])) {
  await compileAssemblyScript(join(folder, "wasi/probes.ts"), probes);
}

for (const [name, bytes] of Object.entries(malformedModules)) {
  const module = join(target, `${name}.wasm`);
  if (isStale(module, [join(folder, "malformed.mjs"), ...builders])) writeFileSync(module, bytes());
}
