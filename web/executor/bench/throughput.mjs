// Measures the executor in Deno: `node web/executor/bench/throughput.mjs [more v8 flags, comma separated]`. A writer
// that keeps a fixed number of runs in flight and a reader apart from it, as an agent has them. Prints runs a second,
// microseconds of the executor's CPU a run, and the time from the start of a process to READY.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import wabtModule from "wabt";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const denoFolder = path.join(repository, "node_modules/@deno");
const deno = path.join(denoFolder, readdirSync(denoFolder)[0], "deno");
const engineFlags = ["--disallow-code-generation-from-strings", ...process.argv.slice(2)].join(",");
const flags = [
  "run", "--quiet", "--no-prompt", "--no-config", "--no-lock", "--no-remote", "--no-npm", "--no-code-cache",
  `--v8-flags=${engineFlags}`, path.join(repository, "web/executor/dist/executor.js"),
];
const ticksASecond = 100;
const header = 5;

const wabt = await wabtModule();
const meter = `(global $fuel (export "ptorrent_fuel") (mut i64) (i64.const 0))
  (global (export "ptorrent_stack") (mut i32) (i32.const 100))`;
const assemble = (text) => Buffer.from(wabt.parseWat("bench.wat", text, { mutable_globals: true }).toBinary({}).buffer);
const kernel = assemble(`(module (import "ptorrent" "write" (func $write (param i32 i32)))
  (import "ptorrent" "input_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) ${meter}
  (func (export "run") (param i64 i64)
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 64)))
    (call $write (i32.const 0) (i32.const 1024))))`);
const command = assemble(`(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) ${meter}
  (func (export "_start")
    (i32.store (i32.const 4) (i32.const 1024))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`);
const script = "export default ({ index, input }: { index: number; input: Uint8Array }) => input ?? index;";

function body(...fields) {
  return Buffer.concat(fields.map(([kind, value]) => {
    const bytes = Buffer.alloc(kind === "u64" ? 8 : kind === "u8" ? 1 : 4);
    if (kind === "u64") bytes.writeBigUInt64LE(BigInt(value));
    else if (kind === "u8") bytes[0] = value;
    else if (kind === "u32") bytes.writeUInt32LE(value);
    else if (kind === "raw") return Buffer.from(value);
    else {
      bytes.writeUInt32LE(Buffer.byteLength(value));
      return Buffer.concat([bytes, Buffer.from(value)]);
    }
    return bytes;
  }));
}

function frame(type, content) {
  const head = Buffer.alloc(header);
  head.writeUInt32LE(content.length);
  head[4] = type;
  return Buffer.concat([head, content]);
}

const load = (kind, name, code) => frame(1, body(["u32", 1], ["u8", kind], ["u8", 2], ["u8", 1], ["u32", 0],
  ["u64", 1 << 24],
  ["raw", Buffer.alloc(32)], ["text", name], ["u32", 0], ["u32", 0], ["text", code]));

/** A run of `count` indexes, each with an input of so many bytes; without inputs where that is null. */
function run(count, inputBytes) {
  const input = inputBytes === null ? null : body(["text", "i"], ["text", Buffer.alloc(inputBytes)]);
  const inputs = input === null ? [] : Array.from({ length: count }, () => ["raw", input]);
  const range = [["u64", 0], ["u64", count]];
  return frame(2, body(["u64", 7], ["u32", 1], ...range, ["u64", 1e15], ["u32", inputs.length], ...inputs, ["u8", 0]));
}

function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksASecond;
}

/** Counts answers in a stream of frames. */
class AnswerCounter {
  readyAt = 0;
  doneCount = 0;
  #held = Buffer.alloc(0);

  add(chunk) {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    let at = 0;
    while (this.#held.length - at >= header) {
      const length = this.#held.readUInt32LE(at);
      const type = this.#held[at + 4];
      if (this.#held.length - at < header + length) break;
      if (type === 3 || type === 5) throw new Error(this.#held.toString("latin1", at, at + length));
      if (type === 1) this.readyAt = performance.now();
      if (type === 4) this.doneCount++;
      at += header + length;
    }
    this.#held = this.#held.subarray(at);
  }
}

/** Runs `runCount` frames with at most `inFlightMax` unanswered, after a fifth as many to warm up. */
function measure(name, loadFrame, runFrame, runCount, itemsARun, inFlightMax) {
  const startedAt = performance.now();
  const env = { TZ: "UTC", NO_COLOR: "1", DENO_DIR: "/nonexistent" };
  const child = spawn(deno, flags, { env, stdio: ["pipe", "pipe", "inherit"] });
  const answers = new AnswerCounter();
  const warmUpCount = Math.ceil(runCount / 5);
  let sentCount = 0, beganAt = 0, cpuAtBegin = 0, isWriting = true;
  const fill = () => {
    while (isWriting && sentCount < runCount + warmUpCount && sentCount - answers.doneCount < inFlightMax) {
      sentCount++;
      isWriting = child.stdin.write(runFrame);
    }
  };
  const report = () => {
    const items = runCount * itemsARun;
    const rate = Math.round((items / (performance.now() - beganAt)) * 1000).toLocaleString("en");
    const cpuMicros = ((cpuSeconds(child.pid) - cpuAtBegin) / items) * 1e6;
    const ready = Math.round(answers.readyAt - startedAt);
    console.log(`${name}: ${rate}/s, ${cpuMicros.toFixed(2)} µs CPU each, ready ${ready} ms`);
  };
  child.stdin.on("drain", () => {
    isWriting = true;
    fill();
  });
  child.stdout.on("data", (chunk) => {
    answers.add(chunk);
    if (beganAt === 0 && answers.doneCount >= warmUpCount) {
      beganAt = performance.now();
      cpuAtBegin = cpuSeconds(child.pid);
    }
    if (child.killed) return;
    if (answers.doneCount < runCount + warmUpCount) return fill();
    report();
    child.kill("SIGKILL");
  });
  child.stdin.write(loadFrame);
  fill();
  return new Promise((resolve) => child.on("close", resolve));
}

console.log(engineFlags);
const loadKernel = load(2, "k.wasm", kernel);
await measure("kernel, 64 B in, 1 KB out, 256 in flight", loadKernel, run(1, 64), 200_000, 1, 256);
await measure("kernel, 64 B in, 1 KB out, one at a time", loadKernel, run(1, 64), 20_000, 1, 1);
await measure("kernel, 1,000 indexes a run", loadKernel, run(1000, 64), 1000, 1000, 4);
await measure("command, 1 KB out, 16 in flight", load(1, "c.wasm", command), run(1, 64), 10_000, 1, 16);
await measure("script, 64 B in and out, 64 in flight", load(3, "s.ts", script), run(1, 64), 50_000, 1, 64);
await measure("script, 1,000 indexes a run", load(3, "s.ts", script), run(1000, null), 500, 1000, 4);
