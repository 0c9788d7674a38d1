/** What stays in the executor's own global object once scripts are about to run. */
const KEPT = new Set(
  (
    "Object Function Array Number Boolean String Symbol Promise RegExp Error AggregateError EvalError RangeError " +
    "ReferenceError SyntaxError TypeError URIError globalThis JSON Math ArrayBuffer DataView Uint8Array Int8Array " +
    "Uint16Array Int16Array Uint32Array Int32Array BigUint64Array BigInt64Array Uint8ClampedArray Float16Array " +
    "Float32Array Float64Array Map BigInt Set Iterator WeakMap WeakSet Proxy Reflect WebAssembly Date Infinity NaN " +
    "undefined TextEncoder TextDecoder btoa"
  ).split(" "),
);

let isHardened = false;

/**
 * The second wall. A script runs in a realm of its own and never gets an object of the executor's; should one slip
 * through, its prototypes are frozen and the global object that it might lead to holds nothing of the machine.
 */
export function harden(): void {
  if (isHardened) {
    return;
  }

  isHardened = true;
  for (const key of Reflect.ownKeys(globalThis)) {
    // Symbols stay: Deno marks its global object with one, and looks for it when the process ends.
    if (typeof key === "string" && !KEPT.has(key)) {
      Reflect.deleteProperty(globalThis, key);
    }
  }

  for (const intrinsic of intrinsics()) {
    Object.freeze(intrinsic);
  }
}

/** The built-in objects that every value leads to. */
function intrinsics(): object[] {
  const found: object[] = [
    Object.getPrototypeOf(async () => {}) as object,
    Object.getPrototypeOf(function* () {}) as object,
    Object.getPrototypeOf(async function* () {}) as object,
    Object.getPrototypeOf(Uint8Array) as object,
    Object.getPrototypeOf(Uint8Array.prototype) as object,
    Object.getPrototypeOf([][Symbol.iterator]()) as object,
  ];
  for (const key of KEPT) {
    const value = (globalThis as Record<string, unknown>)[key];
    if (typeof value === "function") {
      found.push(value, ...prototypeOf(value));
    }
  }

  return found;
}

function prototypeOf(value: object): object[] {
  const { prototype } = value as { prototype?: unknown };
  const isObject = (typeof prototype === "object" && prototype !== null) || typeof prototype === "function";
  return isObject ? [prototype as object] : [];
}
