import { ByteReader, ByteWriter, FRAME_HEADER_BYTES } from "./bytes.js";
import { firstCharacters, ProtocolError, TrapCode } from "./failures.js";

/** The version of docs/protocol/executor.md that this executor speaks. */
export const PROTOCOL_VERSION = 2;

export const BODY_BYTES_MAX_IN = 320 << 20;
export const BODY_BYTES_MAX_OUT = 272 << 20;

export const FrameType = { Load: 1, Run: 2, Merge: 3, Unload: 4 } as const;
export const AnswerType = { Ready: 1, Loaded: 2, Refused: 3, Done: 4, Failed: 5 } as const;

export const ProgramKind = { Wasi: 1, Kernel: 2, Script: 3 } as const;
export type ProgramKind = (typeof ProgramKind)[keyof typeof ProgramKind];

export const RunMode = { Range: 1, Item: 2 } as const;
export type RunMode = (typeof RunMode)[keyof typeof RunMode];

/** The numbers of `CombineKind` in Ptorrent.Model. */
export const CombineKind = {
  Concat: 1,
  Lines: 2,
  Files: 3,
  Sum: 4,
  Min: 5,
  Max: 6,
  Merge: 7,
  Top: 8,
  Histogram: 9,
} as const;
export type CombineKind = (typeof CombineKind)[keyof typeof CombineKind];

const COMBINE_KINDS: ReadonlySet<number> = new Set(Object.values(CombineKind));

const LINE_FEED = 0x0a;

/** Lines that a segment of `top` has at most. */
const TOP_COUNT_MAX = 1_000_000;

export interface LoadFrame {
  readonly type: typeof FrameType.Load;
  readonly program: number;
  readonly kind: ProgramKind;
  readonly mode: RunMode;
  readonly combine: CombineKind;
  /** How many lines `top` keeps; 0 for every other way to combine. */
  readonly topCount: number;
  readonly outputBytesMax: bigint;
  readonly seed: Uint8Array;
  readonly name: string;
  readonly arguments: readonly string[];
  readonly parameters: readonly (readonly [string, string])[];
  readonly code: Uint8Array<ArrayBuffer>;
}

/** What one call is given: a file with its name, or a line of the job's lines, which has none. */
export interface InputContent {
  readonly name: string | null;
  readonly content: Uint8Array;
}

export interface RunFrame {
  readonly type: typeof FrameType.Run;
  readonly run: bigint;
  readonly program: number;
  readonly begin: bigint;
  readonly end: bigint;
  readonly fuel: bigint;
  readonly inputs: readonly InputContent[];
}

export interface MergeFrame {
  readonly type: typeof FrameType.Merge;
  readonly run: bigint;
  readonly program: number;
  readonly fuel: bigint;
  readonly parts: readonly Uint8Array[];
}

export interface UnloadFrame {
  readonly type: typeof FrameType.Unload;
  readonly program: number;
}

export type Frame = LoadFrame | RunFrame | MergeFrame | UnloadFrame;

/** Reads one body. Its byte fields are views of it. */
export function decodeFrame(type: number, body: Uint8Array<ArrayBuffer>): Frame {
  const reader = new ByteReader(body);
  const frame = decodeBody(type, reader);
  reader.end();
  return frame;
}

function decodeBody(type: number, reader: ByteReader): Frame {
  switch (type) {
    case FrameType.Load:
      return decodeLoad(reader);
    case FrameType.Run:
      return decodeRun(reader);
    case FrameType.Merge:
      return decodeMerge(reader);
    case FrameType.Unload:
      return { type, program: reader.u32() };
    default:
      throw new ProtocolError(`there is no frame of type ${type}`);
  }
}

function decodeLoad(reader: ByteReader): LoadFrame {
  const program = reader.u32();
  const kind = reader.u8();
  const mode = reader.u8();
  if (kind !== ProgramKind.Wasi && kind !== ProgramKind.Kernel && kind !== ProgramKind.Script) {
    throw new ProtocolError(`there is no kind of program ${kind}`);
  }

  if (mode !== RunMode.Range && mode !== RunMode.Item) {
    throw new ProtocolError(`there is no mode ${mode}`);
  }

  const combine = reader.u8();
  if (!COMBINE_KINDS.has(combine)) {
    throw new ProtocolError(`there is no way to combine ${combine}`);
  }

  const topCount = reader.u32();
  if (topCount > TOP_COUNT_MAX || topCount > 0 !== (combine === CombineKind.Top)) {
    throw new ProtocolError(`the way to combine ${combine} has ${topCount} lines`);
  }

  const outputBytesMax = reader.u64();
  const seed = reader.fixed(32);
  const name = reader.text();
  const texts = reader.list(4, () => reader.text());
  const parameters = reader.list(8, () => [reader.text(), reader.text()] as const);
  const code = reader.bytes();
  return {
    type: FrameType.Load,
    program,
    kind,
    mode,
    combine: combine as CombineKind,
    topCount,
    outputBytesMax,
    seed,
    name,
    arguments: texts,
    parameters,
    code,
  };
}

function decodeRun(reader: ByteReader): RunFrame {
  const run = reader.u64();
  const program = reader.u32();
  const begin = reader.u64();
  const end = reader.u64();
  const fuel = reader.u64();
  if (begin >= end) {
    throw new ProtocolError("a run has an empty range");
  }

  const files = reader.list(8, () => decodeInput(reader));
  const inputs = reader.u8() === 0 ? files : linesIn(reader.bytes(), files.length);
  if (inputs.length !== 0 && BigInt(inputs.length) !== end - begin) {
    throw new ProtocolError(`a run has ${inputs.length} inputs for ${end - begin} indexes`);
  }

  return { type: FrameType.Run, run, program, begin, end, fuel, inputs };
}

/** Each line an input, without its line feed; the last one may have none. */
function linesIn(bytes: Uint8Array, fileCount: number): InputContent[] {
  if (fileCount !== 0) {
    throw new ProtocolError("a run has files and lines");
  }

  const lines: InputContent[] = [];
  for (let from = 0; from < bytes.length; ) {
    const found = bytes.indexOf(LINE_FEED, from);
    const to = found < 0 ? bytes.length : found;
    lines.push({ name: null, content: bytes.subarray(from, to) });
    from = to + 1;
  }

  return lines;
}

function decodeInput(reader: ByteReader): InputContent {
  const name = reader.text();
  if (name === "" || name === "." || name === ".." || /[/\0]/.test(name)) {
    throw new ProtocolError("an input's name is no file name");
  }

  return { name, content: reader.bytes() };
}

function decodeMerge(reader: ByteReader): MergeFrame {
  const run = reader.u64();
  const program = reader.u32();
  const fuel = reader.u64();
  const parts = reader.list(4, () => reader.bytes());
  if (parts.length === 0) {
    throw new ProtocolError("a merge has no parts");
  }

  return { type: FrameType.Merge, run, program, fuel, parts };
}

/** Begins a frame and says where; `endFrame` closes it. */
export function beginFrame(writer: ByteWriter, type: number): number {
  const at = writer.length;
  writer.u32(0);
  writer.u8(type);
  return at;
}

export function endFrame(writer: ByteWriter, at: number): void {
  writer.patchU32(at, writer.length - at - FRAME_HEADER_BYTES);
}

export function writeReady(writer: ByteWriter, engine: string): void {
  const at = beginFrame(writer, AnswerType.Ready);
  writer.u32(PROTOCOL_VERSION);
  writer.text(engine);
  endFrame(writer, at);
}

export function writeLoaded(writer: ByteWriter, program: number, hasMerge: boolean): void {
  const at = beginFrame(writer, AnswerType.Loaded);
  writer.u32(program);
  writer.u8(hasMerge ? 1 : 0);
  endFrame(writer, at);
}

export function writeRefused(writer: ByteWriter, program: number, trap: TrapCode, message: string): void {
  const at = beginFrame(writer, AnswerType.Refused);
  writer.u32(program);
  writer.u8(trap);
  writer.text(firstCharacters(message));
  endFrame(writer, at);
}

export interface FailedAnswer {
  readonly run: bigint;
  readonly index: bigint;
  readonly trap: TrapCode;
  readonly fuel: bigint;
  readonly micros: bigint;
  readonly message: string;
}

export function writeFailed(writer: ByteWriter, answer: FailedAnswer): void {
  const at = beginFrame(writer, AnswerType.Failed);
  writer.u64(answer.run);
  writer.u64(answer.index);
  writer.u8(answer.trap);
  writer.u64(answer.fuel);
  writer.u64(answer.micros);
  writer.text(firstCharacters(answer.message));
  endFrame(writer, at);
}
