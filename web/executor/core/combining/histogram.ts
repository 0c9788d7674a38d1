import { badOutput, ExactDecimal } from "./decimal.js";
import { binaryText, forEachLine, LINES_BYTES_MAX, type ByteTextTarget, type Fold } from "./fold.js";

const TAB = 0x09;

/** Keys and how often each came; a line is a key, or a key, a tab and a number that counts for so many. */
export class Histogram implements Fold {
  readonly #counts = new Map<string, Count>();
  #bytes = 0;

  append(output: Uint8Array): void {
    forEachLine(output, (from, to) => this.#add(output, from, to));
  }

  writeTo(target: ByteTextTarget): void {
    for (const key of [...this.#counts.keys()].sort()) {
      target.binaryText(`${key}\t${this.#counts.get(key)!.total()}\n`);
    }
  }

  #add(output: Uint8Array, from: number, to: number): void {
    const tab = output.subarray(from, to).lastIndexOf(TAB);
    const key = binaryText(output, from, tab < 0 ? to : from + tab);
    if (key === "") {
      throw badOutput("A line has a count and no key before it.");
    }

    const count = this.#counts.get(key) ?? this.#begin(key);
    if (tab < 0) {
      count.ones++;
    } else {
      count.others = count.others.plus(ExactDecimal.parse(output, from + tab + 1, to));
    }
  }

  #begin(key: string): Count {
    // The key, a tab, one digit and a line feed.
    this.#bytes += key.length + 3;
    if (this.#bytes > LINES_BYTES_MAX) {
      throw badOutput(`The combined lines have more than ${LINES_BYTES_MAX} bytes.`);
    }

    const count = new Count();
    this.#counts.set(key, count);
    return count;
  }
}

class Count {
  /** Lines without a number. */
  ones = 0;
  others = ExactDecimal.ZERO;

  total(): ExactDecimal {
    return this.others.plus(ExactDecimal.ofWhole(this.ones));
  }
}
