import { ProgramFault, TrapCode } from "./failures.js";
import type { LoadFrame } from "./frames.js";
import type { Program } from "./program.js";

/** Where scripts run: a realm that has nothing but the language. */
export interface ScriptHost {
  open(source: string, name: string): Promise<never>;
}

export async function loadScript(_frame: LoadFrame, _outputBytesMax: number, _host: ScriptHost | null): Promise<Program> {
  throw new ProgramFault(TrapCode.LoadFailed, "this executor runs no scripts");
}
