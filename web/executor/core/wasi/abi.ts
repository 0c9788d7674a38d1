/** Numbers of WASI preview 1 (wasi_snapshot_preview1, github.com/WebAssembly/WASI, legacy/preview1/docs.md). */

export const Errno = {
  SUCCESS: 0,
  BADF: 8,
  EXIST: 20,
  FBIG: 22,
  ILSEQ: 25,
  INVAL: 28,
  IO: 29,
  ISDIR: 31,
  LOOP: 32,
  MFILE: 33,
  NAMETOOLONG: 37,
  NOENT: 44,
  NOSPC: 51,
  NOTDIR: 54,
  NOTEMPTY: 55,
  NOTSUP: 58,
  PERM: 63,
  ROFS: 69,
  SPIPE: 70,
  XDEV: 75,
  NOTCAPABLE: 76,
} as const;

export type Errno = (typeof Errno)[keyof typeof Errno];

export const FileType = { CHARACTER_DEVICE: 2, DIRECTORY: 3, REGULAR_FILE: 4 } as const;
export type FileType = (typeof FileType)[keyof typeof FileType];

export const OpenFlag = { CREAT: 1, DIRECTORY: 2, EXCL: 4, TRUNC: 8 } as const;
export const FdFlag = { APPEND: 1 } as const;
export const Whence = { SET: 0, CUR: 1, END: 2 } as const;
export const TimeFlag = { ATIM: 1, ATIM_NOW: 2, MTIM: 4, MTIM_NOW: 8 } as const;

export const Right = { FD_READ: 1n << 1n, FD_SEEK: 1n << 2n, FD_TELL: 1n << 5n, FD_WRITE: 1n << 6n } as const;
/** Every right that preview 1 has. */
export const ALL_RIGHTS = (1n << 30n) - 1n;

export const EventType = { CLOCK: 0, FD_READ: 1, FD_WRITE: 2 } as const;
export const CLOCK_ABSOLUTE = 1;

/** An answer other than success, thrown because it comes from deep inside; no Error, for nobody reads its stack. */
export class ErrnoSignal {
  constructor(readonly errno: Errno) {}
}

export function fail(errno: Errno): never {
  throw new ErrnoSignal(errno);
}
