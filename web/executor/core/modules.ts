import { faultOfLoad, ProgramFault, TrapCode } from "./failures.js";
import { requireMetered } from "./meter.js";

/** What a kind of program may import, and what it must export. */
export interface ModuleRules {
  readonly kind: string;
  readonly importModule: string;
  readonly imports: ReadonlySet<string>;
  /** Functions that it must export. */
  readonly functions: readonly string[];
}

/** Compiles `code` and checks what it imports and exports; throws a fault that says which rule it broke. */
export function compile(code: Uint8Array<ArrayBuffer>, rules: ModuleRules): WebAssembly.Module {
  let module: WebAssembly.Module;
  try {
    module = new WebAssembly.Module(code);
  } catch (error) {
    throw faultOfLoad(error);
  }

  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (from !== rules.importModule || !rules.imports.has(name) || kind !== "function") {
      const offer = `a ${rules.kind} program is offered functions of ${rules.importModule}`;
      throw new ProgramFault(TrapCode.LoadFailed, `the module imports the ${kind} ${from}.${name}; ${offer}`);
    }
  }

  const exports = WebAssembly.Module.exports(module);
  for (const name of rules.functions) {
    requireExport(exports, name, "function", rules.kind);
  }

  requireExport(exports, "memory", "memory", rules.kind);
  requireMetered(exports);
  return module;
}

/** Whether the module exports a function of that name. */
export function exportsFunction(module: WebAssembly.Module, name: string): boolean {
  return WebAssembly.Module.exports(module).some((e) => e.name === name && e.kind === "function");
}

export function instantiate(module: WebAssembly.Module, imports: WebAssembly.Imports): WebAssembly.Exports {
  try {
    return new WebAssembly.Instance(module, imports).exports;
  } catch (error) {
    throw faultOfLoad(error);
  }
}

function requireExport(
  exports: readonly WebAssembly.ModuleExportDescriptor[],
  name: string,
  kind: WebAssembly.ImportExportKind,
  program: string,
): void {
  if (!exports.some((e) => e.name === name && e.kind === kind)) {
    const rule = `the module exports no ${kind} ${name}, which a ${program} program needs`;
    throw new ProgramFault(TrapCode.LoadFailed, rule);
  }
}
