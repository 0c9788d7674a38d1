// Bundles the executor into web/executor/dist/executor.js. Prints nothing when all is well.
import { build } from "esbuild";
import { fileURLToPath } from "node:url";
import { buildOptions } from "./bundling.mjs";

const folder = fileURLToPath(new URL(".", import.meta.url));

await build({
  ...buildOptions,
  entryPoints: [`${folder}adapters/deno.ts`],
  outfile: `${folder}dist/executor.js`,
});
