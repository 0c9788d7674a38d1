import { Errno, fail, FdFlag, OpenFlag, Right } from "./abi.js";
import { setTimes, writeStat } from "./descriptor-functions.js";
import { FileDescriptor, FolderDescriptor } from "./descriptors.js";
import { Folder, PATH_BYTES_MAX, type FileNode, type Place, type RegularFile } from "./files.js";
import type { WasiRun } from "./run.js";

/** The functions of preview 1 that take a path. */
export function pathFunctions(run: () => WasiRun) {
  const placeAt = (fd: number, pointer: number, length: number) =>
    run().tree.resolve(run().descriptors.folder(fd).folder, pathAt(run(), pointer, length));
  const nodeAt = (fd: number, pointer: number, length: number) =>
    run().tree.existing(run().descriptors.folder(fd).folder, pathAt(run(), pointer, length));
  return {
    path_open: (
      fd: number,
      _follow: number,
      path: number,
      length: number,
      openFlags: number,
      rights: bigint,
      _inherited: bigint,
      fdFlags: number,
      result: number,
    ) => {
      run().memory.u32(result);
      const opened = open(run(), placeAt(fd, path, length), openFlags, rights, fdFlags);
      run().memory.setU32(result, opened);
      return Errno.SUCCESS;
    },
    path_create_directory: (fd: number, path: number, length: number) => {
      run().tree.createFolder(placeAt(fd, path, length));
      return Errno.SUCCESS;
    },
    path_filestat_get: (fd: number, _follow: number, path: number, length: number, result: number) =>
      writeStat(run(), result, nodeAt(fd, path, length)),
    path_filestat_set_times: (
      fd: number,
      _follow: number,
      path: number,
      length: number,
      _accessed: bigint,
      changed: bigint,
      flags: number,
    ) => setTimes(run(), nodeAt(fd, path, length), changed, flags),
    path_link: (
      oldFd: number,
      _follow: number,
      oldPath: number,
      oldLength: number,
      newFd: number,
      newPath: number,
      newLength: number,
    ) => {
      run().tree.link(nodeAt(oldFd, oldPath, oldLength), placeAt(newFd, newPath, newLength));
      return Errno.SUCCESS;
    },
    path_readlink: (fd: number, path: number, length: number) => {
      nodeAt(fd, path, length);
      return Errno.INVAL;
    },
    path_symlink: () => Errno.NOTSUP,
    path_remove_directory: (fd: number, path: number, length: number) => {
      run().tree.removeFolder(placeAt(fd, path, length));
      return Errno.SUCCESS;
    },
    path_rename: (fd: number, path: number, length: number, newFd: number, newPath: number, newLength: number) => {
      run().tree.rename(placeAt(fd, path, length), placeAt(newFd, newPath, newLength));
      return Errno.SUCCESS;
    },
    path_unlink_file: (fd: number, path: number, length: number) => {
      run().tree.unlinkFile(placeAt(fd, path, length));
      return Errno.SUCCESS;
    },
  };
}

function pathAt(run: WasiRun, pointer: number, length: number): string {
  if (length >>> 0 > PATH_BYTES_MAX) {
    run.memory.bytes(pointer, length);
    fail(Errno.NAMETOOLONG);
  }

  run.meter.charge(length);
  return run.memory.strictText(pointer, length) ?? fail(Errno.ILSEQ);
}

function open(run: WasiRun, place: Place, openFlags: number, rights: bigint, fdFlags: number): number {
  const has = (flag: number) => (openFlags & flag) !== 0;
  const canWrite = (rights & Right.FD_WRITE) !== 0n;
  const node = place.node ?? (has(OpenFlag.CREAT) && !has(OpenFlag.DIRECTORY) ? null : fail(Errno.NOENT));
  if (node === null) {
    return openFile(run, run.tree.createFile(place), rights, fdFlags);
  }

  if (has(OpenFlag.CREAT) && has(OpenFlag.EXCL)) {
    fail(Errno.EXIST);
  }

  if (node instanceof Folder) {
    const isWrite = (canWrite && !has(OpenFlag.DIRECTORY)) || has(OpenFlag.TRUNC);
    return isWrite ? fail(Errno.ISDIR) : run.descriptors.add(new FolderDescriptor(node, null));
  }

  checkFile(node, place, has(OpenFlag.DIRECTORY), canWrite || has(OpenFlag.TRUNC));
  const fd = openFile(run, node, rights, fdFlags);
  if (has(OpenFlag.TRUNC)) {
    node.resize(0, run.sink.space);
    run.tree.touch(node);
  }

  return fd;
}

function checkFile(node: FileNode, place: Place, wantsFolder: boolean, wantsWrite: boolean): void {
  if (wantsFolder || place.mustBeFolder) {
    fail(Errno.NOTDIR);
  }

  if (wantsWrite && node.isReadOnly) {
    fail(Errno.ROFS);
  }
}

function openFile(run: WasiRun, file: RegularFile, rights: bigint, fdFlags: number): number {
  const canRead = (rights & Right.FD_READ) !== 0n;
  const canWrite = (rights & Right.FD_WRITE) !== 0n;
  return run.descriptors.add(new FileDescriptor(file, canRead, canWrite, (fdFlags & FdFlag.APPEND) !== 0));
}
