// The four functions of WASI preview 1 that a small command needs, for AssemblyScript: arguments, standard input,
// standard output and the exit code.

@external("wasi_snapshot_preview1", "args_sizes_get")
declare function args_sizes_get(count: usize, bytes: usize): i32;

@external("wasi_snapshot_preview1", "args_get")
declare function args_get(pointers: usize, bytes: usize): i32;

@external("wasi_snapshot_preview1", "fd_read")
declare function fd_read(fd: i32, vectors: usize, vectorCount: i32, read: usize): i32;

@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: i32, vectors: usize, vectorCount: i32, written: usize): i32;

@external("wasi_snapshot_preview1", "path_open")
declare function path_open(
  folder: i32, lookup: i32, path: usize, pathLength: i32, open: i32, rights: i64, inherited: i64, flags: i32, fd: usize
): i32;

@external("wasi_snapshot_preview1", "proc_exit")
declare function proc_exit(code: i32): void;

export const standardInput: i32 = 0;
export const standardOutput: i32 = 1;
export const standardError: i32 = 2;

/** The descriptor of the one folder that a program is given: the root of its own file system. */
const rootFolder: i32 = 3;
const rightToRead: i64 = 2;

/** Two words of memory for results, and a vector (pointer, length) for reading and writing. */
const results: usize = memory.data(8);
const vector: usize = memory.data(8);

/** The arguments of the program; its own name is the first. */
export function programArguments(): string[] {
  const list = new Array<string>();
  if (args_sizes_get(results, results + 4) != 0) fail("the arguments cannot be read");
  const count = load<i32>(results);
  const pointers = heap.alloc(<usize>count * 4 + 4);
  const bytes = heap.alloc(<usize>load<i32>(results, 4) + 1);
  if (args_get(pointers, bytes) != 0) fail("the arguments cannot be read");
  for (let i = 0; i < count; i++) {
    const begin: usize = load<u32>(pointers + (<usize>i << 2));
    let end = begin;
    while (load<u8>(end) != 0) end++;
    list.push(String.UTF8.decodeUnsafe(begin, end - begin));
  }
  return list;
}

/** Opens a file to read it. Ends the program where there is none. */
export function openFile(path: string): i32 {
  // A path is relative to the folder that the program was given.
  const name = String.UTF8.encode(path.startsWith("/") ? path.substring(1) : path);
  if (path_open(rootFolder, 1, changetype<usize>(name), name.byteLength, 0, rightToRead, 0, 0, results) != 0) {
    fail("cannot open " + path);
  }
  return load<i32>(results);
}

/** Reads at most `length` bytes; 0 is the end. */
export function readBytes(fd: i32, pointer: usize, length: i32): i32 {
  store<u32>(vector, <u32>pointer);
  store<i32>(vector, length, 4);
  if (fd_read(fd, vector, 1, results) != 0) fail("the input cannot be read");
  return load<i32>(results);
}

/** Writes all bytes. */
export function writeBytes(fd: i32, pointer: usize, length: i32): void {
  while (length > 0) {
    store<u32>(vector, <u32>pointer);
    store<i32>(vector, length, 4);
    if (fd_write(fd, vector, 1, results) != 0) proc_exit(1);
    const written = load<i32>(results);
    pointer += written;
    length -= written;
  }
}

/** Writes text as UTF-8. */
export function writeText(fd: i32, text: string): void {
  const bytes = String.UTF8.encode(text);
  writeBytes(fd, changetype<usize>(bytes), bytes.byteLength);
}

/** Says why on standard error and ends the program with exit code 1, which makes the run a failure. */
export function fail(reason: string): void {
  writeText(standardError, reason + "\n");
  proc_exit(1);
}
