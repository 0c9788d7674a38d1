import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { TrapCode } from "../core/failures.js";
import { failureOf, outputsIn, outputsOf, refusalOf, segmentOf } from "./bench.js";
import { load, merge, run, unload, type LoadFields } from "./frames.js";
import { BURN, command, kernel } from "./modules.js";
import { inDeno, inNode, repository } from "./processes.js";

const scriptOf = (name: string) => readFileSync(path.join(repository, "tests/hostile/script", name), "utf8");

function loadScript(code: string, fields: Partial<LoadFields> = {}): Uint8Array {
  return load({ kind: 3, name: "script.ts", code, ...fields });
}

/** Runs a script for indexes 0 to `count`, a run for each. */
async function runScript(code: string, count = 1, fields: Partial<LoadFields> = {}) {
  const runs = Array.from({ length: count }, (_, i) => run({ run: BigInt(i), begin: BigInt(i) }));
  const ended = await inDeno([loadScript(code, fields), ...runs]);
  assert.deepEqual([ended.code, ended.errors], [0, ""]);
  return ended.answers.slice(1);
}

/** The text of each answer after LOADED. */
async function textsOf(code: string, count = 1, fields: Partial<LoadFields> = {}): Promise<string[]> {
  const answers = await runScript(code, count, fields);
  return answers.slice(1).map((answer) => (answer.type === "done" ? textOf(answer.segment) : messageOf(answer)));
}

const textOf = (segment: Uint8Array) => outputsIn(segment)[0]?.text ?? "";
const messageOf = (answer: object) => ("message" in answer ? String(answer.message) : "?");

test("Process_Ready_IsTheFirstFrame", async () => {
  const { code, answers } = await inDeno([]);
  assert.equal(code, 0);
  assert.equal(answers.length, 1);
  const ready = answers[0]!;
  assert.ok(ready.type === "ready" && ready.version === 2 && /^deno \S+ v8 \S+$/.test(ready.engine));
});

test("Process_BrokenProtocol_EndsIt", async () => {
  const garbage = [Uint8Array.of(1, 0, 0, 0, 9, 0), unload(1).slice(0, 7), Uint8Array.of(255, 255, 255, 255, 1)];
  for (const bytes of garbage) {
    const ended = await inDeno([bytes]);
    assert.equal(ended.code, 2, ended.errors);
    assert.match(ended.errors, /^executor: /);
    assert.equal(ended.answers.length, 1);
  }
});

// Goal: same module, same input, same fuel: same bytes and same fuel, in any process and any engine.
test("Process_ModulesInDenoTwiceAndInNode_GiveTheSameBytes", async () => {
  const pi = kernel(`(local $i i64) (local $x f64)
    (loop $l ${BURN}
      (local.set $x (f64.add (local.get $x)
        (f64.div (f64.const 1) (f64.convert_i64_u (i64.add (local.get $i) (local.get $end))))))
      (br_if $l (i64.lt_u (local.tee $i (i64.add (local.get $i) (i64.const 1))) (i64.const 1000))))
    (f64.store (i32.const 0) (local.get $x)) (call $write (i32.const 0) (i32.const 8))`);
  const chance = command(`(call $expect (call $random_get (i32.const 600) (i32.const 33)) (i32.const 0))
    (call $expect (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 640)) (i32.const 0))
    (call $expect (call $fd_filestat_get (i32.const 3) (i32.const 700)) (i32.const 0))
    (call $put (i32.const 1) (i32.const 600) (i32.const 164))
    (call $put (call $open (i32.const 800) (i32.const 3) (i32.const 1)) (i32.const 600) (i32.const 10))`,
    '(data (i32.const 800) "f.b")');
  const frames = [
    load({ program: 1, code: pi }), run({ program: 1, end: 50n, inputs: [] }),
    load({ program: 2, kind: 1, code: chance }), run({ program: 2, end: 20n }), run({ program: 2, end: 20n }),
    run({ program: 1, end: 9n, fuel: 9_000n }),
  ];
  const all = await Promise.all([inDeno(frames), inDeno(frames), inNode(frames)]);
  const [first, second, third] = all.map(({ answers }) => answers.slice(1));
  assert.deepEqual(first!.map(({ type }) => type), ["loaded", "done", "loaded", "done", "done", "failed"]);
  assert.deepEqual(second, first);
  assert.deepEqual(third, first);
});

// Goal: native code, and the same bytes and fuel as without it, also where a script emptied the global object.
test("Process_Sha256_IsTheSameEverywhere", async () => {
  const code = kernel(`(call $sha256 (i32.const 0) (i32.const 50000) (i32.const 7))
    (call $write (i32.const 7) (i32.const 32))`);
  const frames = [load({ code }), run({ end: 3n })];
  const all = await Promise.all([
    inDeno(frames),
    inNode(frames),
    inDeno([loadScript("export default () => 1;", { program: 2 }), ...frames]),
  ]);
  const last = all.map(({ answers }) => answers.at(-1));
  assert.equal(last[0]!.type, "done");
  assert.deepEqual(last[1], last[0]);
  assert.deepEqual(last[2], last[0]);
});

test("Process_MemoryOverTheEnginesLimit_IsMemoryExhausted", async () => {
  const code = kernel("", "", '(memory (export "memory") 40000)');
  const ended = await inDeno([load({ code })]);
  assert.equal(ended.answers.at(-1)!.type, "loaded");
  const limited = await inDeno([load({ code })], ",--wasm-max-mem-pages=1000");
  assert.equal(refusalOf(limited.answers).trap, TrapCode.MemoryExhausted, refusalOf(limited.answers).message);
});

test("Script_EveryFormOfResult_IsWritten", async () => {
  const results = `
    interface Item { index: number }
    const results: unknown[] = [
      "text", new Uint8Array([104, 105]), 1.5, 10n ** 20n, ["a", 1, 2n, new Uint8Array([98])], undefined, [],
      { output: "o", files: { "b/c.txt": "C", a: new Uint8Array([65]) } }, { files: {} }, Promise.resolve("later"),
    ];
    export default ({ index }: Item): unknown => results[index];`;
  const answers = await runScript(results, 10);
  const outputs = answers.slice(1).map((answer) => outputsOf([answer])[0]!);
  const texts = outputs.map(({ text }) => text);
  assert.deepEqual(texts, ["text", "hi", "1.5", "100000000000000000000", "a\n1\n2\nb\n", "", "", "o", "", "later"]);
  assert.deepEqual(Object.entries(outputs[7]!.files), [["a", "A"], ["b/c.txt", "C"]]);
});

test("Script_ItsArgument_IsAsDocumented", async () => {
  const code = `export default (call: Record<string, any>) => JSON.stringify(call, (key, value) =>
    value instanceof Uint8Array ? new TextDecoder().decode(value) : value)`;
  const frames = [
    loadScript(code, { arguments: ["{index}/{name}", "{file}"], parameters: [["k", "v"], ["__proto__", "p"]] }),
    run({ begin: 3n, end: 5n, inputs: [["a.txt", "AAA"], ["b.txt", ""]] }),
  ];
  const outputs = outputsOf((await inDeno(frames)).answers, "a.txt", "b.txt");
  assert.deepEqual(JSON.parse(outputs[0]!.text), {
    index: 3, begin: 3, end: 4, name: "a.txt", input: "AAA", arguments: ["3/a.txt", "/in/a.txt"],
    parameters: { k: "v", ["__proto__"]: "p" },
  });
  assert.match(outputs[1]!.text, /"name":"b.txt","input":""/);
});

test("Script_Error_HasMessageLineColumnAndIndex", async () => {
  const code = `type A = { index: number };

    export default ({ index }: A) => {
      if (index === 1) throw new RangeError("too far");
      return index;
    };`;
  const failure = failureOf(await (await inDeno([loadScript(code), run({ end: 3n })])).answers);
  assert.deepEqual([failure.index, failure.trap], [1n, TrapCode.ScriptError]);
  assert.equal(failure.message, "script.ts:4:30: RangeError: too far");
});

test("Script_Console_IsInTheFailuresMessage", async () => {
  const texts = await textsOf(`export default () => { console.log("seen", 1, [2], { a: 3 }); throw "no"; }`);
  assert.deepEqual(texts, ['no was thrown\nseen 1 [2] {"a":3}']);
});

test("Script_BadSource_IsRefusedWithItsPlace", async () => {
  const bad: [string, RegExp][] = [
    ["let x: number = ;\nexport default 1", /^script\.ts:1:17: SyntaxError: /],
    ["export default () => 1;\nconst a = 1;\nconst a = 2;", /^script\.ts.*(already|redefin|multiple)/i],
    ["export default () => 1;\nenum A { B }", /^script\.ts:2:1: TypeScript enum is not supported/],
    ["export const a = 1;", /no default export/],
    ["export default 5;", /no default export that is a function/],
    ["export default () => 1; export const merge = 5;", /merge is no function/],
    ["export default () => 1;\n\nthrow new Error('early');", /^script\.ts:3:7: Error: early$/],
    ["export default () => 1;\nawait new Promise(() => {});", /never settles/],
  ];
  const ended = await Promise.all(bad.map(([code]) => inDeno([loadScript(code)])));
  for (const [i, { answers, code, errors }] of ended.entries()) {
    const refusal = refusalOf(answers);
    assert.deepEqual([code, errors, refusal.trap], [0, "", TrapCode.LoadFailed]);
    assert.match(refusal.message, bad[i]![1]);
  }
});

test("Script_StaticImports_AreRefused", async () => {
  const imports = [
    "import fs from 'node:fs';", "import 'node:process';", "export * from 'data:text/javascript,export default 1';",
    "import * as a from './a.ts';", "import a from 'npm:chalk';", "export { a as b } from 'https://example.com/x.js';",
  ];
  const ended = await Promise.all(imports.map((line) => inDeno([loadScript(`${line}\nexport default () => 1;`)])));
  for (const { answers } of ended) {
    assert.match(refusalOf(answers).message, /imports are not offered/);
  }
});

test("Script_WaysToImportOrToMakeCode_AreClosed", async () => {
  const attempts = [
    "import('node:fs')", "import('node:process')", "import('data:text/javascript,export default 1')",
    "Function('return import(\"node:fs\")')()", "(0, eval)('1')", "new Function('return 1')()",
    "(async () => {}).constructor('return 1')()", "(function* () {}).constructor('yield 1')().next()",
    "globalThis.constructor.constructor('return 1')()", "import.meta.resolve('x')",
    "Reflect.construct(Function, ['return 1'])()", "({}).constructor.constructor('return this')()",
  ];
  const code = `
    const attempts: (() => unknown)[] = [${attempts.map((attempt) => `() => ${attempt}`).join(",\n")}];
    export default async ({ index }: { index: number }) => {
      try {
        await attempts[index]!();
        return "open";
      } catch (error) {
        return error instanceof Error ? "closed" : "foreign error";
      }
    };`;
  assert.deepEqual(await textsOf(code, attempts.length), attempts.map(() => "closed"));
});

test("Script_GlobalObject_HoldsTheLanguageAlone", async () => {
  const [text] = await textsOf(`export default () => Reflect.ownKeys(globalThis).map(String).sort().join(" ")`);
  const foreign = text!.split(" ").filter((name) => !KNOWN_GLOBALS.has(name));
  assert.deepEqual(foreign, []);
});

const KNOWN_GLOBALS = new Set(
  (
    "AggregateError Array ArrayBuffer AsyncDisposableStack BigInt BigInt64Array BigUint64Array Boolean DataView Date " +
    "DisposableStack Error EvalError Float16Array Float32Array Float64Array Function Infinity Int16Array Int32Array " +
    "Int8Array Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set " +
    "String SuppressedError Symbol SyntaxError TextDecoder TextEncoder TypeError URIError Uint16Array Uint32Array " +
    "Uint8Array Uint8ClampedArray WeakMap WeakSet console decodeURI decodeURIComponent encodeURI encodeURIComponent " +
    "eval globalThis isFinite isNaN parseFloat parseInt performance queueMicrotask undefined"
  ).split(" "),
);

// Goal: no object of the executor's realm comes into a script's hands. Method: whatever a script can get to call it
// with or to catch must inherit from the script's own Object and Function.
test("Script_ObjectsItIsGiven_AreOfItsOwnRealm", async () => {
  const code = `
    const isOwn = (value: any): boolean => {
      let top = Object(value);
      while (Object.getPrototypeOf(top) !== null) top = Object.getPrototypeOf(top);
      return top === Object.prototype;
    };
    function overflow(action: () => unknown): unknown {
      try {
        return overflow(action);
      } catch {
        try { return action(); } catch (error) { return error; }
      }
    }
    export default async (call: any) => {
      const given: unknown[] = [call, call.input, call.arguments, call.parameters, console, console.log, performance];
      given.push(new TextEncoder().encode("x"), import("node:fs").catch(() => 1), Math.random, TextDecoder, Date);
      given.push(await import("node:fs").catch((error) => error), await Promise.resolve().then(() => call));
      const encode = () => new TextEncoder().encode("x".repeat(99));
      for (const action of [() => Math.random(), () => console.log("x"), encode])
        given.push(overflow(action));
      const decoder = new TextDecoder("utf-8", { fatal: true });
      try { decoder.decode(new Uint8Array([255])) } catch (error) { given.push(error) }
      try { null!.x } catch (error) { given.push(error) }
      return given.map((value, i) => isOwn(value) ? "" : i).join("");
    };`;
  const ended = await inDeno([loadScript(code, { arguments: ["a"] }), run({ inputs: [["f", "content"]] })]);
  assert.equal(outputsOf(ended.answers)[0]!.text, "");
});

// Goal: should a function of the executor's realm leak all the same, it opens nothing. Method: lie in wait for one
// where the engine itself calls what a script can replace, and try every way on from there.
test("Script_FunctionThatLeaks_LeadsNowhere", async () => {
  const code = `
    const caught: any[] = [];
    const { then } = Promise.prototype;
    Promise.prototype.then = function (...values: any[]) {
      caught.push(...values);
      return then.apply(this, values as any);
    };
    export default () => {
      const found = new Set<string>();
      const attempt = (name: string, action: () => unknown) => {
        try { if (action()) found.add(name); } catch {}
      };
      const foreign = caught.filter((value) => typeof value === "function" && !(value instanceof Function));
      if (foreign.length === 0) return "none leaks: the test looks in the wrong place";
      for (const leaked of foreign) {
        const Foreign = leaked.constructor;
        attempt("code", () => Foreign("return 1")());
        attempt("async code", () => Object.getPrototypeOf(Foreign).constructor("return 1")());
        attempt("function prototype", () => { Foreign.prototype.stolen = 1; return Foreign.prototype.stolen; });
        attempt("object prototype", () => { Object.getPrototypeOf(Foreign.prototype).stolen = 1;
          return Object.getPrototypeOf(Foreign.prototype).stolen; });
        attempt("caller", () => leaked.caller ?? leaked.arguments);
        attempt("global", () => Foreign.prototype.call.call(function (this: any) { return this?.Deno; }));
      }
      return [...found].join();
    };`;
  assert.deepEqual(await textsOf(code, 2), ["", ""]);
});

test("Script_ThenOnEveryObject_IsNoTrap", async () => {
  const code = `
    (Object.prototype as any).then = function () { throw new Error("caught you"); };
    export default ({ index }: { index: number }) => \`index \${index}\`;`;
  assert.deepEqual(await textsOf(code, 2), ["index 0", "index 1"]);
});

test("Script_BesidesOtherPrograms_LeavesThemAlone", async () => {
  const frames = [
    loadScript("export default () => Object.prototype.x = 'one'", { program: 1 }), run({ program: 1 }),
    loadScript("export default () => String({}.x)", { program: 2 }), run({ program: 2 }),
    load({ program: 3, code: kernel("(call $write (i32.const 0) (i32.const 2))") }), run({ program: 3 }),
    loadScript("let x: = 5;", { program: 4 }), run({ program: 1 }),
  ];
  const { answers, code } = await inDeno(frames);
  assert.equal(code, 0);
  const texts = answers.map((answer) => (answer.type === "done" ? textOf(answer.segment) : answer.type));
  assert.deepEqual(texts, ["ready", "loaded", "one", "loaded", "undefined", "loaded", "\0\0", "refused", "one"]);
});

test("Script_StackTrace_NamesItsOwnLinesAlone", async () => {
  const [own, forged] = await textsOf(`export default ({ index }) => {
      if (index === 1) Error.prepareStackTrace = (_, frames) => frames.map(String).join();
      return new Error("x").stack;
    }`, 2);
  assert.equal(own, "Error: x\n    at default (script.ts:3:14)");
  assert.equal(forged, own);
});

test("Script_PromiseThatNeverSettles_FailsAndTheNextRunIsServed", async () => {
  const code = `let stored: any;
    export default ({ index }) => {
      if (index === 1) { stored("late"); return "next"; }
      return new Promise((resolve) => (stored = resolve));
    }`;
  const texts = await textsOf(code, 2);
  assert.match(texts[0]!, /never settles/);
  assert.equal(texts[1], "next");
});

test("Script_LongChainOfMicrotasks_IsWaitedFor", async () => {
  const code = `export default async () => { let n = 0; while (n < 5000) { await null; n++; } return n; }`;
  assert.deepEqual(await textsOf(code, 3), ["5000", "5000", "5000"]);
});

test("Script_ClockAndRandomNumbers_AreVirtual", async () => {
  const code = `export default () => [Date.now(), new Date().toISOString(), performance.now() < 0.01, performance.now(),
      new Date(2020, 0).getTimezoneOffset(), typeof Intl, Date().slice(0, 15),
      new (new Date().constructor as any)().getTime(), Math.random(), Math.random()].join()`;
  const runs = () => Promise.all([0, 1].map(() => textsOf(code, 2)));
  const [[first, second], again] = (await runs()) as [string[], string[]];
  assert.deepEqual(again, [first, second]);
  const start = "946684800000,2000-01-01T00:00:00.000Z,true,0.003,0,undefined,Sat Jan 01 2000,946684800000,0.";
  assert.equal(first!.slice(0, start.length), start);
  assert.notEqual(first, second);
});

test("Script_OutputOverTheLimit_IsOutputExhausted", async () => {
  const x = (count: number) => `"x".repeat(${count})`;
  const both = `{ output: ${x(51)}, files: { a: ${x(50)} } }`;
  const forms = [x(101), "new Uint8Array(101)", `[${x(50)}, ${x(50)}]`, both, "'é'.repeat(51)"];
  const code = `export default ({ index }) => [${forms.join()}][index]`;
  const answers = (await runScript(code, forms.length, { outputBytesMax: 100n })).slice(1);
  const traps = answers.map((answer) => answer.type === "failed" && answer.trap);
  assert.deepEqual(traps, forms.map(() => TrapCode.OutputExhausted));
});

test("Script_Merge_GoesFromLeftToRight", async () => {
  const code = `export default () => 1;
    const text = (bytes) => new TextDecoder().decode(bytes);
    export const merge = async (left, right) => text(left) + "+" + text(right);`;
  const { answers } = await inDeno([loadScript(code), merge(["a", "b", "c"]), merge(["z"])]);
  assert.equal(Buffer.from(segmentOf(answers.slice(0, 3))).toString(), "a+b+c");
  assert.equal(Buffer.from(segmentOf(answers)).toString(), "z");
});

const HOSTILE: readonly (readonly [file: string, check: (texts: string[]) => void])[] = [
  ["reaches-out.ts", (texts) => assert.deepEqual(texts, texts.map(() => ""))],
  ["clocks-by-stealth.ts", (texts) => assert.deepEqual(texts, texts.map(() => ""))],
  ["forges-frames.ts", (texts) => assert.deepEqual(texts, texts.map(() => "honest"))],
  ["exits.ts", (texts) => assert.deepEqual(texts, texts.map(() => "alive"))],
  ["unhandled-rejection.ts", (texts) => assert.deepEqual(texts, texts.map(() => "returned"))],
  ["after-return.ts", (texts) => assert.deepEqual(texts, texts.map((_, i) => `returned ${i}`))],
  ["pollutes-prototypes.ts", (texts) => assert.deepEqual(texts.slice(0, 2), ["clean", "changed"])],
  ["endless-recursion.ts", (texts) => texts.forEach((text) => assert.match(text, /Maximum call stack/))],
  ["text-flood.ts", (texts) => texts.forEach((text) => assert.match(text, /more than \d+ bytes/))],
  ["output-flood.ts", (texts) => texts.forEach((text) => assert.match(text, /more than \d+ bytes/))],
  ["returns-nonsense.ts", (texts) => texts.forEach((text) => assert.ok(text.length > 0))],
  ["throws-nonsense.ts", (texts) => texts.forEach((text) => assert.ok(text.length > 0))],
];

for (const [file, check] of HOSTILE) {
  test(`Script_Hostile_${file}_IsHeld`, async () => {
    const count = file.startsWith("returns") || file.startsWith("exits") ? 14 : 4;
    check(await textsOf(scriptOf(file), count, { name: file }));
  });
}
