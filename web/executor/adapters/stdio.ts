import { ByteWriter, FrameSplitter, utf8 } from "../core/bytes.js";
import { ExecutorCore, type ExecutorHost } from "../core/executor-core.js";
import { ProtocolError } from "../core/failures.js";
import { BODY_BYTES_MAX_IN } from "../core/frames.js";

/** Blocking standard streams. */
export interface Stdio {
  /** Reads some bytes into `buffer`; 0 at the end of the stream. */
  read(buffer: Uint8Array): number;
  /** Writes some of `bytes` and says how many. */
  write(bytes: Uint8Array): number;
  writeError(bytes: Uint8Array): void;
}

/** Exit codes: the agent kills what exits otherwise. */
export const EXIT_ENDED = 0;
export const EXIT_PROTOCOL = 2;
export const EXIT_BUG = 3;

/**
 * Serves frames until the input ends, and answers with the exit code. Blocking on purpose: no event loop stands between
 * a frame and its run. Each answer is written before the next frame is begun.
 */
export async function serve(host: ExecutorHost, stdio: Stdio): Promise<number> {
  const output = new ByteWriter();
  const core = new ExecutorCore(host, output);
  const splitter = new FrameSplitter(BODY_BYTES_MAX_IN);
  core.ready();
  flush(stdio, output);
  try {
    for (;;) {
      while (splitter.next()) {
        const pending = core.handle(splitter.type, splitter.body);
        if (pending !== undefined) {
          await pending;
        }

        flush(stdio, output);
      }

      const count = stdio.read(splitter.space());
      if (count === 0) {
        return endOf(splitter);
      }

      splitter.filled(count);
    }
  } catch (error) {
    const isProtocol = error instanceof ProtocolError;
    const text = error instanceof Error ? (isProtocol ? error.message : (error.stack ?? error.message)) : String(error);
    stdio.writeError(utf8(`executor: ${text}\n`));
    return isProtocol ? EXIT_PROTOCOL : EXIT_BUG;
  }
}

function endOf(splitter: FrameSplitter): number {
  if (splitter.isInsideFrame) {
    throw new ProtocolError("the input ended inside a frame");
  }

  return EXIT_ENDED;
}

function flush(stdio: Stdio, output: ByteWriter): void {
  for (let at = 0; at < output.length; ) {
    at += stdio.write(output.bytes.subarray(at, output.length));
  }

  output.clear();
}
