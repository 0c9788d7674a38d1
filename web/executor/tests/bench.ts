import assert from "node:assert/strict";
import { ByteWriter, FrameSplitter } from "../core/bytes.js";
import { ExecutorCore, type ExecutorHost } from "../core/executor-core.js";
import { BODY_BYTES_MAX_IN } from "../core/frames.js";
import { answersIn, type Answer, type OutputElement } from "./frames.js";

const host: ExecutorHost = { engine: "test", now: () => 0, scripts: null };

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

/** The outputs of the last answer, which must be DONE. */
export function outputsOf(answers: readonly Answer[]): readonly OutputElement[] {
  const last = answers.at(-1);
  if (last?.type !== "done") {
    const words = last !== undefined && "message" in last ? `${last.type}: ${last.message}` : last?.type;
    assert.fail(`the last answer is ${words}`);
  }

  return last.outputs;
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
