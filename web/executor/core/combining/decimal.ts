import { ProgramFault, TrapCode } from "../failures.js";

/** Digits of a number before its point, and after it. */
export const DIGIT_COUNT_MAX = 1_000;

/** A sum has more digits than its parts and is read again on the next level: this many more for 10^32 parts. */
const CARRY_DIGIT_COUNT = 32;

/** Digits that a number of JavaScript holds whichever they are. */
const SMALL_DIGIT_COUNT_MAX = 15;

const SHOWN_BYTES_MAX = 40;
const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const LOWER_CASE = 0x20;
const LETTER_E = 0x65;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * A decimal number without rounding: unscaled × 10^-scale. Ptorrent.Work's ExactDecimal has the same limits and writes
 * the same bytes; docs/protocol/vectors/segments.json holds both to it.
 */
export class ExactDecimal {
  static readonly ZERO = new ExactDecimal(0n, 0);

  private constructor(
    readonly unscaled: bigint,
    readonly scale: number,
  ) {}

  static ofWhole(value: number): ExactDecimal {
    return new ExactDecimal(BigInt(value), 0);
  }

  /** Reads sign, digits, point and exponent in `bytes` from `from` up to `to`. */
  static parse(bytes: Uint8Array, from: number, to: number): ExactDecimal {
    const isNegative = bytes[from] === MINUS && from < to;
    const wholeAt = from + signLength(bytes, from, to);
    const wholeEnd = digitsEnd(bytes, wholeAt, to);
    const hasPoint = wholeEnd < to && bytes[wholeEnd] === POINT;
    const fractionAt = hasPoint ? wholeEnd + 1 : wholeEnd;
    const fractionEnd = hasPoint ? digitsEnd(bytes, fractionAt, to) : wholeEnd;
    const wholeCount = wholeEnd - wholeAt;
    const fractionCount = fractionEnd - fractionAt;
    const exponent = fractionEnd === to ? 0 : exponentAt(bytes, from, fractionEnd, to);
    if (wholeCount + fractionCount === 0) {
      throw notANumber(bytes, from, to);
    }

    if (wholeCount + exponent > DIGIT_COUNT_MAX + CARRY_DIGIT_COUNT || fractionCount - exponent > DIGIT_COUNT_MAX) {
      throw badOutput(`A number has more than ${DIGIT_COUNT_MAX} digits before or after its point.`);
    }

    let unscaled =
      wholeCount + fractionCount <= SMALL_DIGIT_COUNT_MAX
        ? BigInt(smallOf(bytes, fractionAt, fractionEnd, smallOf(bytes, wholeAt, wholeEnd, 0)))
        : BigInt(textOf(bytes, wholeAt, wholeEnd) + textOf(bytes, fractionAt, fractionEnd));
    let scale = fractionCount - exponent;
    if (scale < 0) {
      unscaled *= 10n ** BigInt(-scale);
      scale = 0;
    }

    return new ExactDecimal(isNegative ? -unscaled : unscaled, scale);
  }

  plus(other: ExactDecimal): ExactDecimal {
    const scale = Math.max(this.scale, other.scale);
    return new ExactDecimal(this.#unscaledAt(scale) + other.#unscaledAt(scale), scale);
  }

  /** Below zero where this number is less than `other`, above zero where it is more. */
  compare(other: ExactDecimal): number {
    const scale = Math.max(this.scale, other.scale);
    const [left, right] = [this.#unscaledAt(scale), other.#unscaledAt(scale)];
    return left < right ? -1 : left > right ? 1 : 0;
  }

  /** The one way to write it: no exponent, no needless zeros, no plus sign. */
  toString(): string {
    if (this.scale === 0) {
      return this.unscaled.toString();
    }

    const sign = this.unscaled < 0n ? "-" : "";
    const digits = (this.unscaled < 0n ? -this.unscaled : this.unscaled).toString().padStart(this.scale + 1, "0");
    const whole = digits.slice(0, -this.scale);
    const fraction = digits.slice(-this.scale).replace(/0+$/, "");
    return fraction === "" ? sign + whole : `${sign}${whole}.${fraction}`;
  }

  #unscaledAt(scale: number): bigint {
    return scale === this.scale ? this.unscaled : this.unscaled * 10n ** BigInt(scale - this.scale);
  }
}

/** An output that does not fit the way in which it is to be combined. */
export function badOutput(message: string): ProgramFault {
  return new ProgramFault(TrapCode.BadOutput, message);
}

function signLength(bytes: Uint8Array, from: number, to: number): number {
  return from < to && (bytes[from] === MINUS || bytes[from] === PLUS) ? 1 : 0;
}

function digitsEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) {
    at++;
  }

  return at;
}

/** The exponent that the rest from `at` on must be; `from` is where the whole number begins, for the message. */
function exponentAt(bytes: Uint8Array, from: number, at: number, to: number): number {
  const digitsAt = at + 1 + signLength(bytes, at + 1, to);
  const count = digitsEnd(bytes, digitsAt, to) - digitsAt;
  if ((bytes[at]! | LOWER_CASE) !== LETTER_E || count === 0 || count > 4 || digitsAt + count !== to) {
    throw notANumber(bytes, from, to);
  }

  const magnitude = smallOf(bytes, digitsAt, to, 0);
  return bytes[at + 1] === MINUS ? -magnitude : magnitude;
}

function smallOf(bytes: Uint8Array, from: number, to: number, start: number): number {
  let value = start;
  for (let at = from; at < to; at++) {
    value = value * 10 + bytes[at]! - 0x30;
  }

  return value;
}

function textOf(bytes: Uint8Array, from: number, to: number): string {
  return decoder.decode(bytes.subarray(from, to));
}

function notANumber(bytes: Uint8Array, from: number, to: number): ProgramFault {
  return badOutput(`'${textOf(bytes, from, Math.min(to, from + SHOWN_BYTES_MAX))}' is no decimal number.`);
}
