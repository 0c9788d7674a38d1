// An executor whose programs are scripts of misbehaviour. A program's code is JSON: {"load": action, "runs": {begin: action},
// "otherwise": action}. It speaks the frames of docs/protocol/executor.md, or on purpose does not.
const header = new Uint8Array(5);
const text = new TextDecoder();
const programs = new Map();

function readFully(target) {
  let at = 0;
  while (at < target.length) {
    const got = Deno.stdin.readSync(target.subarray(at));
    if (got === null) {
      Deno.exit(0);
    }
    at += got;
  }
}

function writeFully(bytes) {
  let at = 0;
  while (at < bytes.length) {
    at += Deno.stdout.writeSync(bytes.subarray(at));
  }
}

class Writer {
  bytes = [];
  u8(value) {
    this.bytes.push(value);
    return this;
  }
  u32(value) {
    for (let i = 0; i < 4; i++) {
      this.bytes.push((value >>> (8 * i)) & 255);
    }
    return this;
  }
  u64(value) {
    for (let i = 0n; i < 8n; i++) {
      this.bytes.push(Number((BigInt(value) >> (8n * i)) & 255n));
    }
    return this;
  }
  text(value) {
    const bytes = new TextEncoder().encode(value);
    this.u32(bytes.length);
    this.bytes.push(...bytes);
    return this;
  }
  send(type) {
    writeFully(new Uint8Array(new Writer().u32(this.bytes.length).u8(type).bytes.concat(this.bytes)));
  }
}

class Reader {
  at = 0;
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
  u8() {
    return this.bytes[this.at++];
  }
  u32() {
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }
  u64() {
    this.at += 8;
    return this.view.getBigUint64(this.at - 8, true);
  }
  blob() {
    const length = this.u32();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
  text() {
    return text.decode(this.blob());
  }
}

function sleep(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function done(run, outputs) {
  new Writer().u64(run).u64(10).u64(5).text(outputs.join(",")).send(4);
}

function misbehave(action) {
  switch (action) {
    case "hang":
      for (;;) {
        sleep(1000);
      }
    case "spin":
      for (;;);
    case "exit":
      return Deno.exit(3);
    case "oom":
      console.error("Fatal JavaScript out of memory: Reached heap limit");
      return Deno.exit(133);
    case "garbage":
      return writeFully(new Uint8Array(100).fill(0xa5));
    case "huge":
      return writeFully(new Uint8Array([255, 255, 255, 255, 4]));
    case "cut":
      writeFully(new Uint8Array([100, 0, 0, 0, 4, 1, 2, 3]));
      return Deno.exit(0);
    case "ready again":
      return new Writer().u32(1).text("again").send(1);
    case "unknown type":
      return new Writer().u32(1).send(77);
    case "noise":
      for (let i = 0; i < 100; i++) {
        console.error("noise ".repeat(2000));
      }
      return;
    default:
      throw new Error(`no such action: ${action}`);
  }
}

function load(reader) {
  const number = reader.u32();
  reader.u8();
  const mode = reader.u8();
  reader.u8();
  reader.u32();
  reader.u64();
  reader.at += 32;
  reader.text();
  for (let i = reader.u32(); i > 0; i--) {
    reader.text();
  }
  for (let i = 2 * reader.u32(); i > 0; i--) {
    reader.text();
  }
  const program = JSON.parse(reader.text());
  program.isItem = mode === 2;
  switch (program.load ?? "ok") {
    case "ok":
      programs.set(number, program);
      return new Writer().u32(number).u8(1).send(2);
    case "refuse":
      return new Writer().u32(number).u8(12).text("refused on purpose").send(3);
    default:
      return misbehave(program.load);
  }
}

function run(reader) {
  const number = reader.u64();
  const program = programs.get(reader.u32());
  const begin = reader.u64();
  const end = reader.u64();
  reader.u64();
  const inputs = [];
  for (let i = reader.u32(); i > 0; i--) {
    reader.text();
    inputs.push(reader.blob().length);
  }
  if (reader.u8() === 1) {
    inputs.push(reader.blob().length);
  }
  if (program === undefined) {
    return new Writer().u64(number).u64(begin).u8(12).u64(0).u64(0).text("not loaded").send(5);
  }
  const action = program.runs?.[String(begin)] ?? program.otherwise ?? "echo";
  const count = program.isItem ? Number(end - begin) : 1;
  const outputs = Array.from({ length: count }, (_, i) =>
    program.isItem ? `${begin + BigInt(i)}` : `${begin}..${end}${inputs.map((n) => ` ${n}`).join("")}`);
  switch (action) {
    case "echo":
      return done(number, outputs);
    case "slow":
      sleep(400);
      return done(number, outputs);
    case "too much":
      return done(number, ["x".repeat(5000)]);
    case "wrong run":
      return done(number + 1n, outputs);
    case "fail":
      return new Writer().u64(number).u64(begin).u8(6).u64(7).u64(3).text("failed\u0007on purpose").send(5);
    case "fail elsewhere":
      return new Writer().u64(number).u64(end).u8(6).u64(7).u64(3).text("failed").send(5);
    case "bad trap":
      return new Writer().u64(number).u64(begin).u8(13).u64(7).u64(3).text("failed").send(5);
    case "too much fuel":
      return new Writer().u64(number).u64(1n << 62n).u64(5).text("").send(4);
    default:
      misbehave(action);
      return done(number, outputs);
  }
}

function merge(reader) {
  const number = reader.u64();
  reader.u32();
  reader.u64();
  const parts = [];
  for (let i = reader.u32(); i > 0; i--) {
    parts.push(reader.text());
  }
  return done(number, [parts.join("+")]);
}

new Writer().u32(2).text("fake 1").send(1);
for (;;) {
  readFully(header);
  const body = new Uint8Array(new DataView(header.buffer).getUint32(0, true));
  readFully(body);
  const reader = new Reader(body);
  switch (header[4]) {
    case 1:
      load(reader);
      break;
    case 2:
      run(reader);
      break;
    case 3:
      merge(reader);
      break;
    default:
      programs.delete(reader.u32());
  }
}
