// Runs exported functions of modules, in Node or in Deno. Reads JSON from standard input: an array of
// { wasm: base64, fuel: text, calls: [{ name, arguments: [text] }] } or { wasm, validate: true }. Answers with an array
// of { valid } or of { calls: [{ value, trap, fuel, stack }] }: every number as text, a trap's where there was one.
/* global Deno */

const isDeno = typeof Deno !== "undefined";

async function readInput() {
  if (!isDeno) return (await import("node:fs")).readFileSync(0, "utf8");
  const chunks = [];
  for await (const chunk of Deno.stdin.readable) chunks.push(...chunk);
  return new TextDecoder().decode(new Uint8Array(chunks));
}

const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

/** The host: every import gives zero, except that floats which it is given are kept by their bits. */
function importsOf(module, seen) {
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    imports[from][name] = (...given) => {
      for (const value of given) seen.push(String(value));
      return name.startsWith("long") ? 0n : 0;
    };
  }
  return imports;
}

function run({ wasm, fuel, calls }) {
  const module = new WebAssembly.Module(bytesOf(wasm));
  const seen = [];
  const { exports } = new WebAssembly.Instance(module, importsOf(module, seen));
  const stackOfCall = exports.ptorrent_stack?.value;
  const results = [];
  for (const { name, arguments: given } of calls) {
    if (exports.ptorrent_fuel) {
      exports.ptorrent_fuel.value = BigInt(fuel);
      exports.ptorrent_stack.value = stackOfCall;
    }
    const result = {};
    try {
      const values = given.map((text) => (text.endsWith("n") ? BigInt(text.slice(0, -1)) : Number(text)));
      result.value = String(exports[name](...values));
    } catch (error) {
      result.trap = `${error.constructor.name}: ${error.message}`;
    }
    result.fuel = String(exports.ptorrent_fuel?.value ?? 0);
    result.stack = String(exports.ptorrent_stack?.value ?? 0);
    results.push(result);
  }
  return { calls: results, seen };
}

const answers = JSON.parse(await readInput()).map((task) =>
  (task.validate ? { valid: WebAssembly.validate(bytesOf(task.wasm)) } : run(task)));
const text = JSON.stringify(answers);
if (isDeno) {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) written += Deno.stdout.writeSync(bytes.subarray(written));
} else {
  (await import("node:fs")).writeFileSync(1, text);
}
