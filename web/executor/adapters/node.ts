import { readSync, writeSync } from "node:fs";
import { engineSha256 } from "./engine-sha256.js";
import { serve } from "./stdio.js";

// For tests alone: the same core in Node burns the same fuel and writes the same bytes. Node is no sandbox, so it runs
// no scripts.
const STANDARD_INPUT = 0;
const STANDARD_OUTPUT = 1;
const STANDARD_ERROR = 2;

process.exitCode = await serve(
  {
    engine: `node ${process.versions.node} v8 ${process.versions.v8}`,
    now: () => performance.now(),
    scripts: null,
    sha256: engineSha256,
  },
  {
    read: (buffer) => readSync(STANDARD_INPUT, buffer),
    write: (bytes) => writeSync(STANDARD_OUTPUT, bytes),
    writeError: (bytes) => void writeSync(STANDARD_ERROR, bytes),
  },
);
