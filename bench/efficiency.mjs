// How much of two cores the network uses: the same picture computed by two local processes that split it, and by a
// harbor with two agents of one executor each. Every part is a real `./ptorrent`; alternating rounds, medians.
//
//   node bench/efficiency.mjs [--rounds N] [--samples N] [--json]

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const program = join(root, "ptorrent");
const options = process.argv.slice(2);
const optionOf = (name, otherwise) => (options.includes(name) ? Number(options[options.indexOf(name) + 1]) : otherwise);
const rounds = optionOf("--rounds", 3);
const samples = optionOf("--samples", 64);
const pixels = 640 * 360;
const home = mkdtempSync(join(tmpdir(), "ptorrent-efficiency-"));
const running = new Set();

function start(args, place = home) {
  const child = spawn(program, args, {
    env: { ...process.env, PTORRENT_HOME: place },
    stdio: ["ignore", "ignore", "pipe"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  child.words = "";
  child.stderr.on("data", (data) => (child.words += data));
  return child;
}

function saw(child, text) {
  return new Promise((resolve, reject) => {
    const look = () => child.words.includes(text) && resolve();
    child.stderr.on("data", look);
    child.once("exit", () => reject(new Error(`ended before '${text}':\n${child.words}`)));
    look();
  });
}

/** Seconds that a command takes from its start to its end. */
async function timed(args) {
  const begin = performance.now();
  const child = start(args);
  const code = await new Promise((resolve) => child.once("exit", resolve));
  if (code !== 0) throw new Error(`ptorrent ${args.join(" ")} ended with ${code}:\n${child.words}`);
  return (performance.now() - begin) / 1000;
}

const picture = (begin, end) => [
  join(root, "samples/build/path-tracer.wasm"),
  ...["--over", `${begin}..${end}`, "--param", `samples=${samples}`, "--quiet", "--out"],
];

/** Both halves side by side; their mean is what a perfect split would take. */
async function local(round) {
  const middle = pixels / 2;
  const halves = [
    ["run", ...picture(0, middle), join(home, `a${round}`), "--slots", "1"],
    ["run", ...picture(middle, pixels), join(home, `b${round}`), "--slots", "1"],
  ];
  const [first, second] = await Promise.all(halves.map(timed));
  return (first + second) / 2;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

try {
  const harbor = start(["harbor", "--listen", "127.0.0.1:0"]);
  await saw(harbor, "listens on");
  const address = JSON.parse(readFileSync(join(home, "harbor/harbor.json"), "utf8")).address;
  const link = ["--harbor", address, "--key-file", join(home, "harbor/access.key")];
  for (const name of ["one", "two"]) {
    const agent = start(["agent", "--slots", "1", "--name", name, "--home", join(home, name), ...link]);
    await saw(agent, "Linked to");
  }

  const locals = [];
  const networks = [];
  for (let round = 0; round < rounds; round++) {
    locals.push(await local(round));
    const whole = join(home, `w${round}`);
    networks.push(await timed(["map", ...picture(0, pixels), whole]));
    const parts = Buffer.concat([readFileSync(join(home, `a${round}`)), readFileSync(join(home, `b${round}`))]);
    if (!parts.equals(readFileSync(whole))) throw new Error("the network's bytes are not those of the local processes");
  }

  const result = {
    rounds,
    localSeconds: median(locals),
    networkSeconds: median(networks),
    efficiency: median(locals.map((seconds, i) => seconds / networks[i])),
  };
  if (options.includes("--json")) {
    console.log(JSON.stringify(result));
  } else {
    console.log(`two local processes, perfectly split: ${result.localSeconds.toFixed(2)} s`);
    console.log(`a harbor and two agents:              ${result.networkSeconds.toFixed(2)} s`);
    console.log(`efficiency:                           ${result.efficiency.toFixed(3)}`);
  }
} finally {
  const ended = [...running].map((child) => new Promise((resolve) => child.once("exit", resolve)));
  for (const child of running) child.kill("SIGTERM");
  await Promise.all(ended);
  rmSync(home, { recursive: true, force: true });
}
