// Counts the primes in [begin, end): a WASI command that takes its range as two arguments, so that the network may
// cut the range wherever it likes. The counts add up.
//
//   ./ptorrent map samples/build/primes.wasm --over 0..10000000 --combine sum --out - -- {begin} {end}
//
// prints 664579. A segmented sieve of Eratosthenes over the odd numbers: 32 KiB at a time, so that it stays in the
// processor's fastest cache.

import { fail, programArguments, standardOutput, writeText } from "../wasi";

/** Odd numbers in a segment, a byte each. */
const segmentLength: i32 = 1 << 15;
const segment: usize = memory.data(1 << 15);

/** The largest end: its square root, and with it the table of small primes, stays small. */
const endMax: i64 = 1 << 44;

/** The odd primes below `limit`, and for each the next multiple to strike, as a place in the coming segment. */
let smallPrimes: StaticArray<i32> = [];
let nextPlaces: StaticArray<i32> = [];
let smallPrimeCount: i32 = 0;

function findSmallPrimes(limit: i32): void {
  const composite = new StaticArray<bool>(limit + 1);
  smallPrimes = new StaticArray<i32>(limit / 2 + 1);
  for (let n = 3; n <= limit; n += 2) {
    if (unchecked(composite[n])) continue;
    unchecked((smallPrimes[smallPrimeCount++] = n));
    for (let m = <i64>n * n; m <= limit; m += 2 * n) unchecked((composite[<i32>m] = true));
  }
}

/** For each small prime p the place of its first odd multiple at or above both p * p and `low`; place i is low + 2i. */
function placeFirstMultiples(low: i64): void {
  nextPlaces = new StaticArray<i32>(smallPrimeCount);
  for (let k = 0; k < smallPrimeCount; k++) {
    const p: i64 = unchecked(smallPrimes[k]);
    let multiple = max(p * p, ((low + p - 1) / p) * p);
    if ((multiple & 1) == 0) multiple += p;
    // Far multiples of primes that this range never needs are cut to a place that no segment reaches.
    unchecked((nextPlaces[k] = <i32>min<i64>((multiple - low) >> 1, i32.MAX_VALUE)));
  }
}

/** Strikes the multiples in the segment and counts what is left of its first `length` places. */
function countSegment(length: i32): i32 {
  memory.fill(segment, 1, segmentLength);
  for (let k = 0; k < smallPrimeCount; k++) {
    const p = unchecked(smallPrimes[k]);
    let place = unchecked(nextPlaces[k]);
    if (place == i32.MAX_VALUE) continue;
    for (; place < segmentLength; place += p) store<u8>(segment + place, 0);
    unchecked((nextPlaces[k] = place - segmentLength));
  }
  let count = 0;
  let i = 0;
  // Eight places at a time: each byte is 0 or 1, so the set bits are the primes.
  for (; i + 8 <= length; i += 8) count += <i32>popcnt(load<u64>(segment + i));
  for (; i < length; i++) count += load<u8>(segment + i);
  return count;
}

function countPrimes(begin: i64, end: i64): i64 {
  let count: i64 = begin <= 2 && end > 2 ? 1 : 0;
  // From here only odd numbers from 3.
  let low = max<i64>(begin, 3) | 1;
  if (low >= end) return count;
  findSmallPrimes(<i32>(Math.sqrt(<f64>end) + 1));
  placeFirstMultiples(low);
  for (; low < end; low += 2 * segmentLength) {
    count += countSegment(<i32>min<i64>((end - low + 1) >> 1, segmentLength));
  }
  return count;
}

function wholeNumber(text: string): i64 {
  if (text.length == 0 || text.length > 15) fail("not a whole number: " + text);
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) fail("not a whole number: " + text);
  }
  return I64.parseInt(text);
}

export function _start(): void {
  const list = programArguments();
  if (list.length != 3) fail("usage: primes BEGIN END");
  const begin = wholeNumber(list[1]);
  const end = wholeNumber(list[2]);
  if (end > endMax) fail("END may be at most " + endMax.toString());
  writeText(standardOutput, countPrimes(begin, end).toString() + "\n");
}
