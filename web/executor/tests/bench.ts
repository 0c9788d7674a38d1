import assert from "node:assert/strict";
import { ByteReader, ByteWriter, FrameSplitter } from "../core/bytes.js";
import { ExecutorCore, type ExecutorHost } from "../core/executor-core.js";
import { BODY_BYTES_MAX_IN } from "../core/frames.js";
import { answersIn, type Answer } from "./frames.js";

const host: ExecutorHost = { engine: "test", now: () => 0, scripts: null, sha256: () => null };

/** Sends frames to a core in this process and returns what it answers; no READY among it. */
export function exchange(...frames: Uint8Array[]): Answer[] {
  const output = new ByteWriter();
  const core = new ExecutorCore(host, output);
  const splitter = new FrameSplitter(BODY_BYTES_MAX_IN);
  for (const frame of frames) {
    for (let at = 0; at < frame.length; ) {
      const space = splitter.space();
      const part = frame.subarray(at, at + space.length);
      space.set(part);
      splitter.filled(part.length);
      at += part.length;
    }

    while (splitter.next()) {
      assert.equal(core.handle(splitter.type, splitter.body), undefined);
    }
  }

  return answersIn(output.written().slice());
}

/** What one call put out. */
export interface OutputElement {
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly files: Readonly<Record<string, string>>;
}

const decoder = new TextDecoder();

/** The segment of the last answer, which must be DONE. */
export function segmentOf(answers: readonly Answer[]): Uint8Array {
  const last = answers.at(-1);
  if (last?.type !== "done") {
    const words = last !== undefined && "message" in last ? `${last.type}: ${last.message}` : last?.type;
    assert.fail(`the last answer is ${words}`);
  }

  return last.segment;
}

/**
 * The calls' outputs in a segment of files. An entry with the name of an index, or with one of `names`, is a call's
 * own; the files that the call wrote follow it.
 */
export function outputsIn(segment: Uint8Array, ...names: string[]): OutputElement[] {
  const outputs: { bytes: Uint8Array; text: string; files: Record<string, string> }[] = [];
  for (const [name, bytes] of entriesIn(segment)) {
    if (/^\d+$/.test(name) || names.includes(name)) {
      outputs.push({ bytes, text: decoder.decode(bytes), files: {} });
      continue;
    }

    if (outputs.length === 0) {
      outputs.push({ bytes: new Uint8Array(0), text: "", files: {} });
    }

    outputs.at(-1)!.files[name] = decoder.decode(bytes);
  }

  return outputs;
}

/** The entries of a segment of files. */
export function entriesIn(segment: Uint8Array): [string, Uint8Array][] {
  const reader = new ByteReader(Uint8Array.from(segment));
  const entries: [string, Uint8Array][] = [];
  while (reader.remaining > 0) {
    const name = reader.text();
    entries.push([name, reader.fixed(Number(reader.u64()))]);
  }

  return entries;
}

/** The outputs of the last answer, which must be DONE. */
export function outputsOf(answers: readonly Answer[], ...names: string[]): OutputElement[] {
  return outputsIn(segmentOf(answers), ...names);
}

/** The last answer, which must be FAILED. */
export function failureOf(answers: readonly Answer[]): Extract<Answer, { type: "failed" }> {
  const last = answers.at(-1);
  return last?.type === "failed" ? last : assert.fail(`the last answer is ${last?.type}`);
}

export function refusalOf(answers: readonly Answer[]): Extract<Answer, { type: "refused" }> {
  const last = answers.at(-1);
  return last?.type === "refused" ? last : assert.fail(`the last answer is ${last?.type}`);
}
