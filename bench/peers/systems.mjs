// The systems that are compared: each knows how to start itself, hand in the common work, and what it cost.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cpuSeconds, freePort, run, saw, secondsOfTimes, sleep, start, stop, timesOf } from "./processes.mjs";

const folder = dirname(fileURLToPath(import.meta.url));
export const repository = dirname(dirname(folder));
export const built = (name) => join(folder, "build", name);
const program = join(repository, "ptorrent");
const python = "/usr/bin/python3";

/** ptorrent: a harbor and two agents of one executor each, all processes of their own. */
export class Ptorrent {
  #home = mkdtempSync(join(tmpdir(), "ptorrent-peers-"));
  harbor = null;
  agents = [];
  #port = 0;

  async start({ agents = 2, port = null } = {}) {
    this.#port = port ?? (await freePort());
    await this.startHarbor();
    for (let i = 0; i < agents; i++) await this.startAgent(`agent${i}`);
    return this;
  }

  async startHarbor() {
    this.harbor = start(program, ["harbor", "--listen", `127.0.0.1:${this.#port}`], { PTORRENT_HOME: this.#home });
    await saw(this.harbor, "listens on");
  }

  get port() {
    return this.#port;
  }

  /** Starts an agent and waits until it is linked. `port` is that of a proxy, where there is one. */
  async startAgent(name, port = this.#port) {
    const home = join(this.#home, name);
    mkdirSync(home, { recursive: true });
    const agent = start(program, [
      "agent", "--slots", "1", "--name", name, "--home", home,
      "--harbor", `http://127.0.0.1:${port}`, "--key-file", join(this.#home, "harbor/access.key"),
    ]);
    this.agents.push(agent);
    await saw(agent, "Linked to");
    return agent;
  }

  get processes() {
    return [this.harbor, ...this.agents].filter((process) => process.exitCode === null && process.signalCode === null);
  }

  path(name) {
    return join(this.#home, name);
  }

  /** Hands a job in as a user does, and waits for its product. Its seconds run from the command's start to its end. */
  async map(args) {
    const cpu = cpuSeconds(...this.processes);
    const harborCpu = cpuSeconds(this.harbor);
    const begin = performance.now();
    const client = await run(...timesOf(program, ["map", ...args, "--quiet"]), { PTORRENT_HOME: this.#home });
    const seconds = (performance.now() - begin) / 1000;
    return {
      seconds,
      output: client.output,
      cpu: cpuSeconds(...this.processes) - cpu + secondsOfTimes(client.words),
      harborCpu: cpuSeconds(this.harbor) - harborCpu,
    };
  }

  async area(count, points) {
    const args = [built("area.wasm"), "--over", `0..${count}`, "--combine", "sum", "--param", `points=${points}`];
    const result = await this.map([...args, "--out", "-"]);
    return { ...result, sum: result.output.trim() };
  }

  async stop() {
    await stop(...this.processes);
    rmSync(this.#home, { recursive: true, force: true });
  }
}

/** Gearman: its server, two workers in C, a client in C. */
export class Gearman {
  #port = 0;
  server = null;
  workers = [];

  async start() {
    this.#port = await freePort();
    await this.startServer();
    for (let i = 0; i < 2; i++) this.startWorker();
    await this.client("tiny", 10);
    return this;
  }

  async startServer() {
    this.server = start("gearmand", ["--listen", "127.0.0.1", "--port", String(this.#port), "--log-file", "stderr"]);
    await sleep(500);
  }

  startWorker() {
    const worker = start(built("gearman-worker"), [String(this.#port)]);
    this.workers.push(worker);
    return worker;
  }

  async client(...args) {
    const processes = [this.server, ...this.workers];
    const cpu = cpuSeconds(...processes);
    const begin = performance.now();
    const { output } = await run(built("gearman-client"), [String(this.#port), ...args.map(String)]);
    const wall = (performance.now() - begin) / 1000;
    return { ...JSON.parse(output), wall, cpu: cpuSeconds(...processes) - cpu };
  }

  stop = () => stop(this.server, ...this.workers);
}

/** dask.distributed: a cluster a call, started before the clock runs. */
export async function dask(...args) {
  const { output } = await run(python, [join(folder, "dask-client.py"), built("native.so"), ...args.map(String)]);
  return JSON.parse(output.trim().split("\n").at(-1));
}

/** The seconds that two native processes take side by side for half the work each. */
export async function nativeIdeal(count, points) {
  const half = Math.floor(count / 2);
  const halves = [[0, half], [half, count]];
  const parts = await Promise.all(halves.map(([begin, end]) =>
    run(built("native"), ["area", begin, end, points].map(String))));
  return {
    seconds: (parts[0].seconds + parts[1].seconds) / 2,
    sum: String(parts.reduce((sum, { output }) => sum + BigInt(output.trim()), 0n)),
  };
}

/** The same for the metered module in the executor's engine, calls of 20 ms, without the network around it. */
export async function engineIdeal(count, points) {
  const half = Math.floor(count / 2);
  const deno = join(repository, "node_modules/@deno", `linux-${process.arch}-glibc`, "deno");
  const parts = await Promise.all([[0, half], [half, count]].map(async ([begin, end]) => {
    const rights = ["--no-prompt", "--v8-flags=--no-liftoff", `--allow-read=${folder}`];
    const work = [join(folder, "engine.mjs"), built("area.metered.wasm"), begin, end, points];
    const { output } = await run(deno, ["run", ...rights, ...work].map(String));
    return JSON.parse(output);
  }));
  return {
    seconds: (parts[0].seconds + parts[1].seconds) / 2,
    sum: String(parts.reduce((sum, part) => sum + BigInt(part.sum), 0n)),
  };
}

/** Meters area.wasm as an agent does. */
export async function meter() {
  const project = join(repository, "bench/Ptorrent.Bench");
  const args = ["run", "--project", project, "-c", "Release", "--", "meter"];
  await run("dotnet", [...args, built("area.wasm"), built("area.metered.wasm")]);
}

