// Words to standard output and error for the probes, and memory that they share.

import { fdWrite, procExit } from "./raw";

/** Results of calls: 64 bytes that nothing else uses. */
export const results: i32 = <i32>memory.data(64);
const vector: i32 = <i32>memory.data(8);

export function say(text: string): void {
  put(1, text);
}

export function complain(text: string): void {
  put(2, text);
}

function put(fd: i32, text: string): void {
  const bytes = String.UTF8.encode(text);
  store<usize>(vector, changetype<usize>(bytes));
  store<i32>(vector, bytes.byteLength, 4);
  if (fdWrite(fd, vector, 1, results) != 0) procExit(111);
}

/** Ends with exit code 1 and the reason on standard error. */
export function giveUp(reason: string): void {
  complain(reason);
  procExit(1);
}
