import type { InputContent } from "./frames.js";
import type { ByteTarget, OutputSink } from "./output.js";

/** One call of a program: a range, or one index of it. */
export interface ProgramCall {
  readonly isItem: boolean;
  readonly begin: bigint;
  readonly end: bigint;
  /** The fuel limit of this call; at most 2^63 - 1. */
  readonly fuel: bigint;
  readonly input: InputContent | null;
}

/**
 * A loaded program. A call writes its output to the sink and, where it fails, throws a ProgramFault; `burnt` holds the
 * fuel of the last call either way. Only scripts return promises.
 */
export interface Program {
  readonly hasMerge: boolean;
  readonly burnt: bigint;
  call(call: ProgramCall, sink: OutputSink): void | Promise<void>;
  merge(parts: readonly Uint8Array[], fuel: bigint, target: ByteTarget): void | Promise<void>;
}
