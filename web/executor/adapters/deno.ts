import { engineSha256 } from "./engine-sha256.js";
import { serve } from "./stdio.js";
import { VmScripts } from "./vm-scripts.js";

// Everything is taken here, once: before the first script runs, the global object is emptied.
const { stdin, stdout, stderr, version, exit } = Deno;
const clock = performance;
const { setImmediate, addEventListener } = globalThis as unknown as {
  setImmediate(callback: () => void): void;
  addEventListener(type: string, listener: (event: { preventDefault(): void }) => void): void;
};

// A promise that a script rejects and forgets is its own business: by default Deno would end the process.
addEventListener("unhandledrejection", (event) => event.preventDefault());

const exitCode = await serve(
  {
    engine: `deno ${version.deno} v8 ${version.v8}`,
    now: () => clock.now(),
    scripts: new VmScripts(() => new Promise((resolve) => setImmediate(resolve))),
    sha256: engineSha256,
  },
  {
    read: (buffer) => stdin.readSync(buffer) ?? 0,
    write: (bytes) => stdout.writeSync(bytes),
    writeError: (bytes) => stderr.writeSync(bytes),
  },
);
exit(exitCode);
