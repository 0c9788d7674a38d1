// The SHA-256 of each file, in hexadecimal: a kernel that lets its executor do the hashing.
//
//   ./ptorrent map samples/build/hash.wasm --files 'docs/*.md' --combine lines --out -
//
// prints a line for each file, in the order of the files.

import { inputRead, inputSize, sha256, write } from "../ptorrent";

const digestBytes: i32 = 32;
const digest: usize = memory.data(32);
const lineBytes: i32 = 2 * digestBytes + 1;
const line: usize = memory.data(65);
const pageBytes: i32 = 64 * 1024;

function hexadecimal(value: u8): u8 {
  return value < 10 ? 48 + value : 87 + value;
}

/** The kernel's range function: called for one file at a time. */
export function run(begin: i64, end: i64): void {
  const length = max(inputSize(0), 0);
  const missing = <i32>__heap_base + length - (memory.size() * pageBytes);
  if (missing > 0 && memory.grow((missing + pageBytes - 1) / pageBytes) < 0) unreachable();
  inputRead(0, 0, __heap_base, length);
  sha256(__heap_base, length, digest);
  for (let i = 0; i < digestBytes; i++) {
    const byte = load<u8>(digest + i);
    store<u8>(line + 2 * i, hexadecimal(byte >> 4));
    store<u8>(line + 2 * i + 1, hexadecimal(byte & 15));
  }
  store<u8>(line + lineBytes - 1, 10);
  write(line, lineBytes);
}
