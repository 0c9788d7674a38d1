// How soon the demo shows something: from starting `./ptorrent demo` to its first word of pixels, and to its end.
//
//   node bench/demo.mjs [--rounds N]

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const rounds = process.argv.includes("--rounds") ? Number(process.argv[process.argv.indexOf("--rounds") + 1]) : 3;
const folder = mkdtempSync(join(tmpdir(), "ptorrent-demo-"));

function run() {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    const seconds = () => (performance.now() - begin) / 1000;
    const child = spawn(join(root, "ptorrent"), ["demo", "--out", join(folder, "demo.png")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let words = "";
    let first = null;
    child.stderr.on("data", (data) => {
      words += data;
      // Without a terminal the demo tells its percentage about once a second at first, so this is an upper bound.
      first ??= /^(?!0\.0 %)\d+\.\d %/m.test(words) ? seconds() : null;
    });
    child.once("exit", (code) => {
      if (code === 0 && first !== null) resolve({ first, whole: seconds() });
      else reject(new Error(`exit ${code}:\n${words}`));
    });
  });
}

try {
  for (let round = 0; round < rounds; round++) {
    const { first, whole } = await run();
    console.log(`first pixels after at most ${first.toFixed(2)} s, the end after ${whole.toFixed(2)} s`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
