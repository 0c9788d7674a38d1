import { badOutput, ExactDecimal } from "./decimal.js";
import { binaryText, forEachLine, LINES_BYTES_MAX, type ByteTextTarget, type Fold } from "./fold.js";

const TAB = 0x09;

/** Lines above the count after which the smallest are thrown out: not at each line, for that is a sort. */
const SURPLUS_COUNT_MIN = 1024;

interface Line {
  readonly number: ExactDecimal;
  /** The line as it is written: the number in its one form, and the text after a tab where there is one. */
  readonly written: string;
  readonly text: string;
}

/** The lines with the largest numbers, the largest first; lines of one number are in the order of their texts. */
export class TopLines implements Fold {
  #lines: Line[] = [];
  #bytes = 0;
  /** The last of the best lines at the last sort: what comes behind it need not be kept. */
  #last: Line | null = null;

  constructor(readonly count: number) {}

  append(output: Uint8Array): void {
    forEachLine(output, (from, to) => this.#add(lineIn(output, from, to)));
  }

  writeTo(target: ByteTextTarget): void {
    this.#cut();
    this.#lines.forEach((line) => target.binaryText(line.written));
  }

  #add(line: Line): void {
    if (this.#last !== null && compareLines(line, this.#last) >= 0) {
      return;
    }

    this.#lines.push(line);
    this.#bytes += line.written.length;
    if (this.#lines.length >= Math.max(2 * this.count, SURPLUS_COUNT_MIN) || this.#bytes > 2 * LINES_BYTES_MAX) {
      this.#cut();
    }
  }

  #cut(): void {
    this.#lines.sort(compareLines);
    if (this.#lines.length >= this.count) {
      this.#lines.length = this.count;
      this.#last = this.#lines[this.count - 1]!;
    }

    this.#bytes = this.#lines.reduce((bytes, line) => bytes + line.written.length, 0);
    if (this.#bytes > LINES_BYTES_MAX) {
      throw badOutput(`The combined lines have more than ${LINES_BYTES_MAX} bytes.`);
    }
  }
}

function lineIn(output: Uint8Array, from: number, to: number): Line {
  const tab = output.subarray(from, to).indexOf(TAB);
  const end = tab < 0 ? to : from + tab;
  const number = ExactDecimal.parse(output, from, end);
  const text = tab < 0 ? "" : binaryText(output, end + 1, to);
  return { number, text, written: text === "" ? `${number}\n` : `${number}\t${text}\n` };
}

function compareLines(left: Line, right: Line): number {
  return right.number.compare(left.number) || (left.text < right.text ? -1 : left.text > right.text ? 1 : 0);
}
