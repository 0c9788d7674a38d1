/** How a run ended badly: the numbers of `TrapCode` in Ptorrent.Model. They travel; they only grow. */
export const TrapCode = {
  FuelExhausted: 1,
  StackExhausted: 2,
  MemoryExhausted: 3,
  OutputExhausted: 4,
  Unreachable: 6,
  OutOfBounds: 7,
  Arithmetic: 8,
  BadIndirectCall: 9,
  ExitCode: 10,
  ScriptError: 11,
  LoadFailed: 12,
  BadOutput: 14,
} as const;

export type TrapCode = (typeof TrapCode)[keyof typeof TrapCode];

/** Characters (UTF-16 units, as C# counts them) of a message that travel. */
export const MESSAGE_CHARACTERS_MAX = 4096;

/** A program's own failure: its run is answered with FAILED or REFUSED, and the executor goes on. */
export class ProgramFault extends Error {
  constructor(
    readonly code: TrapCode,
    message: string,
  ) {
    super(message);
  }
}

/** A frame that breaks docs/protocol/executor.md: the executor ends, for nothing after it can be trusted. */
export class ProtocolError extends Error {}

/** V8's words for the ways in which WebAssembly code traps; the first that fits decides. */
const TRAP_WORDS: readonly (readonly [RegExp, TrapCode])[] = [
  [/unreachable/, TrapCode.Unreachable],
  [/divide by zero|remainder by zero|divide result|float unrepresentable|integer overflow/, TrapCode.Arithmetic],
  [/signature mismatch|null function|null pointer|illegal cast/, TrapCode.BadIndirectCall],
  [/out of bounds|out-of-bounds/, TrapCode.OutOfBounds],
];

/** V8's words for memory that cannot be had: at instantiation, under `--wasm-max-mem-pages`, or on its own heap. */
const MEMORY_WORDS = new RegExp(
  [
    "out of memory",
    "memory allocation",
    "allocation failed",
    "invalid (typed )?array (buffer )?length",
    "implementation limit",
    "memory size",
  ].join("|"),
  "i",
);

/** What `error`, thrown by a call into a module, means; the meter has been asked before. */
export function faultOfWasm(error: unknown): ProgramFault {
  if (error instanceof ProgramFault) {
    return error;
  }

  const message = messageOf(error);
  if (error instanceof WebAssembly.RuntimeError) {
    const known = TRAP_WORDS.find(([words]) => words.test(message));
    return new ProgramFault(known === undefined ? TrapCode.Unreachable : known[1], message);
  }

  if (error instanceof RangeError && message.includes("call stack")) {
    return new ProgramFault(TrapCode.StackExhausted, "calls were nested deeper than the engine's stack");
  }

  if (error instanceof RangeError && MEMORY_WORDS.test(message)) {
    return new ProgramFault(TrapCode.MemoryExhausted, message);
  }

  // An exception of the module's own (WebAssembly.Exception) that nothing caught is an abort like any other.
  return new ProgramFault(TrapCode.Unreachable, `uncaught exception: ${message}`);
}

/** What `error`, thrown while a module was compiled or instantiated, means. */
export function faultOfLoad(error: unknown): ProgramFault {
  if (error instanceof ProgramFault) {
    return error;
  }

  const message = messageOf(error);
  // First what traps: V8 names the memory's size when a data segment lies outside it.
  if (error instanceof WebAssembly.RuntimeError) {
    return faultOfWasm(error);
  }

  if (MEMORY_WORDS.test(message)) {
    return new ProgramFault(TrapCode.MemoryExhausted, message);
  }

  return new ProgramFault(TrapCode.LoadFailed, message);
}

/** What `error`, thrown outside any module, means: a fault as it is, or memory that ran out. All else is a bug. */
export function faultOfHost(error: unknown): ProgramFault {
  if (error instanceof ProgramFault) {
    return error;
  }

  if (error instanceof RangeError && MEMORY_WORDS.test(error.message)) {
    return new ProgramFault(TrapCode.MemoryExhausted, error.message);
  }

  throw error;
}

/** `fault` with the program's last words after its message; they say more than the trap does. */
export function withLastWords(fault: ProgramFault, words: string): ProgramFault {
  if (words === "") {
    return fault;
  }

  const head = firstCharacters(fault.message, MESSAGE_CHARACTERS_MAX / 2);
  return new ProgramFault(fault.code, `${head}\n${lastCharacters(words, MESSAGE_CHARACTERS_MAX - head.length - 1)}`);
}

/** The last characters are the ones that tell what went wrong; no pair of surrogates is cut. */
export function lastCharacters(text: string, max = MESSAGE_CHARACTERS_MAX): string {
  return text.length <= max ? text : text.slice(-max).replace(/^[\uDC00-\uDFFF]/, "");
}

/** The first characters of a message that is too long. */
export function firstCharacters(text: string, max = MESSAGE_CHARACTERS_MAX): string {
  return text.length <= max ? text : text.slice(0, max).replace(/[\uD800-\uDBFF]$/, "");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "an exception that is no error";
}
