// Processes of a comparison: started here, watched, measured, and ended here whatever happens.

import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";

const running = new Set();
/** Clock ticks of /proc, a constant of Linux. */
const ticksPerSecond = 100;

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Starts a program; its words on standard error are kept as `words`, its standard output as `output`. */
export function start(command, args, environment = {}) {
  const child = spawn(command, args, { env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  child.words = "";
  child.output = "";
  child.stderr.on("data", (data) => (child.words += data));
  child.stdout.on("data", (data) => (child.output += data));
  child.ended = new Promise((resolve) => child.once("close", (code, signal) => resolve(signal ?? code)));
  child.once("close", () => running.delete(child));
  return child;
}

/** Waits until a process says something. */
export function saw(child, text) {
  return new Promise((resolve, reject) => {
    const look = () => child.words.includes(text) && resolve();
    child.stderr.on("data", look);
    child.once("close", () => reject(new Error(`${child.spawnfile} ended before '${text}':\n${child.words}`)));
    look();
  });
}

/** A command that also says on standard error what CPU time it took, in the last line; see secondsOfTimes. */
export const timesOf = (command, args) =>
  ["bash", ["-c", '"$@"; code=$?; times >&2; exit $code', "bash", command, ...args]];

/** CPU seconds, user's and system's, of what a command of timesOf ran. */
export function secondsOfTimes(words) {
  const parts = [...words.trim().split("\n").at(-1).matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0);
}

/** Runs a program to its end; its output and the seconds from start to end. */
export async function run(command, args, environment = {}) {
  const begin = performance.now();
  const child = start(command, args, environment);
  const code = await child.ended;
  const seconds = (performance.now() - begin) / 1000;
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${child.words}`);
  return { output: child.output, words: child.words, seconds };
}

export async function stop(...children) {
  for (const child of children) child.kill("SIGTERM");
  await Promise.all(children.map((child) => child.ended));
}

export const stopAll = () => stop(...running);

/** A port that was free a moment ago. */
export function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Every process with its parent, from /proc. */
function processTable() {
  const table = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const text = readFileSync(`/proc/${name}/stat`, "utf8");
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      const [userTicks, systemTicks, endedUser, endedSystem] = fields.slice(11, 15).map(Number);
      table.set(Number(name), {
        parent: Number(fields[1]),
        name: text.slice(text.indexOf("(") + 1, text.lastIndexOf(")")),
        ticks: userTicks + systemTicks + endedUser + endedSystem,
      });
    } catch {
      // It ended meanwhile.
    }
  }
  return table;
}

/** The processes below these, themselves included. */
export function family(...children) {
  const table = processTable();
  const pids = children.map((child) => child.pid);
  for (let i = 0; i < pids.length; i++) {
    for (const [pid, { parent }] of table) if (parent === pids[i]) pids.push(pid);
  }
  return pids.map((pid) => ({ pid, ...table.get(pid) }));
}

/** CPU seconds that these and all below them have used, their ended children included. */
export function cpuSeconds(...children) {
  return family(...children).reduce((sum, { ticks }) => sum + (ticks ?? 0), 0) / ticksPerSecond;
}

/**
 * Holds processes to a share of one core, by a control group of the kernel. Returns a function that ends it. Throws
 * where this user may not make control groups.
 */
export function throttle(pids, share) {
  const version1 = "/sys/fs/cgroup/cpu/ptorrent-bench";
  const version2 = "/sys/fs/cgroup/ptorrent-bench";
  const period = 20_000;
  let folder = version1;
  try {
    mkdirSync(version1);
    writeFileSync(`${version1}/cpu.cfs_period_us`, String(period));
    writeFileSync(`${version1}/cpu.cfs_quota_us`, String(Math.round(share * period)));
  } catch {
    folder = version2;
    mkdirSync(version2);
    writeFileSync(`${version2}/cpu.max`, `${Math.round(share * period)} ${period}`);
  }
  for (const pid of pids) writeFileSync(`${folder}/cgroup.procs`, String(pid));
  return () => {
    for (const pid of readFileSync(`${folder}/cgroup.procs`, "utf8").split("\n").filter(Boolean)) {
      writeFileSync(`${folder}/../cgroup.procs`, pid);
    }
    rmdirSync(folder);
  };
}
