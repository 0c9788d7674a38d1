import { utf8 } from "./bytes.js";
import { firstCharacters, lastCharacters, ProgramFault, TrapCode, withLastWords } from "./failures.js";
import type { LoadFrame } from "./frames.js";
import { ScratchOutput, type ByteTarget, type OutputSink } from "./output.js";
import { havePlaceholders, replacePlaceholders } from "./placeholders.js";
import { Prng } from "./prng.js";
import type { Program, ProgramCall } from "./program.js";
import type { RealmBridge, RealmHost } from "./script/bridge.js";

/** Where scripts run: a realm that has nothing but the language. */
export interface ScriptHost {
  /** Opens a realm, loads the module in it and starts its bridge; a ProgramFault says what is wrong with the script. */
  open(source: string, name: string, parametersText: string, host: RealmHost): Promise<RealmBridge>;
  /** Settles when every microtask has run and only an event from outside could bring more. */
  drained(): Promise<void>;
}

const FILE_COUNT_MAX = 10_000;
const PATH_BYTES_MAX = 1024;

/** Most promises settle within a few microtasks; a turn of the event loop costs a hundred times as much. */
const MICROTASKS_TRIED = 16;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const fatalDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const EMPTY = new Uint8Array(0);
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const lengthOf = Object.getOwnPropertyDescriptor(typedArray, "length")!.get as (this: Uint8Array) => number;

export async function loadScript(
  frame: LoadFrame,
  outputBytesMax: number,
  host: ScriptHost | null,
): Promise<Program> {
  if (host === null) {
    throw new ProgramFault(TrapCode.LoadFailed, "this executor runs no scripts");
  }

  let source: string;
  try {
    source = fatalDecoder.decode(frame.code);
  } catch {
    throw new ProgramFault(TrapCode.LoadFailed, "the script is not UTF-8");
  }

  const program = new ScriptProgram(frame, outputBytesMax, host);
  await program.open(source);
  return program;
}

/** What one call writes to and reads from. */
interface CallState {
  readonly target: ByteTarget;
  readonly sink: OutputSink | null;
  readonly inputs: readonly Uint8Array[];
  readonly prng: () => Prng;
  readonly files: Map<string, Uint8Array>;
}

/** A TypeScript or JavaScript module. Its realm serves all calls; the agent gives each script a process of its own. */
class ScriptProgram implements Program {
  readonly burnt = 0n;
  readonly #host: ScriptHost;
  readonly #name: string;
  readonly #seed: Uint8Array;
  readonly #outputBytesMax: number;
  readonly #arguments: readonly string[];
  readonly #fixedArguments: string | null;
  readonly #parametersText: string;
  #bridge: RealmBridge | null = null;
  #call: CallState | null = null;
  #prng: Prng | null = null;
  #fault: ProgramFault | null = null;
  #isSettled = false;
  #failure: string | null = null;
  #encoded: Uint8Array = EMPTY;
  #log = "";

  constructor(frame: LoadFrame, outputBytesMax: number, host: ScriptHost) {
    this.#host = host;
    this.#name = frame.name;
    this.#seed = frame.seed.slice();
    this.#outputBytesMax = outputBytesMax;
    this.#arguments = frame.arguments;
    this.#fixedArguments = havePlaceholders(frame.arguments) ? null : JSON.stringify(frame.arguments);
    this.#parametersText = JSON.stringify(Object.fromEntries(frame.parameters));
  }

  get hasMerge(): boolean {
    return this.#bridge!.hasMerge();
  }

  async open(source: string): Promise<void> {
    this.#bridge = await this.#host.open(source, this.#name, this.#parametersText, this.#realmHost());
  }

  call(call: ProgramCall, sink: OutputSink): void | Promise<void> {
    const { input } = call;
    const inputs = input === null ? [] : [input.content];
    this.#begin(sink, sink, inputs, call.isItem ? call.begin : 0n);
    const texts =
      this.#fixedArguments ?? JSON.stringify(this.#arguments.map((text) => replacePlaceholders(text, call)));
    this.#bridge!.call(Number(call.begin), Number(call.begin), Number(call.end), input?.name ?? null, texts);
    return this.#isSettled ? this.#finish() : this.#wait();
  }

  async merge(parts: readonly Uint8Array[], _fuel: bigint, target: ByteTarget): Promise<void> {
    let left = parts[0]!;
    if (parts.length === 1) {
      target.append(left);
      return;
    }

    for (let i = 1; i < parts.length; i++) {
      const isLast = i === parts.length - 1;
      const scratch = new ScratchOutput(this.#outputBytesMax);
      this.#begin(isLast ? target : scratch, null, [left, parts[i]!], 0n);
      this.#bridge!.merge();
      if (!this.#isSettled) {
        await this.#wait();
      } else {
        this.#finish();
      }

      left = scratch.written();
    }
  }

  #begin(target: ByteTarget, sink: OutputSink | null, inputs: readonly Uint8Array[], index: bigint): void {
    this.#prng = null;
    this.#fault = null;
    this.#failure = null;
    this.#isSettled = false;
    this.#log = "";
    const prng = () => (this.#prng ??= new Prng(this.#seed, index));
    this.#call = { target, sink, inputs, prng, files: new Map() };
  }

  /** Nothing from outside ever reaches a script: when its microtasks have run and it has not settled, it never will. */
  async #wait(): Promise<void> {
    for (let i = 0; i < MICROTASKS_TRIED && !this.#isSettled; i++) {
      await undefined;
    }

    if (!this.#isSettled) {
      await this.#host.drained();
    }

    if (!this.#isSettled) {
      this.#failure = "the promise that the script returned never settles: there are no timers and no events";
    }

    this.#finish();
  }

  #finish(): void {
    const { sink, files } = this.#call!;
    this.#call = null;
    if (this.#fault !== null) {
      throw this.#fault;
    }

    if (this.#failure !== null) {
      throw withLastWords(faultOfScript(this.#failure), this.#log.trimEnd());
    }

    for (const name of [...files.keys()].sort()) {
      sink!.file(name, files.get(name)!);
    }
  }

  #realmHost(): RealmHost {
    return {
      random: () => this.#call?.prng().fraction() ?? (this.#prng ??= new Prng(this.#seed, 0n)).fraction(),
      log: (text) => {
        this.#log = lastCharacters(this.#log + lastCharacters(text));
      },
      encode: (text) => {
        this.#encoded = utf8(text);
        return this.#encoded.length;
      },
      takeEncoded: (target) => {
        target.set(this.#encoded);
        this.#encoded = EMPTY;
      },
      decode: (bytes, isFatal) => decode(new Uint8Array(bytes), isFatal),
      inputLength: (slot) => this.#call!.inputs[slot]?.length ?? -1,
      takeInput: (slot, target) => target.set(this.#call!.inputs[slot]!),
      writeText: (text) => this.#write((state) => state.target.append(encodeWithin(text, this.#outputBytesMax))),
      writeBytes: (bytes) => this.#write((state) => state.target.append(copyWithin(bytes, this.#outputBytesMax))),
      fileText: (name, text) => this.#write((state) => addFile(state, name, encodeWithin(text, this.#outputBytesMax))),
      fileBytes: (name, bytes) => this.#write((state) => addFile(state, name, copyWithin(bytes, this.#outputBytesMax))),
      settle: (failure) => {
        this.#isSettled = true;
        this.#failure = failure;
      },
    };
  }

  #write(body: (state: CallState) => void): boolean {
    try {
      body(this.#call!);
      return true;
    } catch (error) {
      if (!(error instanceof ProgramFault)) {
        throw error;
      }

      this.#fault ??= error;
      return false;
    }
  }
}

function decode(bytes: Uint8Array, isFatal: boolean): string | null {
  try {
    return (isFatal ? fatalDecoder : decoder).decode(bytes);
  } catch {
    return null;
  }
}

/** A character is a byte at least: what is longer than the limit is not encoded to be counted. */
function encodeWithin(text: string, bytesMax: number): Uint8Array {
  if (text.length > bytesMax) {
    throw new ProgramFault(TrapCode.OutputExhausted, `more than ${bytesMax} bytes of output`);
  }

  return utf8(text);
}

/** A copy that owes nothing to the realm: a script may have changed what its arrays answer, even about their length. */
function copyWithin(bytes: Uint8Array, bytesMax: number): Uint8Array {
  if (lengthOf.call(bytes) > bytesMax) {
    throw new ProgramFault(TrapCode.OutputExhausted, `more than ${bytesMax} bytes of output`);
  }

  return new Uint8Array(bytes);
}

function addFile(state: CallState, name: string, content: Uint8Array): void {
  if (state.sink === null) {
    throw new ProgramFault(TrapCode.ScriptError, "a merge has no files");
  }

  const parts = name.split("/");
  if (utf8(name).length > PATH_BYTES_MAX || parts.some((part) => part === "" || part === "." || part === "..")) {
    throw new ProgramFault(TrapCode.ScriptError, `'${firstCharacters(name, 100)}' is no path of an output file`);
  }

  if (name.includes("\0") || state.files.size >= FILE_COUNT_MAX) {
    throw new ProgramFault(TrapCode.ScriptError, `more than ${FILE_COUNT_MAX} files, or a zero character in a name`);
  }

  state.sink.space.reserve(content.length);
  state.files.set(name, content);
}

function faultOfScript(description: string): ProgramFault {
  const isStack = description.includes("RangeError: Maximum call stack size exceeded");
  return new ProgramFault(isStack ? TrapCode.StackExhausted : TrapCode.ScriptError, description);
}
