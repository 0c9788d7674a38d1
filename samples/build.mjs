// Builds the samples into samples/build/: `node samples/build.mjs`, or `npm run samples`. Only what is older than its
// sources is built; nothing is printed where nothing is to do. AssemblyScript and wabt come with the repository's npm
// packages. The C sample is built only where clang for WebAssembly is found.

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const samplesFolder = dirname(fileURLToPath(import.meta.url));
const repository = dirname(samplesFolder);

/** What AssemblyScript compiles with: optimized, no run-time checks, no host function that the sources do not name. */
export const assemblyScriptFlags = [
  "--runtime", "stub", "--optimizeLevel", "3", "--shrinkLevel", "0", "--converge", "--noAssert", "--use", "abort=",
];

/** Compiles one AssemblyScript file. Throws with the compiler's messages. */
export async function compileAssemblyScript(source, target, extraFlags = []) {
  const asc = await import("assemblyscript/asc");
  const { error, stderr } = await asc.main(
    [relative(repository, source), "--outFile", relative(repository, target), "--baseDir", repository,
      ...assemblyScriptFlags, ...extraFlags]);
  if (error) throw new Error(`${relative(repository, source)}: ${stderr.toString()}`);
}

/** What the assembler reads beyond its defaults. */
const textFeatures = { threads: true, tail_call: true, bulk_memory: true, reference_types: true };

/** Assembles one file of WebAssembly text. Throws with the assembler's messages. */
export async function assembleText(source, target) {
  const { default: wabt } = await import("wabt");
  const module = (await wabt()).parseWat(source, readFileSync(source, "utf8"), textFeatures);
  try {
    writeFileSync(target, module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}

/** Whether `target` is missing or older than one of `sources`. */
export function isStale(target, sources) {
  if (!existsSync(target)) return true;
  const builtAt = statSync(target).mtimeMs;
  return sources.some((source) => statSync(source).mtimeMs > builtAt);
}

/** The first clang that is on the path, or null. */
function findClang() {
  for (const name of ["clang-16", "clang"]) {
    if (spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0) return name;
  }
  return null;
}

/** A sample is a folder with a source of the folder's name; other sources in it are parts of that one. */
async function build() {
  const buildFolder = join(samplesFolder, "build");
  mkdirSync(buildFolder, { recursive: true });
  const shared = ["build.mjs", "ptorrent.ts", "wasi.ts"].map((name) => join(samplesFolder, name));
  for (const folder of readdirSync(samplesFolder).sort()) {
    const parts = partsOf(join(samplesFolder, folder));
    const target = join(buildFolder, `${folder}.wasm`);
    for (const [ending, compile] of Object.entries(compilers)) {
      const source = join(samplesFolder, folder, folder + ending);
      if (parts.includes(source) && isStale(target, [...parts, ...shared])) await compile(source, target);
    }
  }
}

const compilers = { ".ts": compileAssemblyScript, ".wat": assembleText, ".c": compileC };

function partsOf(folder) {
  return statSync(folder).isDirectory() ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

async function compileC(source, target) {
  const clang = findClang();
  if (clang === null) {
    console.log(`${relative(repository, source)} is left out: it needs clang and lld (apt install clang-16 lld-16)`);
    return;
  }
  const flags = ["--target=wasm32", "-O2", "-nostdlib", "-Wl,--no-entry", "-Wl,--export=run", "-o", target, source];
  const { status, stderr } = spawnSync(clang, flags, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${relative(repository, source)}: ${stderr}`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await build();
