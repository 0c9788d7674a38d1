import { ByteWriter, utf8 } from "../bytes.js";
import { ProgramFault, TrapCode } from "../failures.js";
import { BODY_BYTES_MAX_OUT, CombineKind } from "../frames.js";
import { isSafePath, OutputSink, ScratchOutput, type SegmentTarget } from "../output.js";
import type { Program, ProgramCall } from "../program.js";
import { badOutput } from "./decimal.js";
import type { ByteTextTarget, Fold } from "./fold.js";
import { Histogram } from "./histogram.js";
import { NumberColumns } from "./number-columns.js";
import { TopLines } from "./top-lines.js";

/** How the outputs of one program's calls are combined. */
export interface Combination {
  readonly kind: CombineKind;
  readonly topCount: number;
  readonly outputBytesMax: number;
}

/**
 * Makes one segment of the outputs of a run's calls, straight into the answer where that can be: no output exists by
 * itself. `begin` and `end` stand around each call, `finish` behind the last one.
 */
export interface SegmentBuilder {
  begin(call: ProgramCall): OutputSink;
  end(): void | Promise<void>;
  finish(): void;
}

/** What a builder writes into: the answer, whose length is bounded. */
export class SegmentWriter implements ByteTextTarget {
  readonly #lengthMax: number;

  constructor(
    readonly writer: ByteWriter,
    frameAt: number,
  ) {
    this.#lengthMax = frameAt + BODY_BYTES_MAX_OUT;
  }

  append(bytes: Uint8Array): void {
    this.fit(bytes.length);
    this.writer.append(bytes);
  }

  binaryText(text: string): void {
    this.fit(text.length);
    this.writer.binaryText(text);
  }

  fit(bytes: number): void {
    if (this.writer.length + bytes > this.#lengthMax) {
      throw new ProgramFault(TrapCode.OutputExhausted, "the outputs of this run are together too large for one answer");
    }
  }
}

/** The merges of a run: the program's own, and where the fuel that they burn is counted. */
export interface MergeHost {
  readonly program: Program;
  add(burnt: bigint): void;
}

/** What outputs are folded into; null where they are not. */
export function foldOf({ kind, topCount }: Combination): Fold | null {
  switch (kind) {
    case CombineKind.Sum:
    case CombineKind.Min:
    case CombineKind.Max:
      return new NumberColumns(kind);
    case CombineKind.Top:
      return new TopLines(topCount);
    case CombineKind.Histogram:
      return new Histogram();
    default:
      return null;
  }
}

export function segmentBuilder(combination: Combination, output: SegmentWriter, merges: MergeHost): SegmentBuilder {
  const { kind, outputBytesMax } = combination;
  const fold = foldOf(combination);
  if (fold !== null) {
    return new FoldedSegment(output, outputBytesMax, fold);
  }

  switch (kind) {
    case CombineKind.Files:
      return new FileSegment(output, outputBytesMax);
    case CombineKind.Merge:
      return new MergedSegment(output, outputBytesMax, merges);
    default:
      return new StreamSegment(output, outputBytesMax, kind === CombineKind.Lines);
  }
}

const LINE_FEED = Uint8Array.of(0x0a);

/** Outputs one after another; as lines, each ended by a line feed. */
class StreamSegment implements SegmentBuilder, SegmentTarget {
  #outputAt = 0;

  constructor(
    readonly output: SegmentWriter,
    readonly outputBytesMax: number,
    readonly isLines: boolean,
  ) {}

  begin(): OutputSink {
    this.#outputAt = this.output.writer.length;
    return new OutputSink(this, this.outputBytesMax);
  }

  append(bytes: Uint8Array): void {
    this.output.append(bytes);
  }

  file(): void {}

  end(): void {
    const { writer } = this.output;
    if (this.isLines && writer.length > this.#outputAt && writer.bytes[writer.length - 1] !== LINE_FEED[0]) {
      this.output.append(LINE_FEED);
    }
  }

  finish(): void {}
}

/** One entry for each call and each file that it wrote; docs/protocol/segments.md. */
class FileSegment implements SegmentBuilder, SegmentTarget {
  /** Where the content of the call's own entry begins. */
  #contentAt = 0;
  #hasFiles = false;
  #ownLength = 0;
  #ownHeaderBytes = 0;

  constructor(
    readonly output: SegmentWriter,
    readonly outputBytesMax: number,
  ) {}

  begin(call: ProgramCall): OutputSink {
    const name = call.input?.name ?? call.begin.toString();
    if (!isSafePath(name)) {
      throw badOutput(`'${name}' is no safe relative path.`);
    }

    const headerAt = this.output.writer.length;
    this.#header(name, 0);
    this.#contentAt = this.output.writer.length;
    this.#ownHeaderBytes = this.#contentAt - headerAt;
    this.#ownLength = 0;
    this.#hasFiles = false;
    return new OutputSink(this, this.outputBytesMax);
  }

  append(bytes: Uint8Array): void {
    this.output.append(bytes);
    this.#ownLength += bytes.length;
  }

  file(name: string, content: Uint8Array): void {
    if (!this.#hasFiles && this.#ownLength === 0) {
      this.output.writer.length -= this.#ownHeaderBytes;
    }

    this.#hasFiles = true;
    this.#header(name, content.length);
    this.output.append(content);
  }

  end(): void {
    if (this.#ownLength > 0) {
      this.output.writer.patchU64(this.#contentAt - 8, BigInt(this.#ownLength));
    }
  }

  finish(): void {}

  #header(name: string, length: number): void {
    const { writer } = this.output;
    const bytes = utf8(name);
    this.output.fit(bytes.length + 12);
    writer.prefixed(bytes);
    writer.u64(BigInt(length));
  }
}

/** Outputs that are folded: numbers, lines of the top, keys with counts. */
class FoldedSegment implements SegmentBuilder, SegmentTarget {
  readonly #scratch = new ByteWriter(4 << 10);

  constructor(
    readonly output: SegmentWriter,
    readonly outputBytesMax: number,
    readonly fold: Fold,
  ) {}

  begin(): OutputSink {
    this.#scratch.clear();
    return new OutputSink(this, this.outputBytesMax);
  }

  append(bytes: Uint8Array): void {
    this.#scratch.append(bytes);
  }

  file(): void {}

  end(): void {
    this.fold.append(this.#scratch.written());
  }

  finish(): void {
    this.fold.writeTo(this.output);
  }
}

/** Outputs that the program merges itself, each to the left part as soon as it is there. */
class MergedSegment implements SegmentBuilder, SegmentTarget {
  #left: ScratchOutput | null = null;
  #right: ScratchOutput;
  #spare: ScratchOutput;
  #fuel = 0n;

  constructor(
    readonly output: SegmentWriter,
    readonly outputBytesMax: number,
    readonly merges: MergeHost,
  ) {
    this.#right = new ScratchOutput(outputBytesMax);
    this.#spare = new ScratchOutput(outputBytesMax);
  }

  begin(call: ProgramCall): OutputSink {
    this.#right.clear();
    this.#fuel = call.fuel;
    return new OutputSink(this, this.outputBytesMax);
  }

  append(bytes: Uint8Array): void {
    this.#right.append(bytes);
  }

  file(): void {}

  end(): void | Promise<void> {
    if (this.#left === null) {
      this.#left = this.#right;
      this.#right = new ScratchOutput(this.outputBytesMax);
      return;
    }

    const { program } = this.merges;
    if (!program.hasMerge) {
      throw new ProgramFault(TrapCode.LoadFailed, "the program has no merge");
    }

    this.#spare.clear();
    try {
      const pending = program.merge([this.#left.written(), this.#right.written()], this.#fuel, this.#spare);
      [this.#left, this.#spare] = [this.#spare, this.#left];
      return pending;
    } finally {
      this.merges.add(program.burnt);
    }
  }

  finish(): void {
    this.output.append(this.#left!.written());
  }
}
