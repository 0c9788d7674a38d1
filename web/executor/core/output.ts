import { ByteWriter, FRAME_HEADER_BYTES, utf8 } from "./bytes.js";
import { ProgramFault, TrapCode } from "./failures.js";
import { BODY_BYTES_MAX_OUT } from "./frames.js";

/** Whatever takes a program's output bytes, and refuses them when they are too many. */
export interface ByteTarget {
  append(bytes: Uint8Array): void;
}

/** Bytes that a run may still use for what it writes; files give theirs back when they are deleted. */
export class OutputSpace {
  usedBytes = 0;

  constructor(readonly bytesMax: number) {}

  /** Throws where `bytes` more are too many. */
  check(bytes: number): void {
    if (this.usedBytes + bytes > this.bytesMax) {
      throw new ProgramFault(TrapCode.OutputExhausted, `more than ${this.bytesMax} bytes of output`);
    }
  }

  reserve(bytes: number): void {
    this.check(bytes);
    this.usedBytes += bytes;
  }

  release(bytes: number): void {
    this.usedBytes -= bytes;
  }
}

/**
 * Writes one output element (docs/protocol/executor.md) straight into the answer's frame, so that output is copied
 * once. First all of the standard output, then the files.
 */
export class OutputSink implements ByteTarget {
  readonly space: OutputSpace;
  readonly #writer: ByteWriter;
  readonly #frameAt: number;
  readonly #lengthAt: number;
  #fileCountAt = -1;
  #fileCount = 0;

  constructor(writer: ByteWriter, frameAt: number, bytesMax: number) {
    this.space = new OutputSpace(bytesMax);
    this.#writer = writer;
    this.#frameAt = frameAt;
    this.#lengthAt = writer.length;
    writer.u32(0);
  }

  append(bytes: Uint8Array): void {
    this.space.reserve(bytes.length);
    this.#fit(bytes.length);
    this.#writer.append(bytes);
  }

  /** Adds a file whose content was reserved in `space` already. */
  file(name: string, content: Uint8Array): void {
    this.#endStandardOutput();
    const nameBytes = utf8(name);
    this.#fit(nameBytes.length + content.length + 8);
    this.#writer.prefixed(nameBytes);
    this.#writer.prefixed(content);
    this.#fileCount++;
  }

  end(): void {
    this.#endStandardOutput();
    this.#writer.patchU32(this.#fileCountAt, this.#fileCount);
  }

  #endStandardOutput(): void {
    if (this.#fileCountAt < 0) {
      this.#writer.patchU32(this.#lengthAt, this.#writer.length - this.#lengthAt - 4);
      this.#fileCountAt = this.#writer.length;
      this.#fit(4);
      this.#writer.u32(0);
    }
  }

  #fit(bytes: number): void {
    const bodyLength = this.#writer.length - this.#frameAt - FRAME_HEADER_BYTES;
    if (bodyLength + bytes > BODY_BYTES_MAX_OUT - RESERVE_BYTES) {
      throw new ProgramFault(TrapCode.OutputExhausted, "the outputs of this run are together too large for one answer");
    }
  }
}

/** Kept free in each answer for the counts that close its last output. */
const RESERVE_BYTES = 1024;

/** An output that stays in the executor: the left part of the next merge. */
export class ScratchOutput implements ByteTarget {
  readonly #writer = new ByteWriter(4 << 10);
  #space: OutputSpace;

  constructor(readonly bytesMax: number) {
    this.#space = new OutputSpace(bytesMax);
  }

  clear(): void {
    this.#writer.clear();
    this.#space = new OutputSpace(this.bytesMax);
  }

  append(bytes: Uint8Array): void {
    this.#space.reserve(bytes.length);
    this.#writer.append(bytes);
  }

  written(): Uint8Array {
    return this.#writer.written();
  }
}
