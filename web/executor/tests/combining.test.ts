import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { ByteWriter } from "../core/bytes.js";
import { SegmentWriter, foldOf, type Combination } from "../core/combining/segments.js";
import { ProgramFault, TrapCode } from "../core/failures.js";
import { CombineKind } from "../core/frames.js";
import { Prng } from "../core/prng.js";
import { entriesIn, exchange, failureOf, segmentOf } from "./bench.js";
import { load, run } from "./frames.js";
import { kernel } from "./modules.js";
import { repository } from "./processes.js";

interface SegmentVector {
  readonly combine: "sum" | "min" | "max" | "top" | "histogram";
  readonly topCount?: number;
  readonly outputs: readonly string[];
  readonly segment?: string;
  readonly refused?: string;
}

const vectors = JSON.parse(
  readFileSync(path.join(repository, "docs/protocol/vectors/segments.json"), "utf8"),
) as readonly SegmentVector[];
const kinds = {
  sum: CombineKind.Sum,
  min: CombineKind.Min,
  max: CombineKind.Max,
  top: CombineKind.Top,
  histogram: CombineKind.Histogram,
};

function combined(combination: Combination, outputs: readonly Uint8Array[]): Uint8Array {
  const fold = foldOf(combination)!;
  outputs.forEach((output) => fold.append(output));
  const writer = new ByteWriter(16);
  fold.writeTo(new SegmentWriter(writer, 0));
  return writer.written();
}

const combinationOf = (kind: CombineKind, topCount = 0): Combination => ({ kind, topCount, outputBytesMax: 1 << 20 });

// Goal: the executor and the agent combine to the same bytes, and refuse in the same words.
test("Fold_EachVector_GivesItsSegmentOrItsRefusal", () => {
  for (const vector of vectors) {
    const combination = combinationOf(kinds[vector.combine], vector.topCount);
    const outputs = vector.outputs.map((output) => Buffer.from(output));
    const name = JSON.stringify(vector);
    if (vector.refused === undefined) {
      assert.equal(Buffer.from(combined(combination, outputs)).toString(), vector.segment, name);
      continue;
    }

    assert.throws(
      () => combined(combination, outputs),
      (error) =>
        error instanceof ProgramFault && error.code === TrapCode.BadOutput && error.message === vector.refused,
      name,
    );
  }
});

// Goal: where outputs are folded, no grouping and no order shows in the bytes. Method: the vectors, cut and shuffled.
test("Fold_AnyGroupingAndOrder_GivesTheSameBytes", () => {
  const prng = new Prng(new Uint8Array(32), 5n);
  for (const vector of vectors.filter(({ refused }) => refused === undefined)) {
    const combination = combinationOf(kinds[vector.combine], vector.topCount);
    for (let round = 0; round < 20; round++) {
      const parts = vector.outputs.map((output) => ({ at: prng.next(), bytes: Buffer.from(output) as Uint8Array }));
      let level = parts.sort((left, right) => left.at - right.at).map(({ bytes }) => bytes);
      while (level.length > 1) {
        const count = 2 + (prng.next() % 3);
        const groups = Math.ceil(level.length / count);
        level = Array.from({ length: groups }, (_, i) =>
          combined(combination, level.slice(i * count, (i + 1) * count)).slice(),
        );
      }

      assert.equal(Buffer.from(combined(combination, level)).toString(), vector.segment, JSON.stringify(vector));
    }
  }
});

/** Writes its input. */
const ECHO = kernel(`(local $n i32)
  (local.set $n (call $input_read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1000)))
  (call $write (i32.const 0) (local.get $n))`);

function echoed(combine: CombineKind, ...texts: string[]) {
  const inputs = texts.map((text, i) => [`item ${i}`, text] as const);
  return exchange(load({ code: ECHO, combine }), run({ begin: 5n, end: 5n + BigInt(texts.length), inputs }));
}

test("Run_EveryWayToCombine_AnswersWithOneSegment", () => {
  const textOf = (combine: CombineKind, ...texts: string[]) =>
    Buffer.from(segmentOf(echoed(combine, ...texts))).toString();
  assert.equal(textOf(CombineKind.Concat, "a", "", "b\n"), "ab\n");
  assert.equal(textOf(CombineKind.Lines, "a", "", "b\n", "\n"), "a\nb\n\n");
  assert.equal(textOf(CombineKind.Sum, "1 2", "", "3 4"), "4 6");
  assert.equal(textOf(CombineKind.Histogram, "a", "b", "a"), "a\t2\nb\t1\n");
});

test("Run_Files_AreNamedAfterInputsOrIndexes", () => {
  const named = entriesIn(segmentOf(echoed(CombineKind.Files, "x", "")));
  const texts = named.map(([name, bytes]) => [name, Buffer.from(bytes).toString()]);
  assert.deepEqual(texts, [["item 0", "x"], ["item 1", ""]]);
  const code = kernel("(call $write (i32.const 0) (i32.const 2))");
  const numbered = entriesIn(segmentOf(exchange(load({ code }), run({ begin: 8n, end: 10n }))));
  assert.deepEqual(numbered.map(([name, bytes]) => [name, bytes.length]), [["8", 2], ["9", 2]]);
});

test("Run_OutputThatDoesNotFit_FailsAtItsIndex", () => {
  const failure = failureOf(echoed(CombineKind.Sum, "1", "2", "three", "4"));
  assert.deepEqual([failure.trap, failure.index, failure.message], [
    TrapCode.BadOutput, 7n, "'three' is no decimal number.",
  ]);
  assert.ok(failure.fuel > 0n);
});

const ADD = `(func (export "merge")
  (drop (call $input_read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1)))
  (drop (call $input_read (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 1)))
  (i32.store8 (i32.const 2) (i32.add (i32.load8_u (i32.const 0)) (i32.load8_u (i32.const 1))))
  (call $write (i32.const 2) (i32.const 1)))`;
const LOW_BYTE = `(i32.store8 (i32.const 0) (i32.wrap_i64 (local.get $begin)))
  (call $write (i32.const 0) (i32.const 1))`;

test("Run_Merge_MergesItsItemsFromLeftToRight", () => {
  const code = kernel(LOW_BYTE, ADD);
  const answers = exchange(load({ code, combine: CombineKind.Merge }), run({ begin: 1n, end: 6n }));
  assert.deepEqual([...segmentOf(answers)], [15]);
  const done = answers.at(-1)!;
  // Five calls of 201 and four merges with three calls and a byte each.
  assert.equal(done.type === "done" && done.fuel, 5n * 201n + 4n * 603n);
});

test("Run_MergeThatIsNotThereOrFails_FailsAtTheRightPart", () => {
  const without = exchange(load({ code: kernel(LOW_BYTE), combine: CombineKind.Merge }), run({ begin: 3n, end: 6n }));
  assert.deepEqual([failureOf(without).trap, failureOf(without).index], [TrapCode.LoadFailed, 4n]);
  const code = kernel(LOW_BYTE, '(func (export "merge") unreachable)');
  const failed = exchange(load({ code, combine: CombineKind.Merge }), run({ begin: 3n, end: 6n }));
  assert.deepEqual([failureOf(failed).trap, failureOf(failed).index], [TrapCode.Unreachable, 4n]);
});

test("Run_UnsafeInputNameAsFile_IsBadOutput", () => {
  const answers = exchange(load({ code: ECHO }), run({ inputs: [["a:b", "x"]] }));
  assert.equal(failureOf(answers).trap, TrapCode.BadOutput);
});

test("Run_Lines_GiveEachIndexItsLine", () => {
  const lines = "a\n\nlong line\nd";
  const frames = [load({ code: ECHO, combine: CombineKind.Lines }), run({ begin: 7n, end: 11n, lines })];
  assert.equal(Buffer.from(segmentOf(exchange(...frames))).toString(), "a\nlong line\nd\n");
  const named = exchange(load({ code: ECHO }), run({ begin: 7n, end: 9n, lines: "a\nb\n" }));
  assert.deepEqual(entriesIn(segmentOf(named)).map(([name]) => name), ["7", "8"]);
});
