// ptorrent beside what its users would pick instead, in one run on one machine: Gearman and dask.distributed, each with
// two workers on loopback and the same C source as work. docs/benchmarks.md tells how to read the figures.
//
//   bench/peers/build.sh && node bench/peers/run.mjs [--only NAME,...] [--seconds N] [--json]
//
// Names: tiny, latency, grain, slow, distance, agent-killed, harbor-killed, hash.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { family, sleep, stopAll, throttle } from "./processes.mjs";
import { delayTo } from "./proxy.mjs";
import { dask, engineIdeal, Gearman, meter, nativeIdeal, Ptorrent, repository } from "./systems.mjs";

const options = process.argv.slice(2);
const optionOf = (name, otherwise) => (options.includes(name) ? options[options.indexOf(name) + 1] : otherwise);
const seconds = Number(optionOf("--seconds", "20"));
const only = optionOf("--only", null)?.split(",");
const results = {};

/** Points of the area that take a millisecond of one core: natively, for the peers, and in ptorrent's engine. */
const pointsOfMillisecond = { native: 0, engine: 0 };

const round = (value, digits = 3) => Number(value.toFixed(digits));

function tell(name, result) {
  results[name] = { ...results[name], ...result };
  if (!options.includes("--json")) console.log(name, JSON.stringify(result));
}

async function calibrate() {
  const [indices, points] = [4000, 3000];
  await meter();
  for (const [name, measure] of Object.entries({ native: nativeIdeal, engine: engineIdeal })) {
    const { seconds: taken } = await measure(indices, points);
    pointsOfMillisecond[name] = Math.round((indices * points) / (2000 * taken));
  }
}

/** A system's name, and its own way to be started, used and stopped. */
async function withSystem(system, body) {
  await system.start();
  try {
    return await body(system);
  } finally {
    await system.stop();
  }
}

/** Two seconds of work, after which a network's processes have their code compiled, as those that are up for days. */
const warmUp = (network) => network.area(4000, pointsOfMillisecond.engine);

/** Sums of one job by different systems must be the same number. */
function agree(...sums) {
  if (new Set(sums.map(String)).size !== 1) throw new Error(`the systems disagree: ${sums.join(", ")}`);
}

async function tiny() {
  const count = 1_000_000;
  await withSystem(new Ptorrent(), async (network) => {
    const lines = network.path("lines.txt");
    const line = (i) => String(i).padStart(63, "abcdefghijklmnopqrstuvwxyz") + ".";
    writeFileSync(lines, Array.from({ length: count }, (_, i) => line(i)).join("\n") + "\n");
    const out = network.path("out.bin");
    const program = join(repository, "bench/peers/build/tiny.wasm");
    await network.map([program, "--lines", lines, "--out", out]);
    const measured = await network.map([program, "--lines", lines, "--out", out]);
    checkTiny(out, count, line);
    tell("tiny", {
      ptorrent: Math.round(count / measured.seconds),
      harborMicroseconds: round((measured.harborCpu / count) * 1e6, 2),
    });
  });
  await withSystem(new Gearman(), async (gearman) => {
    const { seconds: taken } = await gearman.client("tiny", 50_000);
    tell("tiny", { gearman: Math.round(50_000 / taken) });
  });
  const { seconds: taken } = await dask("tiny", 5000);
  tell("tiny", { dask: Math.round(5000 / taken) });
}

/** Every thousandth result is what the program makes of its line, and there are as many as lines. */
function checkTiny(path, count, line) {
  if (statSync(path).size !== count * 1024) throw new Error(`${path} has ${statSync(path).size} bytes`);
  const file = openSync(path, "r");
  const block = Buffer.alloc(1024);
  for (let i = 0; i < count; i += 1000) {
    readSync(file, block, 0, 1024, i * 1024);
    const input = Buffer.from(line(i));
    if (!block.every((byte, at) => byte === ((input[at % 64] + at) & 255))) throw new Error(`result ${i} is wrong`);
  }
  closeSync(file);
}

async function latency() {
  const bench = spawnSync(
    "dotnet",
    ["run", "--project", join(repository, "bench/Ptorrent.Bench"), "-c", "Release", "--", "latency", "1000"],
    { encoding: "utf8" });
  tell("latency", { ptorrent: bench.stdout.trim() });
  await withSystem(new Gearman(), async (gearman) => {
    const { p50, p99 } = await gearman.client("latency", 1000);
    tell("latency", { gearman: { p50, p99 } });
  });
  tell("latency", { dask: await dask("latency", 300) });
}

async function grain() {
  for (const milliseconds of [1, 10, 100]) {
    const points = pointsOfMillisecond.engine * milliseconds;
    const pointsOfPeers = pointsOfMillisecond.native * milliseconds;
    const count = Math.round((seconds * 2000) / milliseconds);
    const name = `grain ${milliseconds} ms`;
    const ideal = await engineIdeal(count, points);
    await withSystem(new Ptorrent(), async (network) => {
      await warmUp(network);
      const measured = await network.area(count, points);
      agree(ideal.sum, measured.sum);
      tell(name, {
        ideal: round(ideal.seconds),
        ptorrent: round(ideal.seconds / measured.seconds),
        cpuOverIdeal: round(measured.cpu / (2 * ideal.seconds)),
      });
    });
    const native = await nativeIdeal(count, pointsOfPeers);
    await withSystem(new Gearman(), async (gearman) => {
      const measured = await gearman.client("area", count, pointsOfPeers);
      agree(native.sum, measured.sum);
      tell(name, {
        gearman: round(native.seconds / measured.wall),
        gearmanCpuOverIdeal: round(measured.cpu / (2 * native.seconds)),
      });
    });
    const fewer = Math.max(20, Math.round(count / 5));
    const short = await nativeIdeal(fewer, pointsOfPeers);
    const measured = await dask("area", fewer, pointsOfPeers);
    agree(short.sum, measured.sum);
    tell(name, {
      dask: round(short.seconds / measured.seconds), daskCpuOverIdeal: round(measured.cpu / (2 * short.seconds)),
    });
  }
}

/** One executor at a quarter of the speed: 1.25 cores in all. */
async function slow() {
  const points = pointsOfMillisecond.engine * 10;
  const count = Math.round((seconds * 1250) / 10);
  const full = await engineIdeal(count, points);
  const ideal = (full.seconds * 2) / 1.25;
  await withSystem(new Ptorrent(), async (network) => {
    await warmUp(network);
    const executors = family(network.agents[1]).filter(({ name }) => name.startsWith("deno"));
    const release = throttle(executors.map(({ pid }) => pid), 0.25);
    try {
      const measured = await network.area(count, points);
      agree(full.sum, measured.sum);
      tell("slow", { ideal: round(ideal), ptorrent: round(ideal / measured.seconds) });
    } finally {
      release();
    }
  });
  const pointsOfPeers = pointsOfMillisecond.native * 10;
  const native = await nativeIdeal(count, pointsOfPeers);
  const nativeBest = (native.seconds * 2) / 1.25;
  await withSystem(new Gearman(), async (gearman) => {
    const release = throttle([gearman.workers[1].pid], 0.25);
    try {
      const measured = await gearman.client("area", count, pointsOfPeers);
      tell("slow", { gearman: round(nativeBest / measured.wall) });
    } finally {
      release();
    }
  });
}

/** Agents at a distance: the same job of three times the length, with a delay on both agents' links. */
async function distance() {
  const points = pointsOfMillisecond.engine * 10;
  const count = Math.round((3 * seconds * 2000) / 10);
  const ideal = await engineIdeal(count, points);
  for (const roundTrip of [0, 100, 300]) {
    const network = await new Ptorrent().start({ agents: 0 });
    const proxy = roundTrip > 0 ? await delayTo(network.port, roundTrip) : null;
    try {
      for (const name of ["one", "two"]) await network.startAgent(name, proxy?.port);
      await warmUp(network);
      const measured = await network.area(count, points);
      agree(ideal.sum, measured.sum);
      tell("distance", { [`${roundTrip} ms`]: round(ideal.seconds / measured.seconds) });
    } finally {
      await network.stop();
      proxy?.close();
    }
  }
}

/** kill -9 of one of two agents at a third of the job, with a new one two seconds later. */
async function agentKilled() {
  const points = pointsOfMillisecond.engine * 10;
  const count = Math.round((seconds * 2000) / 10);
  await withSystem(new Ptorrent(), async (network) => {
    await warmUp(network);
    const whole = await network.area(count, points);
    const job = network.area(count, points);
    await sleep((seconds * 1000) / 3);
    network.agents[1].kill("SIGKILL");
    await sleep(2000);
    await network.startAgent("successor");
    const measured = await job;
    agree(whole.sum, measured.sum);
    tell("agent-killed", { whole: round(whole.seconds), extraSeconds: round(measured.seconds - whole.seconds) });
  });
}

/** kill -9 of the harbor at a third of the job, and the same command again two seconds later. */
async function harborKilled() {
  const points = pointsOfMillisecond.engine * 10;
  const count = Math.round((seconds * 2000) / 10);
  await withSystem(new Ptorrent(), async (network) => {
    await warmUp(network);
    const whole = await network.area(count, points);
    const job = network.area(count, points);
    await sleep((seconds * 1000) / 3);
    network.harbor.kill("SIGKILL");
    await network.harbor.ended;
    await sleep(2000);
    await network.startHarbor();
    const measured = await job;
    agree(whole.sum, measured.sum);
    tell("harbor-killed", { whole: round(whole.seconds), extraSeconds: round(measured.seconds - whole.seconds) });
  });
}

/** Has files hashed that nobody has seen before; the seconds from the command's start to its end. They stay until the
 * system stops: where many files were just deleted, some file systems take long to make new ones. */
async function hashFiles(network, name, count, bytes) {
  const folder = network.path(name);
  mkdirSync(folder);
  const contents = Array.from({ length: count }, (_, i) => Buffer.alloc(bytes, `${name} ${i} `));
  contents.forEach((content, i) => writeFileSync(join(folder, `${String(i).padStart(4, "0")}.bin`), content));
  const program = join(repository, "samples/build/hash.wasm");
  const measured = await network.map([program, "--files", join(folder, "*.bin"), "--combine", "lines", "--out", "-"]);
  const expected = contents.map((content) => createHash("sha256").update(content).digest("hex"));
  if (measured.output.trim() !== expected.join("\n")) throw new Error("the digests are wrong");
  return measured.seconds;
}

/** A thousand inputs of a megabyte, each mapped to its SHA-256. */
async function hash() {
  const count = 1000;
  const bytes = 1_000_000;
  await withSystem(new Ptorrent(), async (network) => {
    await hashFiles(network, "warm", 200, bytes);
    const measured = await hashFiles(network, "input", count, bytes);
    tell("hash", { ptorrent: Math.round((count * bytes) / 1e6 / measured), seconds: round(measured) });
  });
  await withSystem(new Gearman(), async (gearman) => {
    // Few: its sockets hold 32 KiB, less than a segment on loopback, so each 64 KiB wait for a late acknowledgement.
    const { seconds: taken } = await gearman.client("sha256", 20, bytes);
    tell("hash", { gearman: round((20 * bytes) / 1e6 / taken) });
  });
  const { seconds: taken } = await dask("sha256", 300, bytes);
  tell("hash", { dask: Math.round((300 * bytes) / 1e6 / taken) });
}

const all = {
  tiny, latency, grain, slow, distance, "agent-killed": agentKilled, "harbor-killed": harborKilled, hash,
};
try {
  await calibrate();
  for (const [name, measure] of Object.entries(all)) {
    if (only === undefined || only.includes(name)) await measure();
  }
  if (options.includes("--json")) console.log(JSON.stringify(results));
} finally {
  await stopAll();
}
