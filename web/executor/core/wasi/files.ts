import { ProgramFault, TrapCode } from "../failures.js";
import type { InputContent } from "../frames.js";
import type { OutputSpace } from "../output.js";
import { Errno, fail, FileType } from "./abi.js";

/** Files and folders of one run together. */
export const NODE_COUNT_MAX = 10_000;
/** Bytes of a path that a program names, and of an output file's path. */
export const PATH_BYTES_MAX = 1024;
const NAME_BYTES_MAX = 255;
const FILE_BYTES_MAX = Number.MAX_SAFE_INTEGER;

export type FileNode = RegularFile | Folder;

/** What a program changes is counted in the run's output space while it can be reached. */
export class RegularFile {
  readonly fileType = FileType.REGULAR_FILE;
  linkCount = 1;
  openCount = 0;
  changedAt: bigint;
  #bytes: Uint8Array;
  #size: number;

  constructor(
    readonly inode: bigint,
    readonly isReadOnly: boolean,
    content: Uint8Array,
    changedAt: bigint,
  ) {
    this.#bytes = content;
    this.#size = content.length;
    this.changedAt = changedAt;
  }

  get size(): number {
    return this.#size;
  }

  /** The bytes from `offset`, at most `length` of them, as a view. */
  read(offset: number, length: number): Uint8Array {
    const from = Math.min(offset, this.#size);
    return this.#bytes.subarray(from, Math.min(from + length, this.#size));
  }

  write(offset: number, bytes: Uint8Array, space: OutputSpace): void {
    if (bytes.length === 0) {
      return;
    }

    if (offset + bytes.length > this.#size) {
      this.resize(offset + bytes.length, space);
    }

    this.#bytes.set(bytes, offset);
  }

  /** Cuts, or fills up with zeros. The space is asked before any memory is. */
  resize(size: number, space: OutputSpace): void {
    if (size > FILE_BYTES_MAX) {
      fail(Errno.FBIG);
    }

    if (size > this.#size) {
      space.reserve(size - this.#size);
      this.#grow(size);
    } else {
      space.release(this.#size - size);
      this.#bytes.fill(0, size, this.#size);
    }

    this.#size = size;
  }

  #grow(size: number): void {
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(size, Math.min(this.#bytes.length * 2, this.#bytes.length + (64 << 20))));
      grown.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = grown;
    }
  }
}

export class Folder {
  readonly fileType = FileType.DIRECTORY;
  readonly entries = new Map<string, FileNode>();
  changedAt: bigint;

  constructor(
    readonly inode: bigint,
    public parent: Folder | null,
    readonly isReadOnly: boolean,
    changedAt: bigint,
  ) {
    this.changedAt = changedAt;
  }

  get linkCount(): number {
    return 1;
  }

  get size(): number {
    return 0;
  }
}

/** Where a path leads: a node, or a free name in a folder. */
export interface Place {
  readonly parent: Folder | null;
  readonly name: string;
  readonly node: FileNode | null;
  /** The path ended in a slash. */
  readonly mustBeFolder: boolean;
}

/** The file system of one run: a writable folder / with a read-only folder /in. In memory; it dies with the run. */
export class FileTree {
  readonly root: Folder;
  readonly #space: OutputSpace;
  readonly #now: () => bigint;
  #nodeCount = 0;
  #nextInode = 1n;

  constructor(space: OutputSpace, now: () => bigint, input: InputContent | null) {
    this.#space = space;
    this.#now = now;
    this.root = this.#folder(null, false);
    const inputs = this.#folder(this.root, true);
    this.root.entries.set("in", inputs);
    if (input !== null && input.name !== null) {
      inputs.entries.set(input.name, this.#file(true, input.content));
    }
  }

  /** Follows `path` from `from`. Nothing lies above the root; there are no symbolic links. */
  resolve(from: Folder, path: string): Place {
    let folder = path.startsWith("/") ? this.root : from;
    const parts = path.split("/").filter((part) => part !== "" && part !== ".");
    const mustBeFolder = /(^|\/)\.{0,2}$/.test(path);
    for (const [i, part] of parts.entries()) {
      const isLast = i === parts.length - 1;
      if (part === "..") {
        folder = folder.parent ?? fail(Errno.NOTCAPABLE);
        continue;
      }

      const node = folder.entries.get(part) ?? null;
      if (isLast) {
        return { parent: folder, name: part, node, mustBeFolder };
      }

      if (node === null) {
        fail(Errno.NOENT);
      }

      folder = node instanceof Folder ? node : fail(Errno.NOTDIR);
    }

    return { parent: null, name: "", node: folder, mustBeFolder: true };
  }

  existing(from: Folder, path: string): FileNode {
    const { node, mustBeFolder } = this.resolve(from, path);
    if (node === null) {
      fail(Errno.NOENT);
    }

    return mustBeFolder && !(node instanceof Folder) ? fail(Errno.NOTDIR) : node;
  }

  createFile(place: Place): RegularFile {
    const parent = this.#freeName(place);
    if (place.mustBeFolder) {
      fail(Errno.ISDIR);
    }

    const file = this.#file(false, new Uint8Array(0));
    this.#put(parent, place.name, file);
    return file;
  }

  createFolder(place: Place): void {
    const parent = this.#freeName(place);
    this.#put(parent, place.name, this.#folder(parent, false));
  }

  link(file: FileNode, place: Place): void {
    const parent = this.#freeName(place);
    if (!(file instanceof RegularFile) || file.isReadOnly) {
      fail(Errno.PERM);
    }

    if (this.#nodeCount >= NODE_COUNT_MAX) {
      fail(Errno.NOSPC);
    }

    this.#nodeCount++;
    file.linkCount++;
    this.#put(parent, place.name, file);
  }

  unlinkFile(place: Place): void {
    const { parent, node } = this.#taken(place);
    if (!(node instanceof RegularFile)) {
      fail(Errno.ISDIR);
    }

    if (place.mustBeFolder) {
      fail(Errno.NOTDIR);
    }

    this.#remove(parent, place.name);
    this.#dropLink(node);
  }

  removeFolder(place: Place): void {
    const { parent, node } = this.#taken(place);
    if (!(node instanceof Folder)) {
      fail(Errno.NOTDIR);
    }

    if (node.entries.size > 0) {
      fail(Errno.NOTEMPTY);
    }

    this.#remove(parent, place.name);
    this.#nodeCount--;
  }

  rename(from: Place, to: Place): void {
    const source = this.#taken(from);
    const parent = to.parent === null || to.parent.isReadOnly ? fail(Errno.ROFS) : to.parent;
    this.#checkName(to.name);
    if (to.node === source.node) {
      return;
    }

    if (source.node instanceof Folder) {
      this.#checkFolderMove(source.node, parent, to);
    } else if (to.node instanceof Folder || to.mustBeFolder) {
      fail(Errno.ISDIR);
    }

    if (to.node instanceof RegularFile) {
      this.unlinkFile(to);
    } else if (to.node instanceof Folder) {
      this.removeFolder(to);
    }

    this.#remove(source.parent, from.name);
    this.#put(parent, to.name, source.node);
    if (source.node instanceof Folder) {
      source.node.parent = parent;
    }
  }

  /** Gives the space of `file` back once no name and no descriptor leads to it. */
  releaseIfUnreachable(file: RegularFile): void {
    if (file.linkCount === 0 && file.openCount === 0 && !file.isReadOnly) {
      this.#space.release(file.size);
      this.#nodeCount--;
    }
  }

  touch(node: FileNode): void {
    node.changedAt = this.#now();
  }

  /** All files but those under /in, by path without the leading slash, in ordinal order. */
  outputFiles(): [path: string, file: RegularFile][] {
    const found: [string, RegularFile][] = [];
    const open: [string, Folder][] = [["", this.root]];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [prefix, folder] = next;
      for (const [name, node] of folder.entries) {
        if (node instanceof RegularFile) {
          found.push([checkedPath(prefix + name), node]);
        } else if (!node.isReadOnly) {
          open.push([`${prefix}${name}/`, node]);
        }
      }
    }

    return found.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }

  #file(isReadOnly: boolean, content: Uint8Array): RegularFile {
    return new RegularFile(this.#issueInode(), isReadOnly, content, this.#now());
  }

  #folder(parent: Folder | null, isReadOnly: boolean): Folder {
    return new Folder(this.#issueInode(), parent, isReadOnly, this.#now());
  }

  #issueInode(): bigint {
    if (this.#nodeCount >= NODE_COUNT_MAX) {
      fail(Errno.NOSPC);
    }

    this.#nodeCount++;
    return this.#nextInode++;
  }

  /** The folder where `place` may be made. */
  #freeName(place: Place): Folder {
    if (place.node !== null || place.parent === null) {
      fail(Errno.EXIST);
    }

    if (place.parent.isReadOnly) {
      fail(Errno.ROFS);
    }

    this.#checkName(place.name);
    return place.parent;
  }

  /** What is at `place`, where it may be taken away. */
  #taken(place: Place): { parent: Folder; node: FileNode } {
    const { parent, node } = place;
    if (node === null) {
      fail(Errno.NOENT);
    }

    if (parent === null) {
      fail(Errno.INVAL);
    }

    if (parent.isReadOnly || node === this.root.entries.get("in")) {
      fail(Errno.ROFS);
    }

    return { parent, node };
  }

  #checkName(name: string): void {
    if (name === "" || name.includes("\0")) {
      fail(Errno.INVAL);
    }

    if (utf8Length(name) > NAME_BYTES_MAX) {
      fail(Errno.NAMETOOLONG);
    }
  }

  #checkFolderMove(folder: Folder, parent: Folder, to: Place): void {
    for (let above: Folder | null = parent; above !== null; above = above.parent) {
      if (above === folder) {
        fail(Errno.INVAL);
      }
    }

    if (to.node instanceof RegularFile) {
      fail(Errno.NOTDIR);
    }
  }

  #put(parent: Folder, name: string, node: FileNode): void {
    parent.entries.set(name, node);
    this.touch(parent);
  }

  #remove(parent: Folder, name: string): void {
    parent.entries.delete(name);
    this.touch(parent);
  }

  #dropLink(file: RegularFile): void {
    file.linkCount--;
    if (file.linkCount > 0) {
      this.#nodeCount--;
    }

    this.releaseIfUnreachable(file);
  }
}

/** Renames can nest folders to any depth, so only the path that comes out is bounded. */
function checkedPath(path: string): string {
  if (path.length > PATH_BYTES_MAX || utf8Length(path) > PATH_BYTES_MAX) {
    const rule = `the path of an output file has more than ${PATH_BYTES_MAX} bytes`;
    throw new ProgramFault(TrapCode.OutputExhausted, rule);
  }

  return path;
}

function utf8Length(text: string): number {
  return /^[\0-\x7f]*$/.test(text) ? text.length : new TextEncoder().encode(text).length;
}
