import { utf8 } from "./bytes.js";
import { lastCharacters, ProgramFault, TrapCode, withLastWords } from "./failures.js";
import type { LoadFrame } from "./frames.js";
import { GuestMemory } from "./guest-memory.js";
import { Meter, meteredImports } from "./meter.js";
import { compile, exportsFunction, instantiate, type ModuleRules } from "./modules.js";
import { ScratchOutput, type ByteTarget, type OutputSink } from "./output.js";
import type { Program, ProgramCall } from "./program.js";
import type { Sha256 } from "./sha256.js";

/** Fuel of a kernel's start function. It belongs to no run: one instance serves many. */
const START_FUEL = 1_000_000_000n;

/** Characters of a parameter's key that a kernel may ask for; agents allow 200. */
const KEY_BYTES_MAX = 1024;

const DIGEST_BYTES = 32;

const WHOLE_NUMBER = /^[+-]?\d{1,19}$/;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?$/;

type KernelFunctions = {
  run: (begin: bigint, end: bigint) => void;
  merge?: () => void;
};

/** A module with a range function. One instance serves many calls; after a trap a new one takes its place. */
export class KernelProgram implements Program {
  readonly hasMerge: boolean;
  burnt = 0n;
  readonly #module: WebAssembly.Module;
  readonly #outputBytesMax: number;
  /** Asked for when a program first hashes: the engine's code for it takes a while to be loaded. */
  readonly #sha256: () => Sha256;
  readonly #parameters: ReadonlyMap<string, Parameter>;
  readonly #imports: WebAssembly.Imports;
  #instance: KernelInstance | null = null;
  #meter: Meter | null = null;
  #memory: GuestMemory | null = null;
  #target: ByteTarget | null = null;
  #inputs: readonly Uint8Array[] = [];
  #log = "";

  constructor(frame: LoadFrame, outputBytesMax: number, sha256: () => Sha256) {
    this.#outputBytesMax = outputBytesMax;
    this.#sha256 = sha256;
    this.#parameters = new Map(frame.parameters.map(([key, text]) => [key, new Parameter(key, text)]));
    const functions = this.#functions();
    const rules: ModuleRules = {
      kind: "kernel",
      importModule: "ptorrent",
      imports: new Set(Object.keys(functions)),
      functions: ["run"],
    };
    this.#module = compile(frame.code, rules);
    this.hasMerge = exportsFunction(this.#module, "merge");
    this.#imports = { ptorrent: meteredImports(functions, () => this.#runningMeter(), () => null) };
    this.#instantiate();
  }

  call(call: ProgramCall, sink: OutputSink): void {
    this.#inputs = call.input === null ? [] : [call.input.content];
    this.#target = sink;
    this.#run(call.fuel, (kernel) => kernel.run(call.begin, call.end));
  }

  merge(parts: readonly Uint8Array[], fuel: bigint, target: ByteTarget): void {
    if (parts.length === 1) {
      this.burnt = 0n;
      target.append(parts[0]!);
      return;
    }

    let left = parts[0]!;
    let spare = new ScratchOutput(this.#outputBytesMax);
    let other = new ScratchOutput(this.#outputBytesMax);
    this.#run(fuel, (kernel, meter) => {
      for (let i = 1; i < parts.length; i++) {
        spare.clear();
        this.#inputs = [left, parts[i]!];
        this.#target = i === parts.length - 1 ? target : spare;
        meter.refillStack();
        kernel.merge!();
        meter.throwPending();
        left = spare.written();
        [spare, other] = [other, spare];
      }
    });
  }

  #run(fuel: bigint, body: (functions: KernelFunctions, meter: Meter) => void): void {
    this.burnt = 0n;
    this.#log = "";
    const { functions, meter } = this.#instance ?? this.#instantiate();
    meter.begin(fuel);
    try {
      body(functions, meter);
      meter.throwPending();
    } catch (error) {
      this.#instance = null;
      throw this.#withLog(meter.faultOf(error));
    } finally {
      this.burnt = meter.burnt;
      this.#target = null;
      this.#inputs = [];
    }
  }

  #instantiate(): KernelInstance {
    const exports = instantiate(this.#module, this.#imports);
    const functions = exports as unknown as KernelFunctions;
    if (functions.run.length !== 2 || (functions.merge !== undefined && functions.merge.length !== 0)) {
      const rule = "a kernel exports run(begin i64, end i64) and, if it merges, merge()";
      throw new ProgramFault(TrapCode.LoadFailed, rule);
    }

    const meter = new Meter(exports);
    this.#meter = meter;
    this.#memory = new GuestMemory(exports["memory"] as WebAssembly.Memory);
    this.#log = "";
    meter.begin(START_FUEL);
    try {
      meter.start();
    } catch (error) {
      throw this.#withLog(meter.faultOf(error));
    }

    this.#instance = { functions, meter };
    return this.#instance;
  }

  #runningMeter(): Meter {
    if (this.#meter === null) {
      throw new ProgramFault(TrapCode.LoadFailed, "the module called a host function before its memory was there");
    }

    return this.#meter;
  }

  #withLog(fault: ProgramFault): ProgramFault {
    return withLastWords(fault, this.#log);
  }

  #functions() {
    const memory = () => this.#memory!;
    const charge = (bytes: number) => this.#meter!.charge(bytes >>> 0);
    const parameterAt = (key: number, keyLength: number) => this.#parameters.get(this.#keyAt(key, keyLength));
    return {
      write: (pointer: number, length: number) => {
        charge(length);
        const bytes = memory().bytes(pointer, length);
        if (this.#target === null) {
          throw new ProgramFault(TrapCode.LoadFailed, "a start function has no output to write to");
        }

        this.#target.append(bytes);
      },
      input_size: (slot: number) => this.#inputs[slot]?.length ?? -1,
      input_read: (slot: number, offset: number, pointer: number, length: number) =>
        this.#copy(this.#inputs[slot], offset, pointer, length),
      parameter_i64: (key: number, keyLength: number, otherwise: bigint) =>
        parameterAt(key, keyLength)?.whole() ?? otherwise,
      parameter_f64: (key: number, keyLength: number, otherwise: number) =>
        parameterAt(key, keyLength)?.number() ?? otherwise,
      parameter_size: (key: number, keyLength: number) => parameterAt(key, keyLength)?.bytes.length ?? -1,
      parameter_read: (key: number, keyLength: number, pointer: number, length: number) =>
        this.#copy(parameterAt(key, keyLength)?.bytes, 0, pointer, length),
      sha256: (pointer: number, length: number, out: number) => {
        charge(length);
        const bytes = memory().bytes(pointer, length);
        memory().bytes(out, DIGEST_BYTES).set(this.#sha256()(bytes));
      },
      log: (pointer: number, length: number) => {
        charge(length);
        // Four bytes a character at most, so what can never be kept is not decoded either.
        const kept = Math.min(length >>> 0, 4 * 4096);
        memory().bytes(pointer, length);
        this.#log = lastCharacters(this.#log + memory().text((pointer >>> 0) + (length >>> 0) - kept, kept));
      },
    };
  }

  #copy(source: Uint8Array | undefined, offset: number, pointer: number, length: number): number {
    const target = this.#memory!.bytes(pointer, length);
    if (source === undefined) {
      return 0;
    }

    const from = Math.min(offset >>> 0, source.length);
    const part = source.subarray(from, Math.min(from + target.length, source.length));
    this.#meter!.charge(part.length);
    target.set(part);
    return part.length;
  }

  #keyAt(pointer: number, length: number): string {
    if (length >>> 0 > KEY_BYTES_MAX) {
      throw new ProgramFault(TrapCode.OutOfBounds, `a parameter's key has at most ${KEY_BYTES_MAX} bytes`);
    }

    this.#meter!.charge(length);
    return this.#memory!.text(pointer, length);
  }
}

type KernelInstance = {
  readonly functions: KernelFunctions;
  readonly meter: Meter;
};

/** One parameter, read as a number once at most. */
class Parameter {
  readonly bytes: Uint8Array;
  #whole: bigint | null = null;
  #number: number | null = null;

  constructor(
    readonly key: string,
    readonly text: string,
  ) {
    this.bytes = utf8(text);
  }

  whole(): bigint {
    if (this.#whole === null) {
      const value = WHOLE_NUMBER.test(this.text) ? BigInt(this.text.replace(/^\+/, "")) : null;
      if (value === null || BigInt.asIntN(64, value) !== value) {
        const rule = `the parameter ${this.key} is '${this.text}', no whole number of 64 bits`;
        throw new ProgramFault(TrapCode.Unreachable, rule);
      }

      this.#whole = value;
    }

    return this.#whole;
  }

  number(): number {
    if (this.#number === null) {
      if (!NUMBER.test(this.text)) {
        throw new ProgramFault(TrapCode.Unreachable, `the parameter ${this.key} is '${this.text}', no number`);
      }

      this.#number = Number(this.text);
    }

    return this.#number;
  }
}
