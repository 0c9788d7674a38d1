// How fast the sandbox's WebAssembly is against native code: five C kernels, each compiled by the same clang -O2
// natively and to WebAssembly, which runs in Deno with the executor's flags, as it is and metered.
//
//   bench/kernels/build.sh && node bench/kernels/run.mjs [--json] [--rounds N]
//
// Each round calls each way once with the same 20 ms of work, one after another, so that a busy machine slows them
// alike; the figures are medians over the rounds. Speed is native time divided by the other's: 1 is as fast as
// native.

import { existsSync } from "node:fs";
import { spawn, spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";

const folder = dirname(fileURLToPath(import.meta.url));
const repository = dirname(dirname(folder));
const kernels = ["mandelbrot", "sha256", "n-body", "sort", "matrix"];
const callNanoseconds = 20e6;
/** Mandelbrot's rows from here on are the expensive ones; the others' units are all alike. */
const firstUnit = 256;
const unitsMax = 250;
const rounds = Number(optionOf("--rounds", "31"));

function optionOf(name, otherwise) {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : process.argv[at + 1];
}

/** The binary that npm brought for this platform. */
function findDeno() {
  const { platform, arch } = process;
  const packageName = platform === "linux" ? `linux-${arch}-glibc` : `${platform}-${arch}`;
  const path = join(repository, "node_modules/@deno", packageName, platform === "win32" ? "deno.exe" : "deno");
  if (!existsSync(path)) throw new Error(`${path} is missing: run npm ci`);
  return path;
}

/** A process that answers each "BEGIN END" line by one of checksum and nanoseconds. */
class Runner {
  constructor(command, args) {
    this.process = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  async call(begin, end) {
    this.process.stdin.write(`${begin} ${end}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`${this.process.spawnfile} ended`);
    const [checksum, nanoseconds] = value.split(" ");
    return { checksum, nanoseconds: Number(nanoseconds) };
  }

  end() {
    this.process.stdin.end();
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const geometricMean = (values) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

function meter() {
  const pairs = kernels.flatMap((name) =>
    [join(folder, "build", `${name}.wasm`), join(folder, "build", `${name}.metered.wasm`)]);
  const project = join(repository, "bench/Ptorrent.Bench");
  const { status } = spawnSync(
    "dotnet", ["run", "--project", project, "-c", "Release", "--", "meter", ...pairs],
    { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error("the modules could not be metered");
}

/** How many units take about as long as a call should, by the fastest of some probes. */
async function unitsFor(native) {
  const probes = [];
  for (let i = 0; i < 7; i++) probes.push((await native.call(firstUnit, firstUnit + 10)).nanoseconds / 10);
  return Math.min(Math.max(1, Math.round(callNanoseconds / Math.min(...probes))), unitsMax);
}

async function measure(name) {
  const built = join(folder, "build", name);
  const inDeno = (module) => new Runner(
    deno,
    ["run", "--no-prompt", "--v8-flags=--no-liftoff", `--allow-read=${folder}`, join(folder, "in-deno.mjs"), module]);
  const ways = {
    native: new Runner(built, []), wasm: inDeno(`${built}.wasm`), metered: inDeno(`${built}.metered.wasm`),
  };
  const units = await unitsFor(ways.native);
  const times = { native: [], wasm: [], metered: [] };
  for (let round = -1; round < rounds; round++) {
    const checksums = new Set();
    for (const [way, runner] of Object.entries(ways)) {
      const { checksum, nanoseconds } = await runner.call(firstUnit, firstUnit + units);
      checksums.add(checksum);
      // The first round warms up.
      if (round >= 0) times[way].push(nanoseconds / 1e6);
    }
    if (checksums.size !== 1) throw new Error(`${name}: the checksums differ: ${[...checksums].join(", ")}`);
  }
  Object.values(ways).forEach((runner) => runner.end());
  const speed = (way) => median(times[way].map((time, round) => times.native[round] / time));
  return {
    name, units,
    nativeMilliseconds: median(times.native), wasmMilliseconds: median(times.wasm),
    meteredMilliseconds: median(times.metered), wasmSpeed: speed("wasm"), meteredSpeed: speed("metered"),
  };
}

const deno = findDeno();
meter();
const results = [];
for (const name of kernels) results.push(await measure(name));
const summary = {
  rounds,
  kernels: results,
  wasmSpeed: geometricMean(results.map((result) => result.wasmSpeed)),
  meteredSpeed: geometricMean(results.map((result) => result.meteredSpeed)),
};

if (process.argv.includes("--json")) {
  console.log(JSON.stringify(summary, null, 2));
} else {
  const row = (first, ...cells) => console.log(first.padEnd(16) + cells.map((cell) => cell.padStart(12)).join(""));
  const number = (value) => value.toFixed(2);
  row("kernel", "native ms", "wasm ms", "metered ms", "wasm", "metered");
  for (const result of results) {
    row(
      result.name, number(result.nativeMilliseconds), number(result.wasmMilliseconds),
      number(result.meteredMilliseconds), number(result.wasmSpeed), number(result.meteredSpeed));
  }
  row("geometric mean", "", "", "", number(summary.wasmSpeed), number(summary.meteredSpeed));
}
