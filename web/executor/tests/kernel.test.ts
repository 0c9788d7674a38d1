import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { TrapCode } from "../core/failures.js";
import { exchange, failureOf, outputsIn, outputsOf, refusalOf, segmentOf } from "./bench.js";
import { load, merge, run, unload } from "./frames.js";
import { assemble, BURN, kernel, METER } from "./modules.js";

/** Writes begin and end. */
const WRITE_RANGE = `
  (i64.store (i32.const 0) (local.get $begin)) (i64.store (i32.const 8) (local.get $end))
  (call $write (i32.const 0) (i32.const 16))`;

function numbersOf(bytes: Uint8Array): bigint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 8 }, (_, i) => view.getBigInt64(8 * i, true));
}

test("Kernel_RangeMode_IsCalledOnceWithTheRange", () => {
  const answers = exchange(load({ mode: 1, code: kernel(WRITE_RANGE) }), run({ begin: 5n, end: 1n << 40n }));
  const outputs = outputsOf(answers);
  assert.equal(outputs.length, 1);
  assert.deepEqual(numbersOf(outputs[0]!.bytes), [5n, 1n << 40n]);
});

test("Kernel_ItemMode_IsCalledForEachIndexWithItsInput", () => {
  const body = `${WRITE_RANGE}
    (call $write (i32.const 0) (call $input_read (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 4)))
    (i32.store8 (i32.const 0) (call $input_size (i32.const 0))) (call $write (i32.const 0) (i32.const 1))`;
  const inputs = [["a", "xyz"], ["b", ""]] as const;
  const outputs = outputsOf(exchange(load({ code: kernel(body) }), run({ begin: 8n, end: 10n, inputs })), "a", "b");
  assert.deepEqual(numbersOf(outputs[0]!.bytes.slice(0, 16)), [8n, 9n]);
  assert.equal(Buffer.from(outputs[0]!.bytes.slice(16)).toString(), "yz\x03");
  assert.deepEqual([...outputs[1]!.bytes.slice(16)], [0]);
});

test("Kernel_NoInput_HasSizeMinusOneAndReadsNothing", () => {
  const body = `(i32.store (i32.const 0) (call $input_size (i32.const 0)))
    (i32.store (i32.const 4) (call $input_read (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 9)))
    (call $write (i32.const 0) (i32.const 8))`;
  assert.deepEqual(numbersOf(outputsOf(exchange(load({ code: kernel(body) }), run()))[0]!.bytes), [0xffffffffn]);
});

test("Kernel_Parameters_AreReadAsNumbersAndText", () => {
  const more = '(data (i32.const 100) "depthratiogone")';
  const body = `
    (i64.store (i32.const 0) (call $parameter_i64 (i32.const 100) (i32.const 5) (i64.const 1)))
    (f64.store (i32.const 8) (call $parameter_f64 (i32.const 105) (i32.const 5) (f64.const 1)))
    (i64.store (i32.const 16) (call $parameter_i64 (i32.const 110) (i32.const 4) (i64.const 77)))
    (i64.store (i32.const 24) (i64.extend_i32_s (call $parameter_size (i32.const 110) (i32.const 4))))
    (i64.store (i32.const 32) (i64.extend_i32_s (call $parameter_size (i32.const 105) (i32.const 5))))
    (drop (call $parameter_read (i32.const 105) (i32.const 5) (i32.const 40) (i32.const 3)))
    (call $write (i32.const 0) (i32.const 48))`;
  const parameters = [["depth", "-9223372036854775808"], ["ratio", "2.5e3"]] as const;
  const [output] = outputsOf(exchange(load({ code: kernel(body, more), parameters }), run()));
  const view = new DataView(output!.bytes.buffer, output!.bytes.byteOffset);
  assert.equal(view.getBigInt64(0, true), -(1n << 63n));
  assert.equal(view.getFloat64(8, true), 2500);
  assert.equal(view.getBigInt64(16, true), 77n);
  assert.equal(view.getBigInt64(24, true), -1n);
  assert.equal(view.getBigInt64(32, true), 5n);
  assert.equal(Buffer.from(output!.bytes.slice(40, 43)).toString(), "2.5");
});

test("Kernel_ParameterThatIsNoNumber_FailsAndNamesIt", () => {
  const body = "(drop (call $parameter_i64 (i32.const 100) (i32.const 5) (i64.const 1)))";
  const code = kernel(body, '(data (i32.const 100) "depth")');
  for (const text of ["abc", "", "1.5", "9223372036854775808", " 1"]) {
    const failure = failureOf(exchange(load({ code, parameters: [["depth", text]] }), run()));
    assert.equal(failure.trap, TrapCode.Unreachable);
    assert.match(failure.message, /the parameter depth is '/);
  }
});

const TRAPS: readonly (readonly [name: string, trap: number, body: string, more?: string])[] = [
  ["unreachable", TrapCode.Unreachable, "unreachable"],
  ["load", TrapCode.OutOfBounds, "(drop (i32.load (i32.const -4)))"],
  ["fill", TrapCode.OutOfBounds, "(memory.fill (i32.const 65536) (i32.const 0) (i32.const 1))"],
  ["divide", TrapCode.Arithmetic, "(drop (i64.div_s (local.get $end) (i64.const 0)))"],
  ["remainder", TrapCode.Arithmetic, "(drop (i32.rem_u (i32.const 1) (i32.wrap_i64 (local.get $begin))))"],
  ["overflow", TrapCode.Arithmetic, `(drop (i64.div_s (i64.const -9223372036854775808) (i64.sub (local.get $begin)
    (i64.const 1))))`],
  ["convert", TrapCode.Arithmetic, "(drop (i32.trunc_f64_s (f64.const 1e300)))"],
  ["null", TrapCode.BadIndirectCall, "(call_indirect (i32.const 0))", "(table 2 funcref)"],
  ["type", TrapCode.BadIndirectCall, `(call_indirect (param i32) (i32.const 1) (i32.const 0))`, `(table 1 funcref)
    (elem (i32.const 0) $f) (func $f)`],
  ["table", TrapCode.OutOfBounds, "(call_indirect (i32.const 9))", "(table 2 funcref)"],
  ["engine stack", TrapCode.StackExhausted, "(call $deep)", "(func $deep (call $deep) (call $deep))"],
  ["metered stack", TrapCode.StackExhausted, "(global.set $stack (i32.const -1)) unreachable"],
  ["fuel", TrapCode.FuelExhausted, `(loop $again ${BURN} (br $again))`],
  ["write far", TrapCode.OutOfBounds, "(call $write (i32.const -8) (i32.const 4))"],
  ["write wrapped", TrapCode.OutOfBounds, "(call $write (i32.const -8) (i32.const 16))"],
  ["read far", TrapCode.OutOfBounds, `(drop (call $input_read (i32.const 0) (i32.const 0) (i32.const 0)
    (i32.const -1)))`],
  ["key far", TrapCode.OutOfBounds, "(drop (call $parameter_size (i32.const 65530) (i32.const 7)))"],
  ["key long", TrapCode.OutOfBounds, "(drop (call $parameter_size (i32.const 0) (i32.const 2000)))"],
];

for (const [name, trap, body, more] of TRAPS) {
  test(`Kernel_Trap_${name.replace(" ", "")}_HasItsCodeAndTheNextRunIsServed`, () => {
    // A run at index 1 does not trap: it shows that a new instance serves it.
    const code = kernel(`(if (i64.ge_u (local.get $begin) (i64.const 1)) (then return)) ${body}`, more);
    const fuel = 1_000_000_000n;
    const answers = exchange(load({ code }), run({ run: 1n, fuel }), run({ run: 2n, begin: 1n }));
    const failure = failureOf(answers.slice(0, 2));
    assert.equal(failure.trap, trap, failure.message);
    assert.ok(failure.message.length > 0 && failure.fuel <= fuel);
    assert.equal(outputsOf(answers).length, 1);
  });
}

test("Kernel_TrapInItemMode_NamesItsIndexAndCountsAllFuel", () => {
  const code = kernel(`(call $log (i32.const 0) (i32.const 1)) (if (i64.eq (local.get $begin) (i64.const 6))
    (then unreachable))`);
  const failure = failureOf(exchange(load({ code }), run({ begin: 5n, end: 9n })));
  assert.deepEqual([failure.index, failure.fuel, failure.trap], [6n, 402n, TrapCode.Unreachable]);
});

test("Kernel_OutputOverTheLimit_EndsWhileItWrites", () => {
  const code = kernel(`(loop $again (call $write (i32.const 0) (i32.const 65536)) (br $again))`);
  const failure = failureOf(exchange(load({ code, outputBytesMax: 100_000n }), run({ fuel: 1n << 60n })));
  assert.equal(failure.trap, TrapCode.OutputExhausted);
  assert.equal(failure.fuel, 2n * 65736n);
});

test("Kernel_OutputOfExactlyTheLimit_IsKept", () => {
  const code = kernel("(call $write (i32.const 0) (i32.const 100))");
  assert.equal(outputsOf(exchange(load({ code, outputBytesMax: 100n }), run()))[0]!.bytes.length, 100);
});

test("Kernel_CatchesTheHostsException_FailsAllTheSame", () => {
  const code = kernel(`(try (do (call $write (i32.const 0) (i32.const 9))) (catch_all)) (call $write (i32.const 0)
    (i32.const 1))`);
  const failure = failureOf(exchange(load({ code, outputBytesMax: 5n }), run()));
  assert.equal(failure.trap, TrapCode.OutputExhausted);
});

test("Kernel_HostCalls_BurnTwoHundredAndTheirBytes", () => {
  const code = kernel("(call $write (i32.const 0) (i32.const 50)) (drop (call $input_size (i32.const 0)))");
  const done = exchange(load({ code }), run({ fuel: 450n })).at(-1)!;
  assert.equal(done.type === "done" && done.fuel, 450n);
  assert.equal(failureOf(exchange(load({ code }), run({ fuel: 449n }))).trap, TrapCode.FuelExhausted);
});

test("Kernel_ItemMode_SharesTheFuelEqually", () => {
  const code = kernel("(call $log (i32.const 0) (i32.const 0))");
  const twice = { begin: 0n, end: 2n };
  assert.equal(outputsOf(exchange(load({ code }), run({ ...twice, fuel: 401n }))).length, 2);
  const failure = failureOf(exchange(load({ code }), run({ ...twice, fuel: 399n })));
  assert.deepEqual([failure.trap, failure.index, failure.fuel], [TrapCode.FuelExhausted, 0n, 199n]);
});

test("Kernel_Log_IsInTheFailuresMessage", () => {
  const code = kernel("(call $log (i32.const 100) (i32.const 5)) unreachable", '(data (i32.const 100) "hello")');
  assert.equal(failureOf(exchange(load({ code }), run())).message, "unreachable\nhello");
  const flood = kernel("(loop $l (call $log (i32.const 0) (i32.const 65536)) (br $l))");
  const failure = failureOf(exchange(load({ code: flood }), run({ fuel: 10_000_000n })));
  assert.equal(failure.trap, TrapCode.FuelExhausted);
  assert.equal(failure.message.length, 4096);
});

test("Kernel_OneInstanceServesManyRuns_UntilATrap", () => {
  // Counts its calls in memory, which a kernel should not do; it shows which instance answers.
  const body = `(i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
    (if (i64.eq (local.get $begin) (i64.const 9)) (then unreachable))
    (call $write (i32.const 0) (i32.const 1))`;
  const answers = exchange(load({ code: kernel(body) }), run(), run(), run({ begin: 9n }), run());
  const counts = answers
    .slice(1)
    .map((answer) => (answer.type === "done" ? outputsIn(answer.segment)[0]!.bytes[0] : answer.type));
  assert.deepEqual(counts, [1, 2, "failed", 1]);
});

const SUM = `(func (export "merge")
  (drop (call $input_read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8)))
  (drop (call $input_read (i32.const 1) (i32.const 0) (i32.const 8) (i32.const 8)))
  (i32.store8 (i32.const 16) (i32.add (i32.load8_u (i32.const 0)) (i32.load8_u (i32.const 8))))
  (call $write (i32.const 16) (i32.const 1)))`;

test("Kernel_Merge_GoesFromLeftToRight", () => {
  const code = kernel("", SUM);
  const answers = exchange(load({ code }), merge(["\x01", "\x02", "\x03", "\x04"]), merge(["\x09"]));
  assert.deepEqual(answers[0], { type: "loaded", program: 1, hasMerge: true });
  assert.deepEqual([...segmentOf(answers.slice(0, 2))], [10]);
  assert.deepEqual([...segmentOf(answers)], [9]);
  const done = answers[1]!;
  assert.equal(done.type === "done" && done.fuel, 3n * (200n + 1n + 200n + 1n + 200n + 1n));
});

test("Kernel_MergeThatIsNotThere_Fails", () => {
  assert.equal(failureOf(exchange(load({ code: kernel("") }), merge(["a", "b"]))).trap, TrapCode.LoadFailed);
});

test("Kernel_BadModules_AreRefusedWithTheReason", () => {
  const refused: [RegExp, number, Uint8Array][] = [
    [/WebAssembly/, TrapCode.LoadFailed, Uint8Array.of(1, 2, 3)],
    [/exports no function run/, TrapCode.LoadFailed, assemble(`(module (memory (export "memory") 1) ${METER})`)],
    [/exports no memory/, TrapCode.LoadFailed, assemble(`(module ${METER} (func (export "run") (param i64 i64)))`)],
    [/run\(begin i64, end i64\)/, TrapCode.LoadFailed, assemble(`(module (memory (export "memory") 1) ${METER} (func
      (export "run")))`)],
    [/not metered/, TrapCode.LoadFailed, assemble(`(module (memory (export "memory") 1) (func (export "run")
      (param i64 i64)))`)],
    [/env\.f/, TrapCode.LoadFailed, assemble(`(module (import "env" "f" (func)) (memory (export "memory") 1) ${METER}
      (func (export "run") (param i64 i64)))`)],
    [/ptorrent\.memory/, TrapCode.LoadFailed, assemble(`(module (import "ptorrent" "memory" (memory 1)) ${METER} (func
      (export "run") (param i64 i64)))`)],
    [/out of bounds/i, TrapCode.OutOfBounds, kernel("", '(data (i32.const 65536) "x")')],
    [/unreachable/, TrapCode.Unreachable, kernel("", '(func (export "ptorrent_start") unreachable)')],
    [/fuel/, TrapCode.FuelExhausted, kernel("", `(func (export "ptorrent_start")
      (loop $l ${BURN.replace("i64.const 1)", "i64.const 100000)")} (br $l)))`)],
    [/no output/, TrapCode.LoadFailed, kernel("", `(func (export "ptorrent_start")
      (call $write (i32.const 0) (i32.const 1)))`)],
  ];
  for (const [words, trap, code] of refused) {
    const refusal = refusalOf(exchange(load({ code })));
    assert.match(refusal.message, words);
    assert.equal(refusal.trap, trap, refusal.message);
  }
});

test("Kernel_Unloaded_IsForgottenAndItsNumberFree", () => {
  const code = kernel(WRITE_RANGE);
  const answers = exchange(load({ code }), unload(1), run(), load({ code }), run());
  assert.deepEqual(answers.map((answer) => answer.type), ["loaded", "failed", "loaded", "done"]);
  assert.throws(() => exchange(load({ code }), load({ code })), /loaded already/);
});

test("Kernel_MemoryThatGrows_IsSeenByTheHost", () => {
  const body = `(drop (memory.grow (i32.const 1))) (i32.store8 (i32.const 131071) (i32.const 7))
    (call $write (i32.const 131071) (i32.const 1))`;
  assert.deepEqual([...outputsOf(exchange(load({ code: kernel(body) }), run()))[0]!.bytes], [7]);
});

/** Hashes its input and writes the digest. */
const HASH = `(local $n i32)
  (local.set $n (call $input_read (i32.const 0) (i32.const 0) (i32.const 64) (i32.const 4000)))
  (call $sha256 (i32.const 64) (local.get $n) (i32.const 0))
  (call $write (i32.const 0) (i32.const 32))`;

// Goal: the executor's own SHA-256 is the one that everybody has. Method: every length around the block's boundaries.
test("Kernel_Sha256_IsThatOfTheStandard", () => {
  const inputs = Array.from({ length: 200 }, (_, i) => [`${i}`, new Uint8Array(i).fill(i + 1)] as const);
  const outputs = outputsOf(exchange(load({ code: kernel(HASH) }), run({ end: 200n, inputs, fuel: 1n << 40n })));
  for (const [i, { bytes }] of outputs.entries()) {
    assert.equal(Buffer.from(bytes).toString("hex"), createHash("sha256").update(inputs[i]![1]).digest("hex"));
  }
});

test("Kernel_Sha256_IsChargedForEachByte", () => {
  const code = kernel("(call $sha256 (i32.const 0) (i32.const 50) (i32.const 0))");
  const done = exchange(load({ code }), run({ fuel: 250n })).at(-1)!;
  assert.equal(done.type === "done" && done.fuel, 250n);
  assert.equal(failureOf(exchange(load({ code }), run({ fuel: 249n }))).trap, TrapCode.FuelExhausted);
  for (const [pointer, length, out] of [[65530, 50, 0], [0, -1, 0], [0, 50, 65510]]) {
    const outside = kernel(`(call $sha256 (i32.const ${pointer}) (i32.const ${length}) (i32.const ${out}))`);
    const failure = failureOf(exchange(load({ code: outside }), run({ fuel: 1n << 40n })));
    assert.equal(failure.trap, TrapCode.OutOfBounds);
  }
});
