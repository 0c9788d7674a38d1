import { utf8 } from "../bytes.js";
import { ALL_RIGHTS, Errno, fail, FdFlag, FileType, Right, TimeFlag, Whence } from "./abi.js";
import { FileDescriptor, FolderDescriptor, StreamDescriptor, type Descriptor } from "./descriptors.js";
import type { FileNode, RegularFile } from "./files.js";
import type { WasiRun } from "./run.js";

/** Buffers of one read or write; POSIX's IOV_MAX. */
const BUFFER_COUNT_MAX = 1024;
const BUFFER_BYTES = 8;

/** Fuel for looking at one buffer of a vector, empty ones too: it takes as long as that many instructions. */
const BUFFER_FUEL = 16;

const ENTRY_BYTES = 24;
const STAT_BYTES = 64;
const DESCRIPTOR_STAT_BYTES = 24;

/** The functions of preview 1 that take an open descriptor. */
export function descriptorFunctions(run: () => WasiRun) {
  const known = (fd: number) => run().descriptors.get(fd);
  const succeed = (fd: number) => (known(fd), Errno.SUCCESS);
  return {
    fd_advise: succeed,
    fd_datasync: succeed,
    fd_sync: succeed,
    fd_fdstat_set_rights: succeed,
    fd_allocate: (fd: number, offset: bigint, length: bigint) => {
      const { file } = writable(run().descriptors.file(fd));
      setSize(run(), file, Math.max(file.size, offsetOf(offset) + offsetOf(length)));
      return Errno.SUCCESS;
    },
    fd_close: (fd: number) => {
      run().descriptors.close(fd);
      return Errno.SUCCESS;
    },
    fd_fdstat_get: (fd: number, result: number) => {
      writeDescriptorStat(run(), result, known(fd));
      return Errno.SUCCESS;
    },
    fd_fdstat_set_flags: (fd: number, flags: number) => {
      const descriptor = known(fd);
      if (descriptor instanceof FileDescriptor) {
        descriptor.isAppending = (flags & FdFlag.APPEND) !== 0;
      }

      return Errno.SUCCESS;
    },
    fd_filestat_get: (fd: number, result: number) => {
      const node = nodeOf(known(fd));
      return node === null ? writeStreamStat(run(), result) : writeStat(run(), result, node);
    },
    fd_filestat_set_size: (fd: number, size: bigint) => {
      setSize(run(), writable(run().descriptors.file(fd)).file, offsetOf(size));
      return Errno.SUCCESS;
    },
    fd_filestat_set_times: (fd: number, _accessed: bigint, changed: bigint, flags: number) =>
      setTimes(run(), nodeOf(known(fd)) ?? fail(Errno.INVAL), changed, flags),
    fd_read: (fd: number, buffers: number, count: number, result: number) => {
      const descriptor = run().descriptors.file(fd);
      const read = readInto(run(), descriptor, descriptor.offset, buffers, count);
      descriptor.offset += read;
      run().memory.setU32(result, read);
      return Errno.SUCCESS;
    },
    fd_pread: (fd: number, buffers: number, count: number, offset: bigint, result: number) => {
      const read = readInto(run(), run().descriptors.file(fd), offsetOf(offset), buffers, count);
      run().memory.setU32(result, read);
      return Errno.SUCCESS;
    },
    fd_write: (fd: number, buffers: number, count: number, result: number) => write(run(), fd, buffers, count, result),
    fd_pwrite: (fd: number, buffers: number, count: number, offset: bigint, result: number) => {
      const descriptor = writable(run().descriptors.file(fd));
      run().memory.setU32(result, writeAt(run(), descriptor, offsetOf(offset), buffers, count));
      return Errno.SUCCESS;
    },
    fd_seek: (fd: number, delta: bigint, whence: number, result: number) => {
      const descriptor = run().descriptors.file(fd);
      descriptor.offset = offsetOf(originOf(descriptor, whence) + delta);
      run().memory.setU64(result, BigInt(descriptor.offset));
      return Errno.SUCCESS;
    },
    fd_tell: (fd: number, result: number) => {
      run().memory.setU64(result, BigInt(run().descriptors.file(fd).offset));
      return Errno.SUCCESS;
    },
    fd_renumber: (from: number, to: number) => {
      run().descriptors.renumber(from, to);
      return Errno.SUCCESS;
    },
    fd_prestat_get: (fd: number, result: number) => {
      run().memory.setU32(result, 0);
      run().memory.setU32((result >>> 0) + 4, preopenName(known(fd)).length);
      return Errno.SUCCESS;
    },
    fd_prestat_dir_name: (fd: number, pointer: number, length: number) => {
      const name = preopenName(known(fd));
      if (length >>> 0 < name.length) {
        fail(Errno.NAMETOOLONG);
      }

      run().memory.bytes(pointer, name.length).set(name);
      return Errno.SUCCESS;
    },
    fd_readdir: (fd: number, pointer: number, length: number, cookie: bigint, result: number) => {
      const used = list(run(), run().descriptors.folder(fd), run().memory.bytes(pointer, length), cookie);
      run().memory.setU32(result, used);
      return Errno.SUCCESS;
    },
  };
}

/** Writes a filestat of `node`. */
export function writeStat(run: WasiRun, result: number, node: FileNode): Errno {
  const at = result >>> 0;
  const { memory } = run;
  memory.bytes(at, STAT_BYTES).fill(0);
  memory.setU64(at + 8, node.inode);
  memory.setU8(at + 16, node.fileType);
  memory.setU64(at + 24, BigInt(node.linkCount));
  memory.setU64(at + 32, BigInt(node.size));
  for (const field of [40, 48, 56]) {
    memory.setU64(at + field, node.changedAt);
  }

  return Errno.SUCCESS;
}

export function setTimes(run: WasiRun, node: FileNode, changed: bigint, flags: number): Errno {
  if (node.isReadOnly) {
    fail(Errno.ROFS);
  }

  if ((flags & TimeFlag.MTIM_NOW) !== 0) {
    run.tree.touch(node);
  } else if ((flags & TimeFlag.MTIM) !== 0) {
    node.changedAt = BigInt.asUintN(64, changed);
  }

  return Errno.SUCCESS;
}

/** Streams look like files that cannot seek, not like terminals: C libraries then write in blocks, not in lines. */
function writeStreamStat(run: WasiRun, result: number): Errno {
  run.memory.bytes(result, STAT_BYTES).fill(0);
  run.memory.setU8((result >>> 0) + 16, FileType.REGULAR_FILE);
  return Errno.SUCCESS;
}

function writeDescriptorStat(run: WasiRun, result: number, descriptor: Descriptor): void {
  const at = result >>> 0;
  run.memory.bytes(at, DESCRIPTOR_STAT_BYTES).fill(0);
  const isFolder = descriptor instanceof FolderDescriptor;
  run.memory.setU8(at, isFolder ? FileType.DIRECTORY : FileType.REGULAR_FILE);
  run.memory.setU16(at + 2, descriptor instanceof FileDescriptor && descriptor.isAppending ? FdFlag.APPEND : 0);
  run.memory.setU64(at + 8, rightsOf(descriptor));
  run.memory.setU64(at + 16, isFolder ? ALL_RIGHTS : 0n);
}

function rightsOf(descriptor: Descriptor): bigint {
  if (descriptor instanceof StreamDescriptor) {
    return Right.FD_WRITE;
  }

  if (descriptor instanceof FolderDescriptor) {
    return ALL_RIGHTS & ~(Right.FD_READ | Right.FD_WRITE | Right.FD_SEEK | Right.FD_TELL);
  }

  const without = (descriptor.canRead ? 0n : Right.FD_READ) | (descriptor.canWrite ? 0n : Right.FD_WRITE);
  return ALL_RIGHTS & ~without;
}

function nodeOf(descriptor: Descriptor): FileNode | null {
  if (descriptor instanceof FileDescriptor) {
    return descriptor.file;
  }

  return descriptor instanceof FolderDescriptor ? descriptor.folder : null;
}

function preopenName(descriptor: Descriptor): Uint8Array {
  return descriptor instanceof FolderDescriptor && descriptor.preopenName !== null
    ? utf8(descriptor.preopenName)
    : fail(Errno.BADF);
}

function writable(descriptor: FileDescriptor): FileDescriptor {
  return descriptor.canWrite ? descriptor : fail(Errno.BADF);
}

/** A size or an offset in a file: not negative, and exact as a number. */
function offsetOf(value: bigint): number {
  return value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER) ? fail(Errno.INVAL) : Number(value);
}

function originOf(descriptor: FileDescriptor, whence: number): bigint {
  switch (whence) {
    case Whence.SET:
      return 0n;
    case Whence.CUR:
      return BigInt(descriptor.offset);
    case Whence.END:
      return BigInt(descriptor.file.size);
    default:
      return fail(Errno.INVAL);
  }
}

function setSize(run: WasiRun, file: RegularFile, size: number): void {
  const added = size - file.size;
  if (added > 0) {
    // Asked first: a terabyte must end as too much output, not as too much fuel.
    run.sink.space.check(added);
    run.meter.charge(added);
  }

  file.resize(size, run.sink.space);
  run.tree.touch(file);
}

/** The guest's buffers as views, all of them checked. */
function buffersAt(run: WasiRun, pointer: number, count: number): Uint8Array[] {
  if (count >>> 0 > BUFFER_COUNT_MAX) {
    fail(Errno.INVAL);
  }

  run.meter.charge(BUFFER_FUEL * count);
  const buffers: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const at = (pointer >>> 0) + i * BUFFER_BYTES;
    buffers.push(run.memory.bytes(run.memory.u32(at), run.memory.u32(at + 4)));
  }

  return buffers;
}

function readInto(run: WasiRun, descriptor: FileDescriptor, from: number, pointer: number, count: number): number {
  if (!descriptor.canRead) {
    fail(Errno.BADF);
  }

  let total = 0;
  for (const buffer of buffersAt(run, pointer, count)) {
    const bytes = descriptor.file.read(from + total, buffer.length);
    run.meter.charge(bytes.length);
    buffer.set(bytes);
    total += bytes.length;
    if (bytes.length < buffer.length) {
      break;
    }
  }

  return total;
}

function write(run: WasiRun, fd: number, pointer: number, count: number, result: number): Errno {
  const descriptor = run.descriptors.get(fd);
  if (descriptor instanceof FolderDescriptor) {
    fail(Errno.BADF);
  }

  if (descriptor instanceof StreamDescriptor) {
    let total = 0;
    for (const buffer of buffersAt(run, pointer, count)) {
      run.meter.charge(buffer.length);
      descriptor.write(buffer);
      total += buffer.length;
    }

    run.memory.setU32(result, total);
    return Errno.SUCCESS;
  }

  writable(descriptor);
  const from = descriptor.isAppending ? descriptor.file.size : descriptor.offset;
  const total = writeAt(run, descriptor, from, pointer, count);
  descriptor.offset = from + total;
  run.memory.setU32(result, total);
  return Errno.SUCCESS;
}

function writeAt(run: WasiRun, { file }: FileDescriptor, from: number, pointer: number, count: number): number {
  let at = from;
  for (const buffer of buffersAt(run, pointer, count)) {
    if (buffer.length > 0 && at > file.size) {
      setSize(run, file, at);
    }

    run.meter.charge(buffer.length);
    file.write(at, buffer, run.sink.space);
    at += buffer.length;
  }

  run.tree.touch(file);
  return at - from;
}

/** Fills `target` with entries from `cookie` on; the last may be cut, which tells the program that there is more. */
function list(run: WasiRun, descriptor: FolderDescriptor, target: Uint8Array, cookie: bigint): number {
  const { folder } = descriptor;
  if (cookie === 0n || descriptor.listing === null) {
    run.meter.charge(folder.entries.size);
    descriptor.listing = [[".", folder], ["..", folder.parent ?? folder], ...folder.entries];
  }

  let used = 0;
  const from = cookie > BigInt(descriptor.listing.length) ? descriptor.listing.length : Number(cookie);
  for (let i = from; i < descriptor.listing.length && used < target.length; i++) {
    const [name, node] = descriptor.listing[i]!;
    const bytes = entryBytes(i, name, node);
    const part = bytes.subarray(0, target.length - used);
    target.set(part, used);
    used += part.length;
  }

  run.meter.charge(used);
  return used;
}

function entryBytes(place: number, name: string, node: FileNode): Uint8Array {
  const nameBytes = utf8(name);
  const bytes = new Uint8Array(ENTRY_BYTES + nameBytes.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(place + 1), true);
  view.setBigUint64(8, node.inode, true);
  view.setUint32(16, nameBytes.length, true);
  view.setUint8(20, node.fileType);
  bytes.set(nameBytes, ENTRY_BYTES);
  return bytes;
}
