import type { RealmBridge, RealmHost } from "./bridge.js";

/*
 * This file runs inside a script's realm, before the script: it takes away what is not deterministic, puts virtual
 * clocks and random numbers in its place, and calls the script. What it needs of the language it takes first, because a
 * script may change everything that it can reach.
 */

const { apply, construct, deleteProperty, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
const { freeze, defineProperty: defineOn, setPrototypeOf } = Object;
const { isArray } = Array;
const { isView } = ArrayBuffer;
const { parse, stringify } = JSON;
const RealDate = Date;
const dateText = Date.prototype.toString;
const RealString = String;
const RealTypeError = TypeError;
const RealRangeError = RangeError;
const RealUint8Array = Uint8Array;
const RealPromise = Promise;
const then = Promise.prototype.then;
const slice = String.prototype.slice;
const typedArrayTag = getOwnPropertyDescriptor(getPrototypeOf(Uint8Array.prototype)!, Symbol.toStringTag)!.get!;

/** The names that a script finds in its global object: the language, less what tells real time, place or memory. */
const KEPT =
  "Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date Promise RegExp " +
  "Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError SuppressedError " +
  "globalThis JSON Math ArrayBuffer DataView Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array " +
  "BigUint64Array BigInt64Array Uint8ClampedArray Float16Array Float32Array Float64Array Map BigInt Set Iterator " +
  "WeakMap WeakSet Proxy Reflect DisposableStack AsyncDisposableStack decodeURI decodeURIComponent encodeURI " +
  "encodeURIComponent eval isFinite isNaN";

/** 2000-01-01T00:00:00Z, where every program's clocks start; a script's go on one microsecond with each reading. */
const CLOCK_START_MILLIS = 946_684_800_000;

interface Failure {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
}

interface CallSite {
  getFileName(): string | null;
  getFunctionName(): string | null;
  getLineNumber(): number | null;
  getColumnNumber(): number | null;
}

export function install(host: RealmHost, scriptName: string): RealmBridge {
  let readingCount = 0;
  const clock = () => readingCount++ / 1000;
  removeGlobals();
  hideForeignFrames(scriptName);
  installDate(() => CLOCK_START_MILLIS + clock());
  installLocaleFree();
  installGlobals(host, clock);
  return makeBridge(host, scriptName, () => {
    readingCount = 0;
  });
}

function removeGlobals(): void {
  const kept = new Set<string | symbol>(KEPT.split(" "));
  for (const key of ownKeys(globalThis)) {
    if (!kept.has(key)) {
      deleteProperty(globalThis, key);
    }
  }

  deleteProperty(Error, "captureStackTrace");
}

/** Stack traces name the script's own lines alone: paths of the executor are none of its business. */
function hideForeignFrames(scriptName: string): void {
  const format = (error: unknown, frames: readonly CallSite[]) => {
    let text = headOf(error);
    for (let i = 0; i < frames.length; i++) {
      const frame = frames[i]!;
      if (frame.getFileName() === scriptName) {
        const caller = frame.getFunctionName() ?? "top level";
        text += `\n    at ${caller} (${scriptName}:${frame.getLineNumber()}:${frame.getColumnNumber()})`;
      }
    }

    return text;
  };
  // What a script assigns is dropped: other formats would see the frames of the executor.
  defineProperty(Error, "prepareStackTrace", { get: () => format, set: () => {}, configurable: false });
}

function installDate(now: () => number): void {
  function VirtualDate(this: unknown, ...values: unknown[]) {
    if (new.target === undefined) {
      return apply(dateText, new RealDate(now()), []);
    }

    return construct(RealDate, values.length === 0 ? [now()] : values, new.target);
  }

  const { UTC, parse: parseDate } = RealDate;
  const own = { UTC, parse: parseDate, now: () => Math.floor(now()) };
  for (const key of ["now", "parse", "UTC"] as const) {
    hide(VirtualDate, key, own[key]);
  }

  defineProperty(VirtualDate, "name", { value: "Date", configurable: true });
  defineProperty(VirtualDate, "length", { value: 7, configurable: true });
  defineProperty(VirtualDate, "prototype", { value: RealDate.prototype, writable: false });
  hide(RealDate.prototype, "constructor", VirtualDate);
  hide(globalThis, "Date", VirtualDate);
}

/** What depends on the machine's language falls back to what does not. */
function installLocaleFree(): void {
  const { prototype: date } = RealDate;
  for (const key of ["toLocaleString", "toLocaleDateString", "toLocaleTimeString"] as const) {
    hide(date, key, withoutArguments(date.toISOString));
  }

  hide(Number.prototype, "toLocaleString", withoutArguments(Number.prototype.toString));
  hide(BigInt.prototype, "toLocaleString", withoutArguments(BigInt.prototype.toString));
  hide(String.prototype, "toLocaleUpperCase", withoutArguments(String.prototype.toUpperCase));
  hide(String.prototype, "toLocaleLowerCase", withoutArguments(String.prototype.toLowerCase));
  hide(String.prototype, "localeCompare", function localeCompare(this: unknown, that: unknown) {
    const left = RealString(this);
    const right = RealString(that);
    return left < right ? -1 : left > right ? 1 : 0;
  });
}

function withoutArguments(method: (...values: never[]) => unknown) {
  return function (this: unknown) {
    return apply(method, this, []);
  };
}

function installGlobals(host: RealmHost, clock: () => number): void {
  hide(Math, "random", guarded(() => host.random()));
  hide(globalThis, "performance", freeze({ now: clock, timeOrigin: CLOCK_START_MILLIS }));
  hide(globalThis, "queueMicrotask", function queueMicrotask(callback: () => unknown) {
    apply(then, RealPromise.resolve(), [() => callback()]);
  });
  const log = guarded((text: string) => host.log(text));
  const print = (...values: unknown[]) => {
    let line = "";
    for (let i = 0; i < values.length; i++) {
      line += (i > 0 ? " " : "") + show(values[i]);
    }

    log(`${line}\n`);
  };
  hide(globalThis, "console", freeze({ debug: print, log: print, info: print, warn: print, error: print }));
  installText(host);
}

function installText(host: RealmHost): void {
  const encode = guarded((text: string) => {
    const bytes = new RealUint8Array(host.encode(text));
    host.takeEncoded(bytes);
    return bytes;
  });
  const decode = guarded((bytes: Uint8Array, isFatal: boolean) => host.decode(bytes, isFatal));
  hide(
    globalThis,
    "TextEncoder",
    class TextEncoder {
      readonly encoding = "utf-8";

      encode(text: unknown = ""): Uint8Array {
        return encode(RealString(text));
      }
    },
  );
  hide(
    globalThis,
    "TextDecoder",
    class TextDecoder {
      readonly encoding = "utf-8";
      readonly fatal: boolean;

      constructor(label: unknown = "utf-8", options: { fatal?: unknown } = {}) {
        if (label !== "utf-8" && label !== "utf8") {
          throw new RealRangeError("only utf-8 is offered");
        }

        this.fatal = Boolean(options.fatal);
      }

      decode(source: unknown = new RealUint8Array(0)): string {
        const text = decode(bytesOf(source), this.fatal);
        if (text === null) {
          throw new RealTypeError("the bytes are not UTF-8");
        }

        return text;
      }
    },
  );
}

function bytesOf(source: unknown): Uint8Array {
  if (isView(source)) {
    return new RealUint8Array(source.buffer, source.byteOffset, source.byteLength);
  }

  if (source instanceof ArrayBuffer) {
    return new RealUint8Array(source);
  }

  throw new RealTypeError("a decoder takes bytes");
}

type ScriptFunction = (...values: unknown[]) => unknown;

function makeBridge(host: RealmHost, scriptName: string, resetClock: () => void): RealmBridge {
  let run: ScriptFunction | null = null;
  let combine: ScriptFunction | null = null;
  let parameters: unknown = null;
  /** A promise of an earlier call that settles late belongs to nobody. */
  let callCount = 0;

  const invoke = (callee: ScriptFunction, values: unknown[]): void => {
    const call = ++callCount;
    const fail = (error: unknown) => {
      if (call === callCount) {
        callCount++;
        host.settle(describe(error, scriptName));
      }
    };
    const finish = (value: unknown) => {
      if (call === callCount) {
        deliver(host, value);
        callCount++;
        host.settle(null);
      }
    };
    try {
      const value = apply(callee, undefined, values);
      if (isThenable(value)) {
        void settleLater(value, finish, fail);
      } else {
        finish(value);
      }
    } catch (error) {
      fail(error);
    }
  };

  const bridge: RealmBridge = {
    start(exports: unknown, parametersText: string): string | null {
      const { default: main, merge } = exports as { default?: unknown; merge?: unknown };
      if (typeof main !== "function") {
        return "the script has no default export that is a function";
      }

      if (merge !== undefined && typeof merge !== "function") {
        return "the script's export merge is no function";
      }

      run = main as ScriptFunction;
      combine = (merge as ScriptFunction | undefined) ?? null;
      parameters = freeze(parse(parametersText));
      return null;
    },
    hasMerge: () => combine !== null,
    call(index: number, begin: number, end: number, name: string | null, argumentsText: string): void {
      resetClock();
      const input = takeInput(host, 0);
      invoke(run!, [{ index, begin, end, name, input, arguments: parse(argumentsText), parameters }]);
    },
    merge(): void {
      resetClock();
      invoke(combine!, [takeInput(host, 0), takeInput(host, 1)]);
    },
    describe: (error: unknown) => describe(error, scriptName),
  };

  // Without a prototype: what a script puts on Object.prototype, a `then` above all, must not be found on the bridge.
  return freeze(setPrototypeOf(bridge, null));
}

async function settleLater(
  value: unknown,
  finish: (value: unknown) => void,
  fail: (error: unknown) => void,
): Promise<void> {
  try {
    finish(await value);
  } catch (error) {
    fail(error);
  }
}

function takeInput(host: RealmHost, slot: number): Uint8Array | null {
  const length = host.inputLength(slot);
  if (length < 0) {
    return null;
  }

  const bytes = new RealUint8Array(length);
  host.takeInput(slot, bytes);
  return bytes;
}

/** Writes what a script returned; throws where it is no result. */
function deliver(host: RealmHost, value: unknown): void {
  const isPlain = typeof value !== "object" || value === null || isArray(value) || isBytes(value);
  if (isPlain) {
    deliverOutput(host, value);
    return;
  }

  const { output, files } = value as { output?: unknown; files?: unknown };
  const keys = ownKeys(value as object);
  for (let i = 0; i < keys.length; i++) {
    if (keys[i] !== "output" && keys[i] !== "files") {
      throw new RealTypeError(`the result has a property ${RealString(keys[i])}; an object has output and files alone`);
    }
  }

  if (keys.length === 0) {
    throw new RealTypeError("the result is an object with neither output nor files");
  }

  if (deliverOutput(host, output) && files !== undefined) {
    deliverFiles(host, files);
  }
}

function deliverOutput(host: RealmHost, value: unknown): boolean {
  if (!isArray(value)) {
    return value === undefined || deliverOne(host, value);
  }

  for (let i = 0; i < value.length; i++) {
    if (!deliverOne(host, value[i]) || !host.writeText("\n")) {
      return false;
    }
  }

  return true;
}

function deliverOne(host: RealmHost, value: unknown): boolean {
  switch (typeof value) {
    case "string":
      return host.writeText(value);
    case "number":
    case "bigint":
      return host.writeText(RealString(value));
    default:
      if (isBytes(value)) {
        return host.writeBytes(value);
      }

      throw new RealTypeError(`${kindOf(value)} is no type of a result: return string, Uint8Array, number or bigint`);
  }
}

function deliverFiles(host: RealmHost, files: unknown): void {
  if (typeof files !== "object" || files === null) {
    throw new RealTypeError("the result's files are no object");
  }

  const names = ownKeys(files);
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    const content = (files as Record<string | symbol, unknown>)[name];
    if (typeof name !== "string" || (typeof content !== "string" && !isBytes(content))) {
      throw new RealTypeError(`the file ${RealString(name)} is neither a string nor a Uint8Array`);
    }

    const isWritten = typeof content === "string" ? host.fileText(name, content) : host.fileBytes(name, content);
    if (!isWritten) {
      return;
    }
  }
}

function isBytes(value: unknown): value is Uint8Array {
  return isView(value) && apply(typedArrayTag, value, []) === "Uint8Array";
}

function isThenable(value: unknown): boolean {
  const canHaveThen = (typeof value === "object" && value !== null) || typeof value === "function";
  return canHaveThen && typeof (value as { then?: unknown }).then === "function";
}

function kindOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}

/** One line for people: place, kind and message. Never throws, whatever the error is. */
function describe(error: unknown, scriptName: string): string {
  try {
    const stack = typeof error === "object" && error !== null ? (error as Failure).stack : undefined;
    const place = typeof stack === "string" ? placeIn(stack, `(${scriptName}:`) : "";
    return place === "" ? headOf(error) : `${scriptName}:${place}: ${headOf(error)}`;
  } catch {
    return "the script threw something that cannot be shown";
  }
}

/** The line and column of the first frame in `stack`; no pattern is used: a script may have changed how they match. */
function placeIn(stack: string, mark: string): string {
  for (let at = 0; at + mark.length <= stack.length; at++) {
    if (apply(slice, stack, [at, at + mark.length]) === mark) {
      let end = at + mark.length;
      while (end < stack.length && stack[end] !== ")") {
        end++;
      }

      return apply(slice, stack, [at + mark.length, end]) as string;
    }
  }

  return "";
}

function headOf(error: unknown): string {
  if (typeof error !== "object" || error === null) {
    return `${show(error)} was thrown`;
  }

  const { name, message } = error as Failure;
  const kind = typeof name === "string" && name !== "" ? name : "Error";
  return typeof message === "string" && message !== "" ? `${kind}: ${message}` : kind;
}

function show(value: unknown): string {
  try {
    if (typeof value === "string") {
      return value;
    }

    if (typeof value === "object" && value !== null && typeof (value as Failure).stack === "string") {
      return headOf(value);
    }

    return typeof value === "object" ? (stringify(value) ?? "undefined") : RealString(value);
  } catch {
    return "[cannot be shown]";
  }
}

function hide(target: object, key: string, value: unknown): void {
  defineOn(target, key, { value, writable: true, configurable: true, enumerable: false });
}

/** An error of the executor's realm, such as a stack that is full, must not come into the script's hands. */
function guarded<T extends unknown[], R>(body: (...values: T) => R): (...values: T) => R {
  return (...values: T) => {
    try {
      return apply(body, undefined, values) as R;
    } catch {
      throw new RealRangeError("the executor could not do this");
    }
  };
}
