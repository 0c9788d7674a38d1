/** What the executor uses of Node's modules, which Deno offers too. */
declare module "node:vm" {
  interface ModuleOptions {
    readonly identifier: string;
    readonly context: object;
  }

  global {
    /** node:vm's SourceTextModule. */
    interface SourceTextModule {
      readonly namespace: unknown;
      link(linker: (specifier: string) => never): Promise<void>;
      evaluate(): Promise<void>;
    }
  }

  export const constants: { readonly DONT_CONTEXTIFY: symbol };
  export function createContext(
    kind: symbol,
    options: { readonly codeGeneration: { readonly strings: boolean; readonly wasm: boolean } },
  ): object;
  export function runInContext(code: string, context: object): unknown;
  export const SourceTextModule: new (code: string, options: ModuleOptions) => SourceTextModule;
}

declare module "node:module" {
  export function stripTypeScriptTypes(source: string): string;
}

/** A source file as the text of a script that defines `realm`; see bundling.mjs. */
declare module "realm:*" {
  const text: string;
  export default text;
}

declare module "node:fs" {
  export function readSync(fd: number, buffer: Uint8Array): number;
  export function writeSync(fd: number, bytes: Uint8Array): number;
}

declare const process: {
  readonly versions: { readonly node: string; readonly v8: string };
  exitCode: number;
};
