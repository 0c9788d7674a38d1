import { ProgramFault, TrapCode } from "../core/failures.js";
import type { ScriptHost } from "../core/script.js";
import type { InstallRealm, RealmBridge, RealmHost } from "../core/script/bridge.js";
import realmSource from "realm:../core/script/realm.ts";
import { harden } from "./harden.js";

/** Waits for one turn of the event loop. */
export type Turn = () => Promise<void>;

/** A static import of a scheme that nobody knows: a module that begins with it is parsed, and never run. */
const UNLOADABLE_LINE = 'import "ptorrent:";\n';

/**
 * Scripts in realms of `node:vm`, which Deno has as well: a global object of the language alone, its own built-in
 * objects, no code from strings, no imports. The modules are loaded at the first script: they cost tens of
 * milliseconds.
 */
export class VmScripts implements ScriptHost {
  readonly #turn: Turn;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  drained(): Promise<void> {
    return this.#turn();
  }

  async open(source: string, name: string, parametersText: string, host: RealmHost): Promise<RealmBridge> {
    const vm = await import("node:vm");
    const { stripTypeScriptTypes } = await import("node:module");
    const code = await this.#withoutTypes(source, name, stripTypeScriptTypes);
    harden();
    const context = vm.createContext(vm.constants.DONT_CONTEXTIFY, { codeGeneration: { strings: false, wasm: false } });
    const install = vm.runInContext(`(() => { ${realmSource}; return realm.install; })()`, context) as InstallRealm;
    const bridge = install(host, name);
    let module: SourceTextModule;
    try {
      module = new vm.SourceTextModule(code, { identifier: name, context });
    } catch (error) {
      throw loadFailed((await findSyntaxError(source, name)) ?? `${name}: ${bridge.describe(error)}`);
    }

    await module.link((specifier) => {
      throw loadFailed(`the script imports '${specifier}': imports are not offered`);
    });
    await this.#evaluate(module, bridge);
    const fault = bridge.start(module.namespace, parametersText);
    if (fault !== null) {
      throw loadFailed(fault);
    }

    return bridge;
  }

  async #evaluate(module: SourceTextModule, bridge: RealmBridge): Promise<void> {
    const evaluation = module.evaluate().then(
      () => "done",
      (error: unknown) => bridge.describe(error),
    );
    const outcome = await Promise.race([evaluation, this.#turn().then(() => "the script's top level never settles")]);
    if (outcome !== "done") {
      throw loadFailed(outcome);
    }
  }

  /** Types become blanks, so that every line and column stays what it was. */
  async #withoutTypes(source: string, name: string, strip: (source: string) => string): Promise<string> {
    if (/\.[cm]?js$/.test(name)) {
      return source;
    }

    try {
      return strip(source);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const place = /^(.*) at file:[^ ]*:(\d+:\d+)$/s.exec(message);
      const unsupported = place === null ? null : `${name}:${place[2]}: ${place[1]}`;
      throw loadFailed(unsupported ?? (await findSyntaxError(source, name)) ?? `${name}: ${message}`);
    }
  }
}

/**
 * Where the syntax error in `source` is: the engine does not say it for modules of a realm, but Deno's loader does. The
 * loader never runs what it is given here, since its first import cannot be resolved.
 */
async function findSyntaxError(source: string, name: string): Promise<string | null> {
  const bytes = new TextEncoder().encode(UNLOADABLE_LINE + source);
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  try {
    await import(`data:application/typescript;base64,${base64}`);
    return null;
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    const found = /SyntaxError: ([^\n]*)[^]*:(\d+):(\d+)\s*$/.exec(message);
    return found === null ? null : `${name}:${Number(found[2]) - 1}:${found[3]}: SyntaxError: ${found[1]}`;
  }
}

function loadFailed(message: string): ProgramFault {
  return new ProgramFault(TrapCode.LoadFailed, message);
}
