// Calls every function of WASI with pointers, lengths, offsets and descriptors that make no sense.

import * as raw from "./raw";

/** Functions that `callAbsurdly` knows. */
export const functionCount: i32 = 45;

const folder: i32 = 3;

/**
 * Calls one function with `p` wherever it takes a pointer or a length, `w` wherever it takes 64 bits and `fd` as its
 * descriptor. Returns what the function answers.
 */
export function callAbsurdly(which: i32, p: i32, w: i64, fd: i32): i32 {
  switch (which) {
    case 0: return raw.argsGet(p, p);
    case 1: return raw.argsSizesGet(p, p);
    case 2: return raw.environGet(p, p);
    case 3: return raw.environSizesGet(p, p);
    case 4: return raw.clockResGet(0, p);
    case 5: return raw.clockTimeGet(0, w, p);
    case 6: return raw.fdAdvise(fd, w, w, p);
    case 7: return raw.fdAllocate(fd, w, w);
    case 8: return raw.fdClose(fd);
    case 9: return raw.fdDatasync(fd);
    case 10: return raw.fdFdstatGet(fd, p);
    case 11: return raw.fdFdstatSetFlags(fd, p);
    case 12: return raw.fdFdstatSetRights(fd, w, w);
    case 13: return raw.fdFilestatGet(fd, p);
    case 14: return raw.fdFilestatSetSize(fd, w);
    case 15: return raw.fdFilestatSetTimes(fd, w, w, p);
    case 16: return raw.fdPread(fd, p, p, w, p);
    case 17: return raw.fdPrestatGet(fd, p);
    case 18: return raw.fdPrestatDirName(fd, p, p);
    case 19: return raw.fdPwrite(fd, p, p, w, p);
    case 20: return raw.fdRead(fd, p, p, p);
    case 21: return raw.fdReaddir(fd, p, p, w, p);
    case 22: return raw.fdRenumber(fd, p);
    case 23: return raw.fdSeek(fd, w, p, p);
    case 24: return raw.fdSync(fd);
    case 25: return raw.fdTell(fd, p);
    case 26: return raw.fdWrite(fd, p, p, p);
    case 27: return raw.pathCreateDirectory(folder, p, p);
    case 28: return raw.pathFilestatGet(folder, 0, p, p, p);
    case 29: return raw.pathFilestatSetTimes(folder, 0, p, p, w, w, p);
    case 30: return raw.pathLink(folder, 0, p, p, folder, p, p);
    case 31: return raw.pathOpen(folder, 0, p, p, p, w, w, p, p);
    case 32: return raw.pathReadlink(folder, p, p, p, p, p);
    case 33: return raw.pathRemoveDirectory(folder, p, p);
    case 34: return raw.pathRename(folder, p, p, folder, p, p);
    case 35: return raw.pathSymlink(p, p, folder, p, p);
    case 36: return raw.pathUnlinkFile(folder, p, p);
    case 37: return raw.pollOneoff(p, p, p, p);
    case 38: return raw.procRaise(p);
    case 39: return raw.schedYield();
    case 40: return raw.randomGet(p, p);
    case 41: return raw.sockAccept(fd, p, p);
    case 42: return raw.sockRecv(fd, p, p, p, p, p);
    case 43: return raw.sockSend(fd, p, p, p, p);
    case 44: return raw.sockShutdown(fd, p);
    default: return -1;
  }
}
