import { serve } from "./stdio.js";

const { stdin, stdout, stderr, version, exit } = Deno;
const clock = performance;

const exitCode = await serve(
  {
    engine: `deno ${version.deno} v8 ${version.v8}`,
    now: () => clock.now(),
    scripts: null,
  },
  {
    read: (buffer) => stdin.readSync(buffer) ?? 0,
    write: (bytes) => stdout.writeSync(bytes),
    writeError: (bytes) => stderr.writeSync(bytes),
  },
);
exit(exitCode);
