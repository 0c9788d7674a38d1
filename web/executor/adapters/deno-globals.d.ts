/** What the adapter uses of Deno; nothing else of it may be used. */
interface DenoStream {
  readSync(buffer: Uint8Array): number | null;
  writeSync(bytes: Uint8Array): number;
}

declare const Deno: {
  readonly version: { readonly deno: string; readonly v8: string };
  readonly stdin: DenoStream;
  readonly stdout: DenoStream;
  readonly stderr: DenoStream;
  exit(code: number): never;
};

