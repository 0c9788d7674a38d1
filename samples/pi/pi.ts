// The digits of pi in base 16: a kernel whose index is the place of a digit after the point. Each digit is found
// without the ones before it, so a thousand machines can each find their own.
//
//   ./ptorrent map samples/build/pi.wasm --over 0..2000 --out -
//
// prints 243f6a8885a308d313198a2e03707344..., the digits after "3.". The series of Bailey, Borwein and Plouffe (1997):
// pi is the sum over k of (4/(8k+1) - 2/(8k+4) - 1/(8k+5) - 1/(8k+6)) / 16^k. In whole numbers modulo 2^64 instead of
// fractions, so that no rounding can differ; sure up to about place 2^28.

import { write } from "../ptorrent";

const digit: usize = memory.data(1);

/** 16^exponent modulo `modulus`, which is below 2^32. */
function powerOf16(exponent: u64, modulus: u64): u64 {
  let result: u64 = 1 % modulus;
  for (let base: u64 = 16 % modulus; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result = (result * base) % modulus;
    base = (base * base) % modulus;
  }
  return result;
}

/** numerator / denominator, below 1, in units of 2^-64; the denominator is below 2^32. */
function fraction(numerator: u64, denominator: u64): u64 {
  const high = (numerator << 32) / denominator;
  const rest = (numerator << 32) % denominator;
  return (high << 32) | ((rest << 32) / denominator);
}

/** The fraction after the point of 16^place times the sum over k of 1/((8k + offset) * 16^k), in units of 2^-64. */
function series(place: u64, offset: u64): u64 {
  let sum: u64 = 0;
  for (let k: u64 = 0; k <= place; k++) {
    const denominator = 8 * k + offset;
    sum += fraction(powerOf16(place - k, denominator), denominator);
  }
  for (let k: u64 = place + 1, shift: u64 = 60; shift < 64; k++, shift -= 4) {
    sum += (<u64>1 << shift) / (8 * k + offset);
  }
  return sum;
}

export function run(begin: i64, end: i64): void {
  for (let place: u64 = begin; place < <u64>end; place++) {
    const value = 4 * series(place, 1) - 2 * series(place, 4) - series(place, 5) - series(place, 6);
    const nibble = <u8>(value >> 60);
    store<u8>(digit, nibble < 10 ? 48 + nibble : 87 + nibble);
    write(digit, 1);
  }
}
