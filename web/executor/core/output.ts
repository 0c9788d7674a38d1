import { ByteWriter, utf8 } from "./bytes.js";
import { ProgramFault, TrapCode } from "./failures.js";

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

/** Takes the outputs of a run's calls, one after another, for the segment that they become. */
export interface SegmentTarget extends ByteTarget {
  /** A file that the program wrote, under a name that is safe everywhere. */
  file(name: string, content: Uint8Array): void;
}

/** What one call puts out: bounded, and its files' names are checked. */
export class OutputSink implements ByteTarget {
  readonly space: OutputSpace;
  readonly #target: SegmentTarget;

  constructor(target: SegmentTarget, bytesMax: number) {
    this.space = new OutputSpace(bytesMax);
    this.#target = target;
  }

  append(bytes: Uint8Array): void {
    this.space.reserve(bytes.length);
    this.#target.append(bytes);
  }

  /** Adds a file whose content was reserved in `space` already. */
  file(name: string, content: Uint8Array): void {
    if (!isSafePath(name)) {
      const rule = "The program wrote a file whose name is not safe everywhere";
      throw new ProgramFault(TrapCode.BadOutput, `${rule}: '${name}'.`);
    }

    this.#target.file(name, content);
  }
}

const PATH_BYTES_MAX = 1024;
const PART_CHARACTERS_MAX = 255;
const UNSAFE_CHARACTERS = /[\\:\p{Cc}]/u;

/** Whether each part of a path is an ordinary name on every system. */
export function isSafePath(path: string): boolean {
  return (
    !UNSAFE_CHARACTERS.test(path) &&
    path.length <= PATH_BYTES_MAX &&
    utf8(path).length <= PATH_BYTES_MAX &&
    path
      .split("/")
      .every((part) => part !== "" && part !== "." && part !== ".." && part.length <= PART_CHARACTERS_MAX)
  );
}

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
