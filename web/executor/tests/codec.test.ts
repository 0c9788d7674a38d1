import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { ByteWriter, FrameSplitter } from "../core/bytes.js";
import { ProtocolError } from "../core/failures.js";
import { BODY_BYTES_MAX_IN, decodeFrame, writeFailed, writeLoaded, writeReady, writeRefused } from "../core/frames.js";
import { Prng } from "../core/prng.js";
import { exchange } from "./bench.js";
import { load, merge, run, unload } from "./frames.js";
import { repository } from "./processes.js";

const vectors = path.join(repository, "docs/protocol/vectors");

function written(body: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(16);
  body(writer);
  return writer.written();
}

function done(): Uint8Array {
  return written((writer) => {
    writer.u32(31);
    writer.u8(4);
    writer.u64(7n);
    writer.u64(1234n);
    writer.u64(56n);
    writer.prefixed(Uint8Array.of(1, 2, 3));
  });
}

/** The frames of docs/protocol/vectors/README.md. */
const samples: Readonly<Record<string, () => Uint8Array>> = {
  "executor-load": () =>
    load({
      program: 3,
      kind: 2,
      mode: 2,
      combine: 8,
      topCount: 10,
      outputBytesMax: 65536n,
      name: "é.wasm",
      arguments: ["--at", "{index}"],
      parameters: [["depth", "9"], ["name", "ö"]],
      code: Uint8Array.of(0, 0x61, 0x73, 0x6d),
    }),
  "executor-run": () =>
    run({ run: 7n, program: 3, begin: 10n, end: 12n, fuel: 1_000_000n, inputs: [["a.txt", "A"], ["b.txt", ""]] }),
  "executor-run-lines": () => run({ run: 9n, program: 3, begin: 20n, end: 23n, fuel: 30n, lines: "a\n\nb" }),
  "executor-merge": () => merge(["left", "right"], { run: 8n, program: 3, fuel: 500n }),
  "executor-unload": () => unload(3),
  "executor-ready": () => written((writer) => writeReady(writer, "deno 2.9.6 v8 15.0")),
  "executor-loaded": () => written((writer) => writeLoaded(writer, 3, true)),
  "executor-refused": () => written((writer) => writeRefused(writer, 3, 12, "no export run")),
  "executor-done": done,
  "executor-failed": () =>
    written((writer) =>
      writeFailed(writer, { run: 7n, index: 11n, trap: 7, fuel: 99n, micros: 5n, message: "out of bounds" }),
    ),
};

// Goal: yesterday's bytes still read. Set PTORRENT_WRITE_VECTORS=1 to write them anew after a change that is meant.
test("Frames_EachType_AreTheBytesOfItsVector", () => {
  const names = Object.keys(samples).map((name) => `${name}.hex`);
  if (process.env["PTORRENT_WRITE_VECTORS"] === "1") {
    for (const [name, bytes] of Object.entries(samples)) {
      writeFileSync(path.join(vectors, `${name}.hex`), `${Buffer.from(bytes()).toString("hex")}\n`);
    }
  }

  assert.deepEqual(readdirSync(vectors).filter((name) => name.startsWith("executor-")).sort(), names.sort());
  for (const [name, bytes] of Object.entries(samples)) {
    const wanted = readFileSync(path.join(vectors, `${name}.hex`), "utf8").trim();
    assert.equal(Buffer.from(bytes()).toString("hex"), wanted, name);
  }
});

const toExecutor = ["load", "run", "run-lines", "merge", "unload"].map((name) => samples[`executor-${name}`]!());

test("DecodeFrame_EveryTruncation_IsAProtocolError", () => {
  for (const frame of toExecutor) {
    const body = Uint8Array.from(frame.subarray(5));
    assert.ok(decodeFrame(frame[4]!, body));
    for (let length = 0; length < body.length; length++) {
      assert.throws(() => decodeFrame(frame[4]!, body.slice(0, length)), ProtocolError, `${frame[4]} cut at ${length}`);
    }
  }
});

test("DecodeFrame_OneByteTooMany_IsAProtocolError", () => {
  for (const frame of toExecutor) {
    assert.throws(() => decodeFrame(frame[4]!, Uint8Array.from([...frame.subarray(5), 0])), /longer than its fields/);
  }
});

// Goal: whatever comes in, the codec answers with a frame or a ProtocolError, and reserves nothing that is not there.
test("DecodeFrame_MutatedBytes_NeverFailsOtherwise", () => {
  const prng = new Prng(new Uint8Array(32), 1n);
  for (let round = 0; round < 40_000; round++) {
    const frame = toExecutor[round % toExecutor.length]!.slice(4);
    for (let change = prng.next() % 4; change >= 0; change--) {
      frame[prng.next() % frame.length] = prng.next() & 0xff;
    }

    try {
      decodeFrame(frame[0]! % 6, frame.slice(1, 1 + (prng.next() % frame.length)));
    } catch (error) {
      assert.ok(error instanceof ProtocolError, String(error));
    }
  }
});

test("DecodeFrame_BadValues_AreProtocolErrors", () => {
  const bad: [RegExp, Uint8Array][] = [
    [/kind/, load({ kind: 4, code: "" })],
    [/mode/, load({ mode: 0, code: "" })],
    [/way to combine 0/, load({ combine: 0, code: "" })],
    [/way to combine 10/, load({ combine: 10, code: "" })],
    [/has 0 lines/, load({ combine: 8, code: "" })],
    [/has 1000001 lines/, load({ combine: 8, topCount: 1_000_001, code: "" })],
    [/has 5 lines/, load({ combine: 1, topCount: 5, code: "" })],
    [/empty range/, run({ begin: 5n, end: 5n })],
    [/2 inputs for 1/, run({ inputs: [["a", ""], ["b", ""]] })],
    [/no file name/, run({ inputs: [["../a", ""]] })],
    [/files and lines/, run({ inputs: [["a", ""]], lines: "a" })],
    [/3 inputs for 2/, run({ end: 2n, lines: "a\nb\nc" })],
    [/no parts/, merge([])],
  ];
  for (const [words, frame] of bad) {
    assert.throws(() => decodeFrame(frame[4]!, Uint8Array.from(frame.subarray(5))), words);
  }

  const notUtf8 = unload(1);
  assert.throws(() => decodeFrame(9, Uint8Array.from(notUtf8.subarray(5))), /no frame of type 9/);
  const text = load({ name: "xy", code: "" });
  text.set([0xff, 0xfe], text.indexOf(0x78));
  assert.throws(() => decodeFrame(1, Uint8Array.from(text.subarray(5))), /not UTF-8/);
});

test("FrameSplitter_FrameOverTheLimit_IsRefusedByItsHeader", () => {
  const splitter = new FrameSplitter(BODY_BYTES_MAX_IN);
  const header = new Uint8Array(5);
  new DataView(header.buffer).setUint32(0, BODY_BYTES_MAX_IN + 1, true);
  splitter.space().set(header);
  splitter.filled(5);
  assert.throws(() => splitter.next(), ProtocolError);
});

// Goal: frames read the same however the stream was cut. Method: every chunk length, through buffers that start small.
test("FrameSplitter_StreamCutAnywhere_GivesTheSameFrames", () => {
  const stream = Buffer.concat([...toExecutor, load({ code: new Uint8Array(300).fill(7) }), ...toExecutor]);
  for (let length = 1; length < 80; length++) {
    const splitter = new FrameSplitter(BODY_BYTES_MAX_IN, 64);
    const found: Uint8Array[] = [];
    for (let at = 0; at < stream.length; ) {
      const space = splitter.space();
      assert.ok(space.length > 0);
      const part = stream.subarray(at, at + Math.min(length, space.length));
      space.set(part);
      splitter.filled(part.length);
      at += part.length;
      while (splitter.next()) {
        found.push(Buffer.from([splitter.type]), splitter.body.slice());
      }
    }

    assert.equal(splitter.isInsideFrame, false);
    assert.equal(found.length, 22);
    assert.deepEqual(Buffer.concat(found).length, stream.length - 11 * 4);
  }
});

test("Core_UnknownProgram_FailsTheRunAndGoesOn", () => {
  const answers = exchange(run({ run: 4n, program: 9 }), merge(["a"], { run: 5n, program: 9 }), unload(9));
  const failures = answers.map((answer) => answer.type === "failed" && [answer.run, answer.trap]);
  assert.deepEqual(failures, [[4n, 12], [5n, 12]]);
});

test("Prng_KnownSeeds_GiveTheSequenceOfTheModel", () => {
  // The reference: xoshiro256** in BigInt, written from the paper, on the state that docs/programs.md defines.
  const mask = (1n << 64n) - 1n;
  const rotate = (x: bigint, k: bigint) => ((x << k) | (x >> (64n - k))) & mask;
  const mix = (x: bigint) => {
    let z = (x + 0x9e3779b97f4a7c15n) & mask;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
    return z ^ (z >> 31n);
  };
  const seed = Uint8Array.from({ length: 32 }, (_, i) => i * 37);
  const view = new DataView(seed.buffer);
  for (const index of [0n, 1n, 77n, (1n << 64n) - 1n]) {
    const s = [0, 1, 2, 3].map((i) => mix(view.getBigUint64(8 * i, true) ^ ((4n * index + BigInt(i)) & mask)));
    const prng = new Prng(seed, index);
    for (let i = 0; i < 2000; i++) {
      const wanted = (rotate((s[1]! * 5n) & mask, 7n) * 9n) & mask;
      const t = (s[1]! << 17n) & mask;
      s[2]! ^= s[0]!;
      s[3]! ^= s[1]!;
      s[1]! ^= s[2]!;
      s[0]! ^= s[3]!;
      s[2]! ^= t;
      s[3] = rotate(s[3]!, 45n);
      const low = prng.next();
      assert.equal((BigInt(prng.high) << 32n) | BigInt(low), wanted, `${index} ${i}`);
    }
  }
});
