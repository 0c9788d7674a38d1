import { faultOfWasm, ProgramFault, TrapCode } from "./failures.js";

/** What a call of a host function costs; each byte that it moves costs one more. */
export const HOST_CALL_FUEL = 200;

/** The exports that Ptorrent.Wasm adds to each module. */
const FUEL_EXPORT = "ptorrent_fuel";
const STACK_EXPORT = "ptorrent_stack";
const START_EXPORT = "ptorrent_start";

/** Refuses a module that the agent did not meter. */
export function requireMetered(exports: readonly WebAssembly.ModuleExportDescriptor[]): void {
  for (const name of [FUEL_EXPORT, STACK_EXPORT]) {
    if (!exports.some((e) => e.name === name && e.kind === "global")) {
      throw new ProgramFault(TrapCode.LoadFailed, `the module is not metered: it exports no global ${name}`);
    }
  }
}

/** The fuel and the stack of one instance. */
export class Meter {
  readonly #fuel: WebAssembly.Global<"i64">;
  readonly #stack: WebAssembly.Global<"i32">;
  readonly #stackMax: number;
  readonly #start: (() => void) | null;
  #limit = 0n;
  /** A fault that a host function raised: it holds even if the module catches the exception. */
  #fault: ProgramFault | null = null;

  constructor(exports: WebAssembly.Exports) {
    this.#fuel = exports[FUEL_EXPORT] as WebAssembly.Global<"i64">;
    this.#stack = exports[STACK_EXPORT] as WebAssembly.Global<"i32">;
    this.#stackMax = this.#stack.value;
    this.#start = (exports[START_EXPORT] as (() => void) | undefined) ?? null;
  }

  /** Sets the limits of the next call. */
  begin(limit: bigint): void {
    this.#limit = limit;
    this.#fault = null;
    this.#fuel.value = limit;
    this.#stack.value = this.#stackMax;
  }

  /** Refills the stack for another call within the same fuel. */
  refillStack(): void {
    this.#stack.value = this.#stackMax;
  }

  /** Runs the module's own start function, if it has one. */
  start(): void {
    if (this.#start !== null) {
      this.#start();
      this.throwPending();
      this.refillStack();
    }
  }

  /** Fuel burnt since `begin`; never more than the limit. */
  get burnt(): bigint {
    const left = this.#fuel.value;
    return left < 0n ? this.#limit : this.#limit - left;
  }

  /** Lowers the fuel for what a host function is about to do. */
  charge(fuel: number): void {
    this.throwPending();
    const left = this.#fuel.value - BigInt(fuel);
    this.#fuel.value = left;
    if (left < 0n) {
      this.fail(new ProgramFault(TrapCode.FuelExhausted, "the fuel limit was reached"));
    }
  }

  /** Ends the run with `fault`, whatever the module does with the exception. */
  fail(fault: ProgramFault): never {
    this.#fault ??= fault;
    throw this.#fault;
  }

  throwPending(): void {
    if (this.#fault !== null) {
      throw this.#fault;
    }
  }

  /** What `error`, thrown by a call of the instance, means: the meter knows best why it stopped the code. */
  faultOf(error: unknown): ProgramFault {
    if (this.#fault !== null) {
      return this.#fault;
    }

    if (this.#fuel.value < 0n) {
      return new ProgramFault(TrapCode.FuelExhausted, "the fuel limit was reached");
    }

    if (this.#stack.value < 0) {
      return new ProgramFault(TrapCode.StackExhausted, "calls were nested deeper than the sandbox allows");
    }

    return faultOfWasm(error);
  }
}

type HostFunction = (...values: never[]) => number | bigint | void;

/**
 * Makes imports of `functions`: each call is charged first, and a fault that one raises ends the run even in a module
 * that catches exceptions.
 */
export function meteredImports(
  functions: Readonly<Record<string, HostFunction>>,
  meter: () => Meter,
  onError: (error: unknown) => number | null,
): WebAssembly.ModuleImports {
  const imports: WebAssembly.ModuleImports = {};
  for (const [name, body] of Object.entries(functions)) {
    const call = body as (...values: unknown[]) => number | bigint | void;
    imports[name] = (...values: unknown[]) => {
      const current = meter();
      current.charge(HOST_CALL_FUEL);
      try {
        return call(...values);
      } catch (error) {
        const answer = onError(error);
        if (answer !== null) {
          return answer;
        }

        throw current.fail(faultOfWasm(error));
      }
    };
  }

  return imports;
}
