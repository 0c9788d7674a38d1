import type { ByteWriter } from "./bytes.js";
import { faultOfHost, ProgramFault, ProtocolError, TrapCode } from "./failures.js";
import {
  AnswerType,
  beginFrame,
  decodeFrame,
  endFrame,
  FrameType,
  ProgramKind,
  RunMode,
  writeFailed,
  writeLoaded,
  writeReady,
  writeRefused,
  type LoadFrame,
  type MergeFrame,
  type RunFrame,
} from "./frames.js";
import { KernelProgram } from "./kernel.js";
import { segmentBuilder, SegmentWriter, type Combination, type SegmentBuilder } from "./combining/segments.js";
import { OutputSpace, type ByteTarget } from "./output.js";
import type { Program, ProgramCall } from "./program.js";
import { loadScript, type ScriptHost } from "./script.js";
import { ownSha256, type Sha256 } from "./sha256.js";
import { WasiProgram } from "./wasi.js";

/** What the surroundings lend to the core. */
export interface ExecutorHost {
  /** The name and version of the engine, for READY. */
  readonly engine: string;
  /** Milliseconds of real time since any instant. */
  now(): number;
  readonly scripts: ScriptHost | null;
  /** The engine's own SHA-256; null where it has none. Called when a program first needs it. */
  sha256(): Sha256 | null;
}

interface LoadedProgram {
  readonly program: Program;
  readonly isItem: boolean;
  readonly isScript: boolean;
  readonly combination: Combination;
}

const I64_MAX = (1n << 63n) - 1n;

/** Indexes of one run in item mode. */
const ITEM_COUNT_MAX = 1_000_000n;

/**
 * The executor: frames in, frames out. Answers are appended to `output`; the adapter writes them and clears it before
 * the next frame, so that a run which never ends cannot hold back the answers of those before it.
 */
export class ExecutorCore {
  readonly #host: ExecutorHost;
  readonly #output: ByteWriter;
  readonly #programs = new Map<number, LoadedProgram>();
  #sha256: Sha256 | null = null;

  constructor(host: ExecutorHost, output: ByteWriter) {
    this.#host = host;
    this.#output = output;
  }

  /** Writes READY: the first frame. */
  ready(): void {
    writeReady(this.#output, this.#host.engine);
  }

  /**
   * Handles one frame. Answers with a promise where a script is at work; then no other frame may be handled before it
   * settles. Throws ProtocolError where the frame breaks the protocol.
   */
  handle(type: number, body: Uint8Array<ArrayBuffer>): void | Promise<void> {
    const frame = decodeFrame(type, body);
    switch (frame.type) {
      case FrameType.Load:
        return this.#load(frame);
      case FrameType.Run:
        return this.#run(frame);
      case FrameType.Merge:
        return this.#merge(frame);
      case FrameType.Unload:
        this.#programs.delete(frame.program);
        return;
    }
  }

  #load(frame: LoadFrame): void | Promise<void> {
    if (this.#programs.has(frame.program)) {
      throw new ProtocolError(`program ${frame.program} is loaded already`);
    }

    if (frame.kind === ProgramKind.Script) {
      return this.#loadScript(frame);
    }

    try {
      const isWasi = frame.kind === ProgramKind.Wasi;
      this.#keep(frame, isWasi ? new WasiProgram(frame) : this.#kernel(frame));
    } catch (error) {
      this.#refuse(frame, error);
    }
  }

  #kernel(frame: LoadFrame): KernelProgram {
    const sha256 = () => (this.#sha256 ??= this.#host.sha256() ?? ownSha256);
    return new KernelProgram(frame, outputBytesMaxOf(frame), sha256);
  }

  async #loadScript(frame: LoadFrame): Promise<void> {
    try {
      this.#keep(frame, await loadScript(frame, outputBytesMaxOf(frame), this.#host.scripts));
    } catch (error) {
      this.#refuse(frame, error);
    }
  }

  #keep(frame: LoadFrame, program: Program): void {
    this.#programs.set(frame.program, {
      program,
      isItem: frame.mode === RunMode.Item,
      isScript: frame.kind === ProgramKind.Script,
      combination: { kind: frame.combine, topCount: frame.topCount, outputBytesMax: outputBytesMaxOf(frame) },
    });
    writeLoaded(this.#output, frame.program, program.hasMerge);
  }

  #refuse(frame: LoadFrame, error: unknown): void {
    const fault = faultOfHost(error);
    writeRefused(this.#output, frame.program, fault.code, fault.message);
  }

  #run(frame: RunFrame): void | Promise<void> {
    const loaded = this.#programs.get(frame.program);
    const answer = new Answer(this.#host, this.#output, frame.run, frame.begin);
    if (loaded === undefined) {
      return answer.fail(notLoaded(frame.program));
    }

    if (!loaded.isItem && frame.inputs.length > 1) {
      throw new ProtocolError("a run in range mode has several inputs");
    }

    const count = loaded.isItem ? frame.end - frame.begin : 1n;
    if (count > ITEM_COUNT_MAX) {
      throw new ProtocolError(`a run has ${count} indexes; at most ${ITEM_COUNT_MAX} in item mode`);
    }

    const calls = callsOf(frame, loaded.isItem);
    const segment = answer.begin(loaded);
    return loaded.isScript
      ? runScript(loaded.program, calls, segment, answer)
      : runModule(loaded.program, calls, segment, answer);
  }

  #merge(frame: MergeFrame): void | Promise<void> {
    const loaded = this.#programs.get(frame.program);
    const answer = new Answer(this.#host, this.#output, frame.run, 0n);
    if (loaded === undefined) {
      return answer.fail(notLoaded(frame.program));
    }

    if (!loaded.program.hasMerge) {
      return answer.fail(new ProgramFault(TrapCode.LoadFailed, "the program has no merge"));
    }

    return loaded.isScript ? mergeScript(loaded, frame, answer) : mergeModule(loaded, frame, answer);
  }
}

function runModule(program: Program, calls: Iterable<ProgramCall>, segment: SegmentBuilder, answer: Answer): void {
  for (const call of calls) {
    try {
      callModule(program, call, segment, answer);
      void segment.end();
    } catch (error) {
      answer.fail(error, call.begin);
      return;
    }
  }

  answer.finish(segment);
}

function callModule(program: Program, call: ProgramCall, segment: SegmentBuilder, answer: Answer): void {
  const sink = segment.begin(call);
  try {
    void program.call(call, sink);
  } finally {
    answer.add(program.burnt);
  }
}

async function runScript(
  program: Program,
  calls: Iterable<ProgramCall>,
  segment: SegmentBuilder,
  answer: Answer,
): Promise<void> {
  for (const call of calls) {
    try {
      const called = program.call(call, segment.begin(call));
      if (called !== undefined) {
        await called;
      }

      const ended = segment.end();
      if (ended !== undefined) {
        await ended;
      }
    } catch (error) {
      answer.fail(error, call.begin);
      return;
    }
  }

  answer.finish(segment);
}

function mergeModule(loaded: LoadedProgram, frame: MergeFrame, answer: Answer): void {
  const { program, combination } = loaded;
  try {
    void program.merge(frame.parts, clampFuel(frame.fuel), answer.beginMerge(combination.outputBytesMax));
  } catch (error) {
    answer.add(program.burnt);
    answer.fail(error);
    return;
  }

  answer.add(program.burnt);
  answer.end();
}

async function mergeScript(loaded: LoadedProgram, frame: MergeFrame, answer: Answer): Promise<void> {
  const { program, combination } = loaded;
  try {
    await program.merge(frame.parts, clampFuel(frame.fuel), answer.beginMerge(combination.outputBytesMax));
  } catch (error) {
    answer.fail(error);
    return;
  }

  answer.end();
}

/** The answer to one run or merge: DONE while all goes well, taken back and made FAILED when something does not. */
class Answer {
  readonly #startedAt: number;
  #frameAt: number;
  #fuelAt = 0;
  #burnt = 0n;

  constructor(
    readonly host: ExecutorHost,
    readonly writer: ByteWriter,
    readonly run: bigint,
    readonly index: bigint,
  ) {
    this.#startedAt = host.now();
    this.#frameAt = writer.length;
  }

  /** Begins the answer to a run. */
  begin({ program, combination }: LoadedProgram): SegmentBuilder {
    const merges = { program, add: (burnt: bigint) => this.add(burnt) };
    return segmentBuilder(combination, this.#beginSegment(), merges);
  }

  /** Begins the answer to a merge. */
  beginMerge(bytesMax: number): ByteTarget {
    const space = new OutputSpace(bytesMax);
    const segment = this.#beginSegment();
    return {
      append: (bytes) => {
        space.reserve(bytes.length);
        segment.append(bytes);
      },
    };
  }

  #beginSegment(): SegmentWriter {
    this.#frameAt = beginFrame(this.writer, AnswerType.Done);
    this.writer.u64(this.run);
    this.#fuelAt = this.writer.length;
    this.writer.u64(0n);
    this.writer.u64(0n);
    this.writer.u32(0);
    return new SegmentWriter(this.writer, this.#frameAt);
  }

  add(burnt: bigint): void {
    this.#burnt += burnt;
  }

  /** Ends a run's answer; a segment that cannot be made fails where the run begins. */
  finish(segment: SegmentBuilder): void {
    try {
      segment.finish();
    } catch (error) {
      this.fail(error);
      return;
    }

    this.end();
  }

  end(): void {
    this.writer.patchU64(this.#fuelAt, this.#burnt);
    this.writer.patchU64(this.#fuelAt + 8, this.#micros());
    this.writer.patchU32(this.#fuelAt + 16, this.writer.length - this.#fuelAt - 20);
    endFrame(this.writer, this.#frameAt);
  }

  fail(error: unknown, index = this.index): void {
    const fault = faultOfHost(error);
    this.writer.length = this.#frameAt;
    const { run } = this;
    const { code: trap, message } = fault;
    writeFailed(this.writer, { run, index, trap, fuel: this.#burnt, micros: this.#micros(), message });
  }

  #micros(): bigint {
    return BigInt(Math.max(0, Math.round((this.host.now() - this.#startedAt) * 1000)));
  }
}

function* callsOf(frame: RunFrame, isItem: boolean): Generator<ProgramCall> {
  const { begin, end, inputs } = frame;
  if (!isItem) {
    yield { isItem, begin, end, fuel: clampFuel(frame.fuel), input: inputs[0] ?? null };
    return;
  }

  const fuel = clampFuel(frame.fuel / (end - begin));
  for (let index = begin, i = 0; index < end; index++, i++) {
    yield { isItem, begin: index, end: index + 1n, fuel, input: inputs[i] ?? null };
  }
}

function outputBytesMaxOf(frame: LoadFrame): number {
  return Number(frame.outputBytesMax);
}

/** The meter counts in i64; nothing ever burns more. */
function clampFuel(fuel: bigint): bigint {
  return fuel > I64_MAX ? I64_MAX : fuel;
}

function notLoaded(program: number): ProgramFault {
  return new ProgramFault(TrapCode.LoadFailed, `program ${program} is not loaded`);
}
