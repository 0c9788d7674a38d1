// Counts words: reads a file, or standard input where none is named, and prints every word with its count, the most
// frequent first, words of equal count in the order of their letters.
//
//   ./ptorrent map samples/build/words.wasm --files 'texts/*.txt' --combine files --out counts/ -- {file}
//
// A word is a run of letters and digits; every byte beyond ASCII counts as a letter, so UTF-8 text works. A to Z are
// made small. Words are kept as (pointer, length) into the text itself, in a hash table that grows by doubling.

import { openFile, programArguments, readBytes, standardInput, standardOutput, writeBytes } from "../wasi";

const pageBytes: usize = 65536;

let text: usize = 0;
let textLength: i32 = 0;

/** An entry of the table: u32 pointer, u32 length, u32 hash, u32 count; the count of a free entry is 0. */
const entryBytes: usize = 16;
let table: usize = 0;
let capacity: u32 = 1 << 10;
let wordCount: u32 = 0;

function readAll(fd: i32): void {
  // The stub runtime hands out memory in order, so the last block grows in place.
  let room = <i32>pageBytes;
  text = heap.alloc(room);
  while (true) {
    if (textLength == room) {
      room *= 2;
      text = heap.realloc(text, room);
    }
    const read = readBytes(fd, text + textLength, room - textLength);
    if (read == 0) return;
    textLength += read;
  }
}

@inline
function isUpper(byte: u32): bool {
  return byte - 65 < 26;
}

@inline
function isWordByte(byte: u32): bool {
  return byte - 97 < 26 || byte - 48 < 10 || byte >= 128 || isUpper(byte);
}

/** The entry of a word, or the free one where it belongs. */
function findEntry(pointer: usize, length: u32, hash: u32): usize {
  let place = hash & (capacity - 1);
  while (true) {
    const entry = table + place * entryBytes;
    if (load<u32>(entry, 12) == 0) return entry;
    if (load<u32>(entry, 8) == hash && load<u32>(entry, 4) == length
      && memory.compare(load<u32>(entry), pointer, length) == 0) return entry;
    place = (place + 1) & (capacity - 1);
  }
}

function newTable(): void {
  table = heap.alloc(capacity * entryBytes);
  memory.fill(table, 0, capacity * entryBytes);
}

function growTable(): void {
  const old = table;
  const oldEnd = old + capacity * entryBytes;
  capacity *= 2;
  newTable();
  for (let entry = old; entry < oldEnd; entry += entryBytes) {
    if (load<u32>(entry, 12) != 0) {
      memory.copy(findEntry(load<u32>(entry), load<u32>(entry, 4), load<u32>(entry, 8)), entry, entryBytes);
    }
  }
}

function countWord(pointer: usize, length: u32, hash: u32): void {
  const entry = findEntry(pointer, length, hash);
  const count = load<u32>(entry, 12);
  store<u32>(entry, count + 1, 12);
  if (count > 0) return;
  store<u32>(entry, <u32>pointer);
  store<u32>(entry, length, 4);
  store<u32>(entry, hash, 8);
  if (++wordCount * 4 > capacity * 3) growTable();
}

function countWords(): void {
  newTable();
  const end = text + textLength;
  let at = text;
  while (at < end) {
    const begin = at;
    let hash: u32 = 2166136261;
    for (; at < end; at++) {
      let byte = <u32>load<u8>(at);
      if (!isWordByte(byte)) break;
      if (isUpper(byte)) {
        byte += 32;
        store<u8>(at, byte);
      }
      // FNV-1a.
      hash = (hash ^ byte) * 16777619;
    }
    if (at > begin) countWord(begin, <u32>(at - begin), hash);
    else at++;
  }
}

/** Whether the entry at `left` is printed before the one at `right`. */
function isBefore(left: usize, right: usize): bool {
  const difference = <i64>load<u32>(right, 12) - <i64>load<u32>(left, 12);
  if (difference != 0) return difference < 0;
  const leftLength = load<u32>(left, 4);
  const rightLength = load<u32>(right, 4);
  const order = memory.compare(load<u32>(left), load<u32>(right), min(leftLength, rightLength));
  return order != 0 ? order < 0 : leftLength < rightLength;
}

/** Heap sort of the entries' addresses: no recursion, no memory of its own. */
function sortEntries(entries: StaticArray<u32>): void {
  const length = entries.length;
  for (let i = length / 2 - 1; i >= 0; i--) sink(entries, i, length);
  for (let last = length - 1; last > 0; last--) {
    const largest = unchecked(entries[0]);
    unchecked((entries[0] = entries[last]));
    unchecked((entries[last] = largest));
    sink(entries, 0, last);
  }
}

function sink(entries: StaticArray<u32>, place: i32, length: i32): void {
  while (true) {
    let child = 2 * place + 1;
    if (child >= length) return;
    if (child + 1 < length && isBefore(unchecked(entries[child]), unchecked(entries[child + 1]))) child++;
    const parentEntry = unchecked(entries[place]);
    const childEntry = unchecked(entries[child]);
    if (!isBefore(parentEntry, childEntry)) return;
    unchecked((entries[place] = childEntry));
    unchecked((entries[child] = parentEntry));
    place = child;
  }
}

function print(): void {
  const entries = new StaticArray<u32>(<i32>wordCount);
  let outputLength: usize = 0;
  let filled = 0;
  for (let place: u32 = 0; place < capacity; place++) {
    const entry = table + place * entryBytes;
    if (load<u32>(entry, 12) == 0) continue;
    unchecked((entries[filled++] = <u32>entry));
    // A word, a blank, at most ten digits, a line feed.
    outputLength += load<u32>(entry, 4) + 12;
  }
  sortEntries(entries);
  const output = heap.alloc(outputLength);
  let at = output;
  for (let i = 0; i < entries.length; i++) {
    const entry: usize = unchecked(entries[i]);
    const length = load<u32>(entry, 4);
    memory.copy(at, load<u32>(entry), length);
    at += length;
    store<u8>(at++, 0x20);
    at = putNumber(at, load<u32>(entry, 12));
    store<u8>(at++, 0x0a);
  }
  writeBytes(standardOutput, output, <i32>(at - output));
}

function putNumber(at: usize, value: u32): usize {
  let digits: usize = 1;
  for (let rest = value / 10; rest > 0; rest /= 10) digits++;
  for (let place = digits; place > 0; value /= 10) store<u8>(at + --place, <u8>(48 + value % 10));
  return at + digits;
}

export function _start(): void {
  const list = programArguments();
  readAll(list.length > 1 ? openFile(list[1]) : standardInput);
  countWords();
  print();
}
