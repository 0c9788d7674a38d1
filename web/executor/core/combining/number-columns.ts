import { CombineKind } from "../frames.js";
import { badOutput, ExactDecimal } from "./decimal.js";
import type { ByteTextTarget, Fold } from "./fold.js";

const COLUMN_COUNT_MAX = 1_000_000;

/** Columns of numbers that are added, or of which the smallest or largest is kept. */
export class NumberColumns implements Fold {
  readonly #combine: (left: ExactDecimal, right: ExactDecimal) => ExactDecimal;
  #columns: ExactDecimal[] | null = null;

  constructor(kind: CombineKind) {
    this.#combine =
      kind === CombineKind.Sum
        ? (left, right) => left.plus(right)
        : kind === CombineKind.Min
          ? (left, right) => (left.compare(right) <= 0 ? left : right)
          : (left, right) => (left.compare(right) >= 0 ? left : right);
  }

  append(output: Uint8Array): void {
    const numbers = numbersIn(output);
    if (numbers.length === 0) {
      return;
    }

    const columns = this.#columns;
    if (columns === null) {
      this.#columns = numbers;
      return;
    }

    if (numbers.length !== columns.length) {
      const counts = `There are ${numbers.length} numbers where other outputs have ${columns.length}`;
      throw badOutput(`${counts}; each output must have the same count.`);
    }

    for (let i = 0; i < columns.length; i++) {
      columns[i] = this.#combine(columns[i]!, numbers[i]!);
    }
  }

  writeTo(target: ByteTextTarget): void {
    this.#columns?.forEach((number, i) => target.binaryText(i === 0 ? number.toString() : ` ${number.toString()}`));
  }
}

function numbersIn(output: Uint8Array): ExactDecimal[] {
  const numbers: ExactDecimal[] = [];
  for (let from = 0; from < output.length; ) {
    if (isWhiteSpace(output[from]!)) {
      from++;
      continue;
    }

    let to = from + 1;
    while (to < output.length && !isWhiteSpace(output[to]!)) {
      to++;
    }

    if (numbers.length === COLUMN_COUNT_MAX) {
      throw badOutput(`There are more than ${COLUMN_COUNT_MAX} numbers.`);
    }

    numbers.push(ExactDecimal.parse(output, from, to));
    from = to;
  }

  return numbers;
}

function isWhiteSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
