import { utf8 } from "./bytes.js";
import { ProgramFault, TrapCode, withLastWords } from "./failures.js";
import type { LoadFrame } from "./frames.js";
import { Meter, meteredImports } from "./meter.js";
import { compile, instantiate, type ModuleRules } from "./modules.js";
import type { OutputSink } from "./output.js";
import { havePlaceholders, replacePlaceholders } from "./placeholders.js";
import { Prng } from "./prng.js";
import type { Program, ProgramCall } from "./program.js";
import { ErrnoSignal } from "./wasi/abi.js";
import { descriptorFunctions } from "./wasi/descriptor-functions.js";
import { pathFunctions } from "./wasi/path-functions.js";
import { ExitSignal, WasiRun } from "./wasi/run.js";
import { systemFunctions } from "./wasi/system-functions.js";

const IMPORT_MODULE = "wasi_snapshot_preview1";

/**
 * A WASI preview 1 command: a new instance for each call, the compiled module is kept. The host functions are written
 * here because a hostile module talks to them: docs/design/sandbox.md says what they promise.
 */
export class WasiProgram implements Program {
  readonly hasMerge = false;
  burnt = 0n;
  readonly #module: WebAssembly.Module;
  readonly #imports: WebAssembly.Imports;
  readonly #seed: Uint8Array;
  readonly #name: string;
  readonly #arguments: readonly string[];
  readonly #parameters: readonly Uint8Array[];
  /** The encoded arguments where no call changes them. */
  readonly #fixedArguments: readonly Uint8Array[] | null;
  #run: WasiRun | null = null;

  constructor(frame: LoadFrame) {
    const running = () => this.#running();
    const functions = { ...systemFunctions(running), ...descriptorFunctions(running), ...pathFunctions(running) };
    const rules: ModuleRules = {
      kind: "wasi",
      importModule: IMPORT_MODULE,
      imports: new Set(Object.keys(functions)),
      functions: ["_start"],
    };
    this.#module = compile(frame.code, rules);
    this.#imports = { [IMPORT_MODULE]: meteredImports(functions, () => running().meter, errnoOf) };
    this.#seed = frame.seed.slice();
    this.#name = frame.name;
    this.#arguments = frame.arguments;
    this.#parameters = frame.parameters.map(([key, text]) => utf8(`${key}=${text}`));
    this.#fixedArguments = havePlaceholders(frame.arguments) ? null : [frame.name, ...frame.arguments].map(utf8);
  }

  call(call: ProgramCall, sink: OutputSink): void {
    this.burnt = 0n;
    const exports = instantiate(this.#module, this.#imports);
    const meter = new Meter(exports);
    meter.begin(call.fuel);
    this.#run = new WasiRun({
      memory: exports["memory"] as WebAssembly.Memory,
      meter,
      sink,
      arguments: this.#argumentsOf(call),
      environment: this.#environmentOf(call),
      input: call.input,
      makePrng: () => new Prng(this.#seed, call.isItem ? call.begin : 0n),
    });
    try {
      this.#execute(this.#run, exports["_start"] as () => void);
    } finally {
      this.burnt = meter.burnt;
      this.#run = null;
    }
  }

  merge(): void {
    throw new ProgramFault(TrapCode.LoadFailed, "a wasi program has no merge");
  }

  #execute(run: WasiRun, start: () => void): void {
    try {
      run.meter.start();
      start();
      run.meter.throwPending();
    } catch (error) {
      if (!(error instanceof ExitSignal)) {
        throw withLastWords(run.meter.faultOf(error), run.standardErrorTail());
      }

      run.meter.throwPending();
      if (error.code !== 0) {
        const fault = new ProgramFault(TrapCode.ExitCode, `exit code ${error.code}`);
        throw withLastWords(fault, run.standardErrorTail());
      }
    }

    for (const [path, file] of run.tree.outputFiles()) {
      run.sink.file(path, file.read(0, file.size));
    }
  }

  #argumentsOf(call: ProgramCall): readonly Uint8Array[] {
    return (
      this.#fixedArguments ?? [this.#name, ...this.#arguments.map((text) => replacePlaceholders(text, call))].map(utf8)
    );
  }

  #environmentOf(call: ProgramCall): readonly Uint8Array[] {
    const place = call.isItem
      ? [utf8(`PTORRENT_INDEX=${call.begin}`)]
      : [utf8(`PTORRENT_BEGIN=${call.begin}`), utf8(`PTORRENT_END=${call.end}`)];
    return [...this.#parameters, ...place];
  }

  #running(): WasiRun {
    if (this.#run === null) {
      throw new ProgramFault(TrapCode.LoadFailed, "the module called a host function before its memory was there");
    }

    return this.#run;
  }
}

function errnoOf(error: unknown): number | null {
  if (error instanceof ExitSignal) {
    throw error;
  }

  return error instanceof ErrnoSignal ? error.errno : null;
}
