import { ByteReader, ByteWriter } from "../core/bytes.js";
import { beginFrame, CombineKind, endFrame, FrameType, ProgramKind, RunMode } from "../core/frames.js";

/** What the agent writes and reads: the other side of the codec, kept apart from the code that it tests. */
export interface LoadFields {
  readonly program?: number;
  readonly kind?: number;
  readonly mode?: number;
  /** Files where it is left out: there every call's output can be seen by itself. */
  readonly combine?: number;
  readonly topCount?: number;
  readonly outputBytesMax?: bigint;
  readonly seed?: Uint8Array;
  readonly name?: string;
  readonly arguments?: readonly string[];
  readonly parameters?: readonly (readonly [string, string])[];
  readonly code: Uint8Array | string;
}

const seedOfTests = Uint8Array.from({ length: 32 }, (_, i) => i + 1);

function frame(type: number, body: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  const at = beginFrame(writer, type);
  body(writer);
  endFrame(writer, at);
  return writer.written().slice();
}

export function load(fields: LoadFields): Uint8Array {
  return frame(FrameType.Load, (writer) => {
    writer.u32(fields.program ?? 1);
    writer.u8(fields.kind ?? ProgramKind.Kernel);
    writer.u8(fields.mode ?? RunMode.Item);
    writer.u8(fields.combine ?? CombineKind.Files);
    writer.u32(fields.topCount ?? 0);
    writer.u64(fields.outputBytesMax ?? 1n << 20n);
    writer.append(fields.seed ?? seedOfTests);
    writer.text(fields.name ?? "program.wasm");
    const texts = fields.arguments ?? [];
    writer.u32(texts.length);
    texts.forEach((text) => writer.text(text));
    const parameters = fields.parameters ?? [];
    writer.u32(parameters.length);
    for (const [key, text] of parameters) {
      writer.text(key);
      writer.text(text);
    }

    writer.prefixed(typeof fields.code === "string" ? new TextEncoder().encode(fields.code) : fields.code);
  });
}

export interface RunFields {
  readonly run?: bigint;
  readonly program?: number;
  readonly begin?: bigint;
  readonly end?: bigint;
  readonly fuel?: bigint;
  readonly inputs?: readonly (readonly [string, string | Uint8Array])[];
  readonly lines?: string;
}

export function run(fields: RunFields = {}): Uint8Array {
  return frame(FrameType.Run, (writer) => {
    const begin = fields.begin ?? 0n;
    writer.u64(fields.run ?? 1n);
    writer.u32(fields.program ?? 1);
    writer.u64(begin);
    writer.u64(fields.end ?? begin + 1n);
    writer.u64(fields.fuel ?? 1_000_000_000n);
    const inputs = fields.inputs ?? [];
    writer.u32(inputs.length);
    for (const [name, content] of inputs) {
      writer.text(name);
      writer.prefixed(typeof content === "string" ? new TextEncoder().encode(content) : content);
    }

    writer.u8(fields.lines === undefined ? 0 : 1);
    if (fields.lines !== undefined) {
      writer.text(fields.lines);
    }
  });
}

export function merge(parts: readonly string[], fields: RunFields = {}): Uint8Array {
  return frame(FrameType.Merge, (writer) => {
    writer.u64(fields.run ?? 1n);
    writer.u32(fields.program ?? 1);
    writer.u64(fields.fuel ?? 1_000_000_000n);
    writer.u32(parts.length);
    parts.forEach((part) => writer.text(part));
  });
}

export function unload(program: number): Uint8Array {
  return frame(FrameType.Unload, (writer) => writer.u32(program));
}

export type Answer =
  | { readonly type: "ready"; readonly version: number; readonly engine: string }
  | { readonly type: "loaded"; readonly program: number; readonly hasMerge: boolean }
  | { readonly type: "refused"; readonly program: number; readonly trap: number; readonly message: string }
  | { readonly type: "done"; readonly run: bigint; readonly fuel: bigint; readonly segment: Uint8Array }
  | {
      readonly type: "failed";
      readonly run: bigint;
      readonly index: bigint;
      readonly trap: number;
      readonly fuel: bigint;
      readonly message: string;
    };

/** Reads the answers in `bytes`, which must end with the last of them. */
export function answersIn(bytes: Uint8Array): Answer[] {
  const answers: Answer[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint32(at, true);
    const reader = new ByteReader(bytes.slice(at + 5, at + 5 + length));
    answers.push(answerOf(bytes[at + 4]!, reader));
    reader.end();
    at += 5 + length;
  }

  return answers;
}

function answerOf(type: number, reader: ByteReader): Answer {
  switch (type) {
    case 1:
      return { type: "ready", version: reader.u32(), engine: reader.text() };
    case 2:
      return { type: "loaded", program: reader.u32(), hasMerge: reader.u8() === 1 };
    case 3:
      return { type: "refused", program: reader.u32(), trap: reader.u8(), message: reader.text() };
    case 4: {
      const run = reader.u64();
      const fuel = reader.u64();
      reader.u64();
      return { type: "done", run, fuel, segment: reader.bytes() };
    }
    case 5: {
      const run = reader.u64();
      const index = reader.u64();
      const trap = reader.u8();
      const fuel = reader.u64();
      reader.u64();
      return { type: "failed", run, index, trap, fuel, message: reader.text() };
    }
    default:
      throw new Error(`an answer of type ${type}`);
  }
}
