/** Takes strings whose characters are bytes. */
export interface ByteTextTarget {
  binaryText(text: string): void;
}

/**
 * Outputs that are combined to something smaller than all of them together. Grouping and order never matter: a segment
 * is taken in as an output is. A ProgramFault says which output does not fit.
 */
export interface Fold {
  /** Takes in one output. */
  append(output: Uint8Array): void;
  /** Appends the segment of all that was taken in. */
  writeTo(target: ByteTextTarget): void;
}

/** Bytes of the combined lines of one segment. */
export const LINES_BYTES_MAX = 256 << 20;

const CHUNK_BYTES = 4096;

/** Bytes as a string of their values: such strings compare as the bytes do, and hold any bytes. */
export function binaryText(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let at = from; at < to; at += CHUNK_BYTES) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(to, at + CHUNK_BYTES)));
  }

  return text;
}

/** Calls `take` with begin and end of each line that is not empty, without its line feed. */
export function forEachLine(output: Uint8Array, take: (from: number, to: number) => void): void {
  for (let from = 0; from < output.length; ) {
    const found = output.indexOf(0x0a, from);
    const to = found < 0 ? output.length : found;
    if (to > from) {
      take(from, to);
    }

    from = to + 1;
  }
}
