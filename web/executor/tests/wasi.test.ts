import assert from "node:assert/strict";
import { test } from "node:test";
import { TrapCode } from "../core/failures.js";
import { exchange, failureOf, outputsOf, refusalOf, type OutputElement } from "./bench.js";
import { load, run, type LoadFields, type RunFields } from "./frames.js";
import { assemble, command, METER } from "./modules.js";

/** Runs a command once. */
function runOnce(code: Uint8Array, fields: Partial<LoadFields> = {}, call: RunFields = {}): OutputElement {
  const names = (call.inputs ?? []).map(([name]) => name);
  return outputsOf(exchange(load({ kind: 1, code, ...fields }), run(call)), ...names)[0]!;
}

function fail(code: Uint8Array, fields: Partial<LoadFields> = {}, call: RunFields = {}) {
  return failureOf(exchange(load({ kind: 1, code, ...fields }), run(call)));
}

/** Asks for the sizes, then copies the texts to 4096 and writes them. */
const WRITE_ARGUMENTS = `
  (call $expect (call $args_sizes_get (i32.const 0) (i32.const 4)) (i32.const 0))
  (call $expect (call $args_get (i32.const 1024) (i32.const 4096)) (i32.const 0))
  (call $put (i32.const 1) (i32.const 4096) (i32.load (i32.const 4)))`;
const WRITE_ENVIRONMENT = WRITE_ARGUMENTS.replaceAll("$args_", "$environ_");

test("Command_Arguments_HaveTheirPlaceholdersReplacedOnce", () => {
  const code = command(WRITE_ARGUMENTS);
  const texts = ["{index}", "{begin}..{end}", "{name}:{file}", "{other}{{index}}"];
  const inputs = [["{index}.txt", ""]] as const;
  const output = runOnce(code, { name: "p.wasm", arguments: texts }, { begin: 12n, inputs });
  assert.equal(output.text, "p.wasm\x0012\x0012..13\x00{index}.txt:/in/{index}.txt\x00{other}{12}\x00");
  const range = runOnce(code, { mode: 1, arguments: texts.slice(0, 2) }, { begin: 3n, end: 9n });
  assert.equal(range.text, "program.wasm\x00{index}\x003..9\x00");
});

test("Command_Environment_IsTheParametersAndThePlace", () => {
  const code = command(WRITE_ENVIRONMENT);
  const parameters = [["depth", "7"], ["ö", "ü"]] as const;
  assert.equal(runOnce(code, { parameters }, { begin: 5n }).text, "depth=7\0ö=ü\0PTORRENT_INDEX=5\0");
  assert.equal(runOnce(code, { mode: 1 }, { begin: 5n, end: 8n }).text, "PTORRENT_BEGIN=5\0PTORRENT_END=8\0");
});

/** Reads a descriptor to its end in pieces of five bytes, writing each to standard output. */
const COPY_LOOP = `(func $copy (param $fd i32)
  (loop $more
    (i32.store (i32.const 8) (i32.const 512)) (i32.store (i32.const 12) (i32.const 5))
    (call $expect (call $fd_read (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 16)) (i32.const 0))
    (if (i32.load (i32.const 16)) (then
      (call $put (i32.const 1) (i32.const 512) (i32.load (i32.const 16))) (br $more)))))`;

test("Command_StandardInputAndInputFile_AreTheItemsContent", () => {
  const more = `${COPY_LOOP} (data (i32.const 600) "in/a file.txt")`;
  const code = command(`(call $copy (i32.const 0))
    (call $expect (call $path_open (i32.const 3) (i32.const 0) (i32.const 600) (i32.const 13) (i32.const 0)
      (i64.const 2)
      (i64.const 0) (i32.const 0) (i32.const 20)) (i32.const 0))
    (call $copy (i32.load (i32.const 20)))`, more);
  const output = runOnce(code, {}, { inputs: [["a file.txt", "Hello, world"]] });
  assert.equal(output.text, "Hello, worldHello, world");
  assert.deepEqual(output.files, {});
  assert.equal(runOnce(command("(call $copy (i32.const 0))", more)).text, "");
});

test("Command_OutputFiles_AreCollectedByPathInOrder", () => {
  const more = `(data (i32.const 600) "out") (data (i32.const 610) "out/deep") (data (i32.const 620) "out/deep/b.txt")
    (data (i32.const 640) "./a.txt") (data (i32.const 650) "gone.txt") (data (i32.const 660) "/abs.txt") (data
      (i32.const 700) "text")`;
  const file = (path: number, length: number) =>
    `(local.set $fd (call $open (i32.const ${path}) (i32.const ${length}) (i32.const 1)))
     (call $put (local.get $fd) (i32.const 700) (i32.const 4))`;
  const code = command(`(local $fd i32)
    (call $expect (call $path_create_directory (i32.const 3) (i32.const 600) (i32.const 3)) (i32.const 0))
    (call $expect (call $path_create_directory (i32.const 3) (i32.const 610) (i32.const 8)) (i32.const 0))
    (call $expect (call $path_create_directory (i32.const 3) (i32.const 610) (i32.const 8)) (i32.const 20))
    ${file(620, 14)} ${file(640, 7)} ${file(650, 8)} ${file(660, 8)}
    (call $expect (call $path_unlink_file (i32.const 3) (i32.const 650) (i32.const 8)) (i32.const 0))
    (call $expect (call $fd_close (local.get $fd)) (i32.const 0))
    (call $expect (call $fd_close (local.get $fd)) (i32.const 8))`, more);
  const output = runOnce(code);
  assert.deepEqual(Object.entries(output.files), [["a.txt", "text"], ["abs.txt", "text"], ["out/deep/b.txt", "text"]]);
});

test("Command_FilesAndFolders_BehaveLikePosix", () => {
  const more = `(data (i32.const 600) "f") (data (i32.const 610) "d") (data (i32.const 620) "d/g") (data
    (i32.const 630) "in/x")
    (data (i32.const 640) "in") (data (i32.const 650) "../up") (data (i32.const 660) "d/../d/.//g") (data
      (i32.const 680) "abcdef")
    (data (i32.const 690) "d/sub") (data (i32.const 700) "f/x") (data (i32.const 710) "\\ff")`;
  const at3 = (name: string, path: number, length: number) =>
    `(call $${name} (i32.const 3) (i32.const ${path}) (i32.const ${length}))`;
  const rename = (from: number, fromLength: number, to: number, toLength: number) =>
    `(call $path_rename (i32.const 3) (i32.const ${from}) (i32.const ${fromLength}) (i32.const 3) (i32.const ${to})
      (i32.const ${toLength}))`;
  const open = (path: number, length: number, flags: number, rights = 0x7f) =>
    `(call $path_open (i32.const 3) (i32.const 0) (i32.const ${path}) (i32.const ${length}) (i32.const ${flags})
       (i64.const ${rights}) (i64.const 0) (i32.const 0) (i32.const 20))`;
  const expect = (call: string, errno: number) => `(call $expect ${call} (i32.const ${errno}))`;
  const code = command(`(local $fd i32)
    ${expect(open(600, 1, 0), 44)} ${expect(at3("path_unlink_file", 600, 1), 44)}
    (local.set $fd (call $open (i32.const 600) (i32.const 1) (i32.const 5)))
    ${expect(open(600, 1, 5), 20)} ${expect(open(600, 1, 2), 54)} ${expect(open(700, 3, 1), 54)}
    ${expect(open(710, 1, 1), 25)}
    (call $put (local.get $fd) (i32.const 680) (i32.const 6))
    ${expect("(call $fd_seek (local.get $fd) (i64.const -2) (i32.const 2) (i32.const 32))", 0)}
    (call $emit (i64.load (i32.const 32)))
    ${expect("(call $fd_seek (local.get $fd) (i64.const -9) (i32.const 1) (i32.const 32))", 28)}
    (call $put (local.get $fd) (i32.const 680) (i32.const 3))
    ${expect("(call $fd_filestat_set_size (local.get $fd) (i64.const 9))", 0)}
    ${expect(at3("path_create_directory", 610, 1), 0)} ${expect(rename(600, 1, 620, 3), 0)}
    ${expect(open(600, 1, 0), 44)}
    ${expect(open(660, 11, 0), 0)} ${expect(at3("path_remove_directory", 610, 1), 55)}
    ${expect(rename(610, 1, 690, 5), 28)}
    ${expect(at3("path_unlink_file", 610, 1), 31)} ${expect(at3("path_remove_directory", 620, 3), 54)}
    ${expect(open(630, 4, 1), 69)} ${expect(at3("path_remove_directory", 640, 2), 69)}
    ${expect(rename(640, 2, 600, 1), 69)}
    ${expect(open(650, 5, 1), 76)} ${expect(open(610, 1, 0), 31)} ${expect(open(610, 1, 2, 0), 0)}
    ${expect("(call $path_symlink (i32.const 610) (i32.const 1) (i32.const 3) (i32.const 600) (i32.const 1))", 58)}
    ${expect("(call $fd_renumber (i32.const 99) (i32.const 1))", 8)}
    ${expect("(call $sock_shutdown (i32.const 3) (i32.const 0))", 58)} ${expect("(call $sched_yield)", 0)}`, more);
  const output = runOnce(code);
  assert.deepEqual([...output.bytes], [4, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(output.files, { "d/g": "abcdabc\0\0" });
});

test("Command_Listing_ComesInPieces", () => {
  // Two files, and a buffer of 30 bytes: each call gives one whole entry and a part of the next.
  const more = `(data (i32.const 600) "one") (data (i32.const 610) "two")`;
  const code = command(`(local $cookie i64)
    (drop (call $open (i32.const 600) (i32.const 3) (i32.const 1))) (drop (call $open (i32.const 610) (i32.const 3)
      (i32.const 1)))
    (loop $more
      (call $expect (call $fd_readdir (i32.const 3) (i32.const 2000) (i32.const 30) (local.get $cookie)
        (i32.const 40)) (i32.const 0))
      (if (i32.ge_u (i32.load (i32.const 40)) (i32.const 24)) (then
        (call $put (i32.const 1) (i32.const 2024) (i32.load (i32.const 2016)))
        (call $put (i32.const 1) (i32.const 2020) (i32.const 1))
        (local.set $cookie (i64.load (i32.const 2000))) (br $more))))`, more);
  assert.equal(runOnce(code).text, ".\x03..\x03in\x03one\x04two\x04");
});

test("Command_Clock_IsFuelAndSleepCostsNone", () => {
  const now = `(call $expect (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 40)) (i32.const 0))
    (call $emit (i64.load (i32.const 40)))`;
  // A subscription to the monotonic clock in one hour.
  const sleep = `(i32.store (i32.const 1016) (i32.const 1)) (i64.store (i32.const 1024) (i64.const 3600000000000))
    (call $expect (call $poll_oneoff (i32.const 1000) (i32.const 1100) (i32.const 1) (i32.const 1200)) (i32.const 0))`;
  const { bytes } = runOnce(command(`${now} ${now} ${sleep} ${now}`));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [first, second, third] = [0, 8, 16].map((at) => view.getBigUint64(at, true));
  assert.equal(first, 946_684_800_000_000_000n + 200n);
  assert.equal(second, first! + 200n + 224n);
  assert.equal(third, second! + 224n + 200n + 80n + 200n + 3_600_000_000_000n);
});

test("Command_RandomBytes_AreOfSeedAndIndex", () => {
  const code = command(`(call $expect (call $random_get (i32.const 600) (i32.const 20)) (i32.const 0)) (call $put
    (i32.const 1) (i32.const 600) (i32.const 20))`);
  const hex = (fields: Partial<LoadFields>, call: RunFields) =>
    Buffer.from(runOnce(code, fields, call).bytes).toString("hex");
  const first = hex({}, { begin: 1n });
  assert.equal(hex({}, { begin: 1n }), first);
  assert.notEqual(hex({}, { begin: 2n }), first);
  assert.notEqual(hex({ seed: new Uint8Array(32) }, { begin: 1n }), first);
  assert.equal(hex({ mode: 1 }, { begin: 1n, end: 5n }), hex({ mode: 1 }, { begin: 7n, end: 9n }));
});

test("Command_ExitCode_IsAFailureWithItsLastWords", () => {
  const code = command(`(call $put (i32.const 2) (i32.const 600) (i32.const 5)) (call $proc_exit
    (i32.const 3))`, '(data (i32.const 600) "alas\\n")');
  const failure = fail(code);
  assert.deepEqual([failure.trap, failure.message], [TrapCode.ExitCode, "exit code 3\nalas"]);
  const fine = runOnce(command(`(call $put (i32.const 1) (i32.const 600) (i32.const 2)) (call $proc_exit
    (i32.const 0)) unreachable`, '(data (i32.const 600) "ok")'));
  assert.equal(fine.text, "ok");
});

test("Command_StandardErrorFlood_KeepsItsEnd", () => {
  const code = command(`(local $i i32) (loop $l (call $put (i32.const 2) (i32.const 600) (i32.const 30000))
    (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 50))))
    (call $put (i32.const 2) (i32.const 40000) (i32.const 3)) unreachable`, '(data (i32.const 40000) "end")');
  const failure = fail(code);
  assert.ok(failure.message.startsWith("unreachable\n") && failure.message.endsWith("end"));
  assert.equal(failure.message.length, 4096);
});

test("Command_EachIndex_GetsANewInstance", () => {
  const code = command(`(i32.store8 (i32.const 600) (i32.add (i32.load8_u (i32.const 600)) (i32.const 1))) (call $put
    (i32.const 1) (i32.const 600) (i32.const 1))`);
  const outputs = outputsOf(exchange(load({ kind: 1, code }), run({ end: 3n })));
  assert.deepEqual(outputs.map(({ bytes }) => bytes[0]), [1, 1, 1]);
});

const HOSTILE: readonly (readonly [name: string, trap: number, body: string, more?: string])[] = [
  ["BufferFar", TrapCode.OutOfBounds, `(drop (call $fd_write (i32.const 1) (i32.const -8) (i32.const 1)
    (i32.const 16)))`],
  ["BufferContentFar", TrapCode.OutOfBounds, `(i64.store (i32.const 8) (i64.const -1)) (drop (call $fd_write
    (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16)))`],
  ["ResultFar", TrapCode.OutOfBounds, `(drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 0)
    (i32.const 65533)))`],
  ["PathFar", TrapCode.OutOfBounds, `(drop (call $path_create_directory (i32.const 3) (i32.const 65530)
    (i32.const 100)))`],
  ["PathVeryLong", TrapCode.OutOfBounds, `(drop (call $path_create_directory (i32.const 3) (i32.const 10)
    (i32.const -1)))`],
  ["RandomFar", TrapCode.OutOfBounds, "(drop (call $random_get (i32.const 0) (i32.const -1)))"],
  ["ArgumentsFar", TrapCode.OutOfBounds, "(drop (call $args_get (i32.const 65535) (i32.const 0)))"],
  ["ListingFar", TrapCode.OutOfBounds, `(drop (call $fd_readdir (i32.const 3) (i32.const 0) (i32.const -1)
    (i64.const 0) (i32.const 0)))`],
  ["PollFar", TrapCode.OutOfBounds, `(drop (call $poll_oneoff (i32.const 60000) (i32.const 0) (i32.const 1000)
    (i32.const 0)))`],
  ["Terabyte", TrapCode.OutputExhausted, `(drop (call $fd_filestat_set_size (call $open (i32.const 600) (i32.const 1)
    (i32.const 1)) (i64.const 1099511627776)))`],
  ["AllocateTerabyte", TrapCode.OutputExhausted, `(drop (call $fd_allocate (call $open (i32.const 600) (i32.const 1)
    (i32.const 1)) (i64.const 0) (i64.const 1099511627776)))`],
  ["FarSeekAndWrite", TrapCode.OutputExhausted, `(drop (call $fd_seek (call $open (i32.const 600) (i32.const 1)
    (i32.const 1)) (i64.const 1099511627776) (i32.const 0) (i32.const 40))) (call $put (i32.const 4) (i32.const 600)
    (i32.const 1))`],
  ["OutputFlood", TrapCode.OutputExhausted, `(loop $l (call $put (i32.const 1) (i32.const 600) (i32.const 50000))
    (br $l))`],
  ["FileFlood", TrapCode.OutputExhausted, `(local $fd i32) (local.set $fd (call $open (i32.const 600) (i32.const 1)
    (i32.const 1))) (loop $l (call $put (local.get $fd) (i32.const 600) (i32.const 50000)) (br $l))`],
  ["FileAndOutputTogether", TrapCode.OutputExhausted, `(call $put (i32.const 1) (i32.const 600) (i32.const 60000))
    (call $put (call $open (i32.const 600) (i32.const 1) (i32.const 1)) (i32.const 600) (i32.const 50000))`],
  ["EndlessSleep", TrapCode.FuelExhausted, `(i64.store (i32.const 1024) (i64.const -1)) (loop $l (drop
    (call $poll_oneoff (i32.const 1000) (i32.const 1100) (i32.const 1) (i32.const 1200))) (br $l))`],
  ["EndlessYield", TrapCode.FuelExhausted, "(loop $l (drop (call $sched_yield)) (br $l))"],
];

for (const [name, trap, body, more = '(data (i32.const 600) "x")'] of HOSTILE) {
  test(`Command_Hostile${name}_IsATrap`, () => {
    const failure = fail(command(body, more), { outputBytesMax: 100_000n }, { fuel: 100_000_000n });
    assert.equal(failure.trap, trap, failure.message);
  });
}

test("Command_TooManyBuffers_IsInvalidAndNoLoop", () => {
  const code = command(`(call $expect (call $fd_write (i32.const 1) (i32.const 0) (i32.const 2000) (i32.const 16))
    (i32.const 28))`);
  assert.equal(runOnce(code).text, "");
});

test("Command_MillionFiles_EndsAtTenThousand", () => {
  // Makes files named by a counter until one cannot be made: 51 is "no space left".
  const code = command(`(local $i i32) (local $errno i32)
    (loop $l
      (i32.store (i32.const 600) (i32.or (i32.and (local.get $i) (i32.const 0x0f0f0f)) (i32.const 0x41414141)))
      (i32.store (i32.const 604) (i32.or (i32.and (i32.shr_u (local.get $i) (i32.const 4)) (i32.const 0x0f0f0f))
        (i32.const 0x41414141)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (local.set $errno (call $path_open (i32.const 3) (i32.const 0) (i32.const 600) (i32.const 8) (i32.const 1)
        (i64.const 0x7f) (i64.const 0) (i32.const 0) (i32.const 20)))
      (if (i32.eqz (local.get $errno)) (then (drop (call $fd_close (i32.load (i32.const 20))))))
      (br_if $l (i32.and (i32.eqz (local.get $errno)) (i32.lt_u (local.get $i) (i32.const 1000000)))))
    (call $proc_exit (local.get $errno))`);
  assert.match(fail(code, {}, { fuel: 1n << 50n }).message, /exit code 51/);
});

test("Command_ManyDescriptors_EndAtAThousandAndTwentyFour", () => {
  const code = command(`(local $i i32)
    (loop $l (drop (call $open (i32.const 600) (i32.const 1) (i32.const 1))) (br $l))`, '(data (i32.const 600) "x")');
  assert.match(fail(code).message, /exit code 133/); // 100 + 33, too many files open
});

test("Command_DeletedFilesSpace_IsFreeOnceNobodyHoldsIt", () => {
  // 60 KB of 100 KB: written, deleted and closed, three times; then kept open, which is too much at the second.
  const write = `(local.set $fd (call $open (i32.const 600) (i32.const 1) (i32.const 1))) (call $put (local.get $fd)
    (i32.const 600) (i32.const 60000))
    (call $expect (call $path_unlink_file (i32.const 3) (i32.const 600) (i32.const 1)) (i32.const 0))`;
  const close = "(call $expect (call $fd_close (local.get $fd)) (i32.const 0))";
  const data = '(data (i32.const 600) "x")';
  const limit = { outputBytesMax: 100_000n };
  const thrice = command(`(local $fd i32) ${write} ${close} ${write} ${close} ${write}`, data);
  assert.deepEqual(runOnce(thrice, limit).files, {});
  assert.equal(fail(command(`(local $fd i32) ${write} ${write}`, data), limit).trap, TrapCode.OutputExhausted);
});

test("Command_EndlessFolders_GiveNoEndlessPath", () => {
  // Each folder in the last, then a file in the deepest.
  const code = command(`(local $i i32)
    (i32.store (i32.const 20) (i32.const 3))
    (loop $l
      (drop (call $path_create_directory (i32.load (i32.const 20)) (i32.const 600) (i32.const 200)))
      (drop (call $path_open (i32.load (i32.const 20)) (i32.const 0) (i32.const 600) (i32.const 200) (i32.const 2)
        (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 20)))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 500))))
    (call $expect (call $path_open (i32.load (i32.const 20)) (i32.const 0) (i32.const 600) (i32.const 1) (i32.const 1)
      (i64.const 0x7f) (i64.const 0) (i32.const 0) (i32.const 20)) (i32.const 0))`,
    `(data (i32.const 600) "${"x".repeat(200)}")`);
  assert.match(fail(code).message, /path of an output file/);
});

test("Command_BadModules_AreRefusedWithTheReason", () => {
  const bare = (text: string) => assemble(`(module (memory (export "memory") 1) ${METER} ${text})`);
  assert.match(refusalOf(exchange(load({ kind: 1, code: bare("") }))).message, /no function _start/);
  const threads = assemble(`(module (import "wasi" "thread-spawn" (func)) (memory (export "memory") 1) ${METER} (func
    (export "_start")))`);
  assert.match(refusalOf(exchange(load({ kind: 1, code: threads }))).message, /wasi\.thread-spawn/);
});

test("Command_Line_IsStandardInputAndAnArgument", () => {
  const code = command(WRITE_ARGUMENTS);
  const output = runOnce(code, { arguments: ["<{line}>", "{name}"] }, { begin: 3n, lines: "a b" });
  assert.match(output.text, /<a b>\0\{name\}\0/);
});
