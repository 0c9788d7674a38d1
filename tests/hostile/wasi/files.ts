// Attacks on the file system and on the memory behind it.

import * as raw from "./raw";
import { giveUp, results, say } from "./output";

const folder: i32 = 3;
const create: i32 = 1;
const everyRight: i64 = (1 << 30) - 1;
const block: i32 = <i32>memory.data(65536);
const vector: i32 = <i32>memory.data(8);

/** Opens a path; the descriptor, or the negative error. */
function open(path: string, flags: i32): i32 {
  const name = String.UTF8.encode(path);
  const error = raw.pathOpen(
    folder, 1, <i32>changetype<usize>(name), name.byteLength, flags, everyRight, everyRight, 0, results);
  return error == 0 ? load<i32>(results) : -error;
}

function writeBlock(fd: i32): i32 {
  store<i32>(vector, block);
  store<i32>(vector, 65536, 4);
  return raw.fdWrite(fd, vector, 1, results);
}

/** Writes into a descriptor until it is refused. */
function flood(fd: i32): void {
  while (true) {
    const error = writeBlock(fd);
    if (error != 0) giveUp("refused with error " + error.toString());
  }
}

export function floodStandardOutput(): void {
  flood(1);
}

export function floodStandardError(): void {
  for (let i = 0; i < 10000; i++) writeBlock(2);
  giveUp("last words");
}

export function floodFile(): void {
  flood(open("flood", create));
}

/** Empty files without end: no byte of content, only names. */
export function floodNames(): void {
  for (let i = 0; i < 1000000; i++) {
    const fd = open("a-name-of-some-length-for-a-file-without-content-" + i.toString(), create);
    if (fd < 0) giveUp("refused with error " + (-fd).toString());
    raw.fdClose(fd);
  }
}

export function floodDescriptors(): void {
  for (let i = 0; i < 1000000; i++) {
    const fd = open("one", create);
    if (fd < 0) giveUp("refused with error " + (-fd).toString());
  }
}

/** One megabyte of content under ten thousand names. */
export function floodLinks(): void {
  const fd = open("one", create);
  for (let i = 0; i < 16; i++) writeBlock(fd);
  const from = String.UTF8.encode("one");
  for (let i = 0; i < 10000; i++) {
    const to = String.UTF8.encode("link-" + i.toString());
    const error = raw.pathLink(
      folder, 0, <i32>changetype<usize>(from), 3, folder, <i32>changetype<usize>(to), to.byteLength);
    if (error != 0) giveUp("refused with error " + error.toString());
  }
}

/** Folders in folders in folders. */
export function nestFolders(): void {
  let path = "deep";
  for (let i = 0; i < 100000; i++) {
    const name = String.UTF8.encode(path);
    const error = raw.pathCreateDirectory(folder, <i32>changetype<usize>(name), name.byteLength);
    if (error != 0) giveUp("refused with error " + error.toString());
    path += "/deep";
  }
}

/** Files that claim to be huge, in each way that there is. Whoever believes it allocates. */
export function claimSpace(): void {
  const fd = open("huge", create);
  store<i32>(vector, block);
  store<i32>(vector, 1, 4);
  raw.fdFilestatSetSize(fd, 1 << 62);
  raw.fdFilestatSetSize(fd, -1);
  raw.fdAllocate(fd, 1 << 61, 1 << 61);
  raw.fdAllocate(fd, -1, -1);
  raw.fdPwrite(fd, vector, 1, 1 << 52, results);
  raw.fdPwrite(fd, vector, 1, -1, results);
  raw.fdSeek(fd, 1 << 51, 0, results);
  raw.fdWrite(fd, vector, 1, results);
  say("nothing\n");
}

/** As claimSpace, but only as far as a machine might try: 64 GiB. */
export function claimSomeSpace(): void {
  const fd = open("large", create);
  const error = raw.fdFilestatSetSize(fd, 64 << 30);
  if (error != 0) giveUp("refused with error " + error.toString());
}

/** A vector of a million buffers of four GiB each. */
export function writeAbsurdVectors(): void {
  const count = 1000000;
  const vectors = <i32>heap.alloc(count * 8);
  for (let i = 0; i < count; i++) {
    store<i32>(vectors + i * 8, 0);
    store<i32>(vectors + i * 8, -1, 4);
  }
  raw.fdWrite(1, vectors, count, results);
  say("nothing\n");
}

/** A vector of a million empty buffers, again and again: work for the host that no byte pays for. */
export function writeEmptyVectors(): void {
  const count = 1000000;
  const vectors = <i32>heap.alloc(count * 8);
  memory.fill(vectors, 0, count * 8);
  while (true) raw.fdWrite(1, vectors, count, results);
}

/** Looks for anything that is not its own. */
export function escape(): void {
  const paths = [
    "/etc/passwd", "../etc/passwd", "../../../../../../etc/passwd", "in/../../etc/passwd", "./../etc/passwd",
    "/proc/self/environ", "/proc/self/mem", "/dev/tty", "//etc//passwd", "etc/passwd", "C:\\Windows\\win.ini",
    "..\\..\\etc\\passwd", "/in/../../../etc/passwd", "\0/etc/passwd", "file:///etc/passwd", "..",
  ];
  for (let i = 0; i < paths.length; i++) {
    if (open(paths[i], 0) >= 0 && paths[i] != "..") say("opened " + paths[i] + "\n");
  }
  const target = String.UTF8.encode("/etc/passwd");
  const name = String.UTF8.encode("door");
  raw.pathSymlink(<i32>changetype<usize>(target), target.byteLength, folder, <i32>changetype<usize>(name), 4);
  if (open("door", 0) >= 0) say("opened a symbolic link\n");
  raw.pathLink(
    folder, 1, <i32>changetype<usize>(target), target.byteLength, folder, <i32>changetype<usize>(name), 4);
  if (open("door", 0) >= 0) say("opened a link\n");
  raw.pathRename(folder, <i32>changetype<usize>(target), target.byteLength, folder, <i32>changetype<usize>(name), 4);
  if (open("door", 0) >= 0) say("opened what it had renamed\n");
  // Descriptors that nobody gave it.
  for (let fd = 4; fd < 4096; fd++) {
    if (raw.fdFdstatGet(fd, results) == 0 && raw.fdRead(fd, vector, 0, results) == 0) {
      say("read descriptor " + fd.toString() + "\n");
    }
  }
  say("nothing\n");
}

/** Tries to change what it was given to read, and to hide or replace the folder of inputs. */
export function spoilInput(): void {
  const names = ["in/x", "in/y", "in"];
  for (let i = 0; i < names.length; i++) {
    const name = String.UTF8.encode(names[i]);
    const pointer = <i32>changetype<usize>(name);
    if (raw.pathUnlinkFile(folder, pointer, name.byteLength) == 0) say("removed " + names[i] + "\n");
    if (raw.pathRemoveDirectory(folder, pointer, name.byteLength) == 0) say("removed " + names[i] + "\n");
    const fd = open(names[i], create);
    if (fd >= 0 && writeBlock(fd) == 0) say("wrote " + names[i] + "\n");
  }
  say("nothing\n");
}

/** Closes all that it has, also twice, moves descriptors over each other, and goes on. */
export function closeEverything(): void {
  raw.fdRenumber(1, 0);
  raw.fdRenumber(0, 1);
  raw.fdRenumber(3, 2);
  raw.fdRenumber(77, 3);
  raw.fdRenumber(1, -1);
  for (let fd = 0; fd < 100; fd++) {
    raw.fdClose(fd);
    raw.fdClose(fd);
  }
  raw.fdClose(-1);
  writeBlock(1);
}
