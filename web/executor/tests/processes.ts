import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { answersIn, type Answer } from "./frames.js";

/** Set by test.mjs. */
export const repository = process.env["PTORRENT_REPOSITORY"]!;
const bundles = path.join(repository, "web/executor/dist");

/** The flags with which the agent starts an executor (docs/design/sandbox.md). */
const DENO_FLAGS = [
  "run", "--quiet", "--no-prompt", "--no-config", "--no-lock", "--no-remote", "--no-npm", "--no-check",
  "--no-code-cache", "--cached-only", "--deny-read", "--deny-write", "--deny-net", "--deny-env", "--deny-sys",
  "--deny-run", "--deny-ffi", "--deny-import",
];
const ENGINE_FLAGS = "--v8-flags=--disallow-code-generation-from-strings,--max-old-space-size=1024";

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly answers: readonly Answer[];
  readonly bytes: Uint8Array;
  readonly errors: string;
}

/** Deno's binary, as npm installs it for this platform. */
export function denoBinary(): string {
  const folder = path.join(repository, "node_modules/@deno");
  const names = ["deno", "deno.exe"];
  const found = readdirSync(folder).flatMap((name) => names.map((file) => path.join(folder, name, file)));
  return found.find((file) => existsSync(file)) ?? "deno";
}

export function inDeno(frames: readonly Uint8Array[], moreEngineFlags = ""): Promise<Ended> {
  const env = { TZ: "UTC", NO_COLOR: "1", DENO_DIR: path.join(bundles, "absent") };
  const flags = [...DENO_FLAGS, ENGINE_FLAGS + moreEngineFlags];
  return exchangeWith(denoBinary(), [...flags, path.join(bundles, "executor.js")], env, frames);
}

export function inNode(frames: readonly Uint8Array[]): Promise<Ended> {
  return exchangeWith(process.execPath, [path.join(bundles, "executor-node.mjs")], {}, frames);
}

const TIME_LIMIT_MILLIS = 60_000;

/** Writes all frames, ends the input, and collects what comes back until the process ends. */
function exchangeWith(
  file: string,
  flags: readonly string[],
  env: Record<string, string>,
  frames: readonly Uint8Array[],
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, flags, { env, stdio: ["pipe", "pipe", "pipe"] });
    const chunks: Uint8Array[] = [];
    let errors = "";
    child.stdout.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Uint8Array) => (errors += chunk.toString()));
    child.stdin.on("error", () => {}); // It may have ended before it read everything.
    const timer = setTimeout(() => child.kill("SIGKILL"), TIME_LIMIT_MILLIS);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const bytes = Buffer.concat(chunks);
      try {
        resolve({ code, signal, answers: answersIn(bytes), bytes, errors });
      } catch (error) {
        reject(error);
      }
    });
    for (const frame of frames) {
      child.stdin.write(frame);
    }

    child.stdin.end();
  });
}
