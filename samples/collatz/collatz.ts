// The start below a bound with the longest Collatz sequence (half an even number, 3n + 1 from an odd one, until 1): a
// kernel with a merge of its own, because "the best of two, with its name" is neither a sum nor a minimum.
//
//   ./ptorrent map samples/build/collatz.wasm --over 1..1000000 --combine merge --out -
//
// prints "837799 524": the start and its steps. samples/scripts/collatz.ts is the same as a script, slower and shorter.

import { inputRead, inputSize, write } from "../ptorrent";

/** Room for a line: two numbers of at most 20 digits, a blank, a line feed. */
const lineBytesMax: i32 = 42;
const line: usize = memory.data(42);

let bestStart: i64 = 0;
let bestSteps: i64 = -1;

function steps(start: i64): i64 {
  let count: i64 = 0;
  for (let n: u64 = start; n > 1; count++) n = n & 1 ? 3 * n + 1 : n >> 1;
  return count;
}

/** Keeps the longer sequence; of equal ones the smaller start. Associative, so that any grouping gives the same. */
function consider(start: i64, count: i64): void {
  if (count < bestSteps || (count == bestSteps && start >= bestStart)) return;
  bestStart = start;
  bestSteps = count;
}

/** Writes a number and the byte after it; returns where to go on. */
function putNumber(at: usize, value: i64, after: u8): usize {
  let digits: usize = 1;
  for (let rest = value / 10; rest > 0; rest /= 10) digits++;
  for (let place = digits; place > 0; value /= 10) store<u8>(at + --place, <u8>(48 + value % 10));
  store<u8>(at + digits, after);
  return at + digits + 1;
}

function writeBest(): void {
  const end = putNumber(putNumber(line, bestStart, 0x20), bestSteps, 0x0a);
  write(line, <i32>(end - line));
  bestSteps = -1;
}

/** The kernel's range function: the best of [begin, end). */
export function run(begin: i64, end: i64): void {
  for (let start = max<i64>(begin, 1); start < end; start++) consider(start, steps(start));
  if (bestSteps < 0) consider(begin, 0);
  writeBest();
}

/** Combines two lines into one. */
export function merge(): void {
  for (let slot = 0; slot < 2; slot++) {
    const length = inputRead(slot, 0, line, min(inputSize(slot), lineBytesMax));
    let at = 0;
    let start: i64 = 0;
    let count: i64 = 0;
    for (; at < length && load<u8>(line + at) >= 48; at++) start = 10 * start + (load<u8>(line + at) - 48);
    for (at++; at < length && load<u8>(line + at) >= 48; at++) count = 10 * count + (load<u8>(line + at) - 48);
    consider(start, count);
  }
  writeBest();
}
