import { Errno, fail } from "./abi.js";
import { Folder, RegularFile, type FileTree } from "./files.js";

/** Descriptors open at once. */
export const DESCRIPTOR_COUNT_MAX = 1024;

/** Standard output and error: bytes go to `write`. */
export class StreamDescriptor {
  constructor(readonly write: (bytes: Uint8Array) => void) {}
}

export class FileDescriptor {
  offset = 0;

  constructor(
    readonly file: RegularFile,
    readonly canRead: boolean,
    readonly canWrite: boolean,
    public isAppending: boolean,
  ) {}
}

export class FolderDescriptor {
  /** What fd_readdir lists, kept from its cookie 0 on: changes meanwhile do not move what comes later. */
  listing: readonly (readonly [name: string, node: RegularFile | Folder])[] | null = null;

  constructor(
    readonly folder: Folder,
    readonly preopenName: string | null,
  ) {}
}

export type Descriptor = StreamDescriptor | FileDescriptor | FolderDescriptor;

export class DescriptorTable {
  readonly #tree: FileTree;
  readonly #descriptors: (Descriptor | undefined)[] = [];
  #lowestFree = 0;

  constructor(tree: FileTree) {
    this.#tree = tree;
  }

  /** Takes the lowest free number, as POSIX does. */
  add(descriptor: Descriptor): number {
    while (this.#descriptors[this.#lowestFree] !== undefined) {
      this.#lowestFree++;
    }

    if (this.#lowestFree >= DESCRIPTOR_COUNT_MAX) {
      fail(Errno.MFILE);
    }

    this.#descriptors[this.#lowestFree] = descriptor;
    if (descriptor instanceof FileDescriptor) {
      descriptor.file.openCount++;
    }

    return this.#lowestFree;
  }

  get(fd: number): Descriptor {
    return this.#descriptors[fd >>> 0] ?? fail(Errno.BADF);
  }

  file(fd: number): FileDescriptor {
    const descriptor = this.get(fd);
    if (descriptor instanceof FolderDescriptor) {
      fail(Errno.ISDIR);
    }

    return descriptor instanceof FileDescriptor ? descriptor : fail(Errno.SPIPE);
  }

  folder(fd: number): FolderDescriptor {
    const descriptor = this.get(fd);
    return descriptor instanceof FolderDescriptor ? descriptor : fail(Errno.NOTDIR);
  }

  close(fd: number): void {
    const descriptor = this.get(fd);
    this.#descriptors[fd >>> 0] = undefined;
    this.#lowestFree = Math.min(this.#lowestFree, fd >>> 0);
    if (descriptor instanceof FileDescriptor) {
      descriptor.file.openCount--;
      this.#tree.releaseIfUnreachable(descriptor.file);
    }
  }

  renumber(from: number, to: number): void {
    const descriptor = this.get(from);
    this.get(to);
    if (from >>> 0 !== to >>> 0) {
      this.close(to);
      this.#descriptors[to >>> 0] = descriptor;
      this.#descriptors[from >>> 0] = undefined;
      this.#lowestFree = Math.min(this.#lowestFree, from >>> 0);
    }
  }
}
