// Looks around: environment, clocks, random numbers, sockets, signals.

import * as raw from "./raw";
import { complain, giveUp, results, say } from "./output";

/** Prints the environment, an entry a line, in ordinal order as it comes. */
export function printEnvironment(): void {
  raw.environSizesGet(results, results + 4);
  const count = load<i32>(results);
  const pointers = <i32>heap.alloc(count * 4 + 4);
  raw.environGet(pointers, <i32>heap.alloc(load<i32>(results, 4) + 1));
  for (let i = 0; i < count; i++) {
    const begin = load<usize>(pointers + i * 4);
    let end = begin;
    while (load<u8>(end) != 0) end++;
    say(String.UTF8.decodeUnsafe(begin, end - begin) + "\n");
  }
}

/** Prints the second that each clock shows at the start, and how much each has moved after some work. */
export function printClocks(): void {
  for (let clock = 0; clock < 4; clock++) {
    if (raw.clockTimeGet(clock, 0, results) != 0) {
      say("none\n");
      continue;
    }
    const first = load<i64>(results);
    let sum = 0;
    for (let i = 0; i < 1000000; i++) sum += i ^ sum;
    store<i32>(results, sum, 16);
    raw.clockTimeGet(clock, 0, results);
    say((first / 1000000000).toString() + " " + (load<i64>(results) - first).toString() + "\n");
  }
}

/** Prints random bytes: the same in every run of the same job and index. */
export function printRandom(): void {
  let text = "";
  raw.randomGet(results, 16);
  for (let i = 0; i < 16; i++) text += load<u8>(results + i).toString(16).padStart(2, "0");
  say(text + "\n");
}

/** Asks for as many random bytes as it has memory, again and again. */
export function drainRandom(): void {
  const bytes = 16 << 20;
  const pointer = <i32>heap.alloc(bytes);
  while (true) raw.randomGet(pointer, bytes);
}

/** Prints what the socket functions answer on descriptors that it has and that it has not. */
export function useSockets(): void {
  for (let fd = 0; fd < 6; fd++) {
    say(
      raw.sockAccept(fd, 0, results).toString() + " "
      + raw.sockRecv(fd, results, 0, 0, results, results).toString() + " "
      + raw.sockSend(fd, results, 0, 0, results).toString() + " " + raw.sockShutdown(fd, 3).toString() + "\n");
  }
}

/** Sleeps for a hundred years, on each clock, relative and absolute. */
export function sleepLong(): void {
  const subscription = <i32>heap.alloc(48);
  const event = <i32>heap.alloc(32);
  for (let clock = 0; clock < 2; clock++) {
    for (let flags = 0; flags < 2; flags++) {
      memory.fill(subscription, 0, 48);
      store<i32>(subscription, clock, 16);
      store<i64>(subscription, 3155760000 * 1000000000, 24);
      store<u16>(subscription, <u16>flags, 40);
      raw.pollOneoff(subscription, event, 1, results);
    }
  }
  say("awake\n");
}

/** Waits for a million things at once. */
export function pollMany(): void {
  const count = 1000000;
  const subscriptions = <i32>heap.alloc(count * 48);
  const events = <i32>heap.alloc(count * 32);
  memory.fill(subscriptions, 0, count * 48);
  for (let i = 0; i < 100; i++) raw.pollOneoff(subscriptions, events, count, results);
  say("awake\n");
}

export function yieldForever(): void {
  while (true) raw.schedYield();
}

/** Sends itself every signal. */
export function raiseSignals(): void {
  for (let signal = 0; signal < 32; signal++) raw.procRaise(signal);
  say("alive\n");
}

export function exitWithCode(): void {
  say("half a result\n");
  complain("warming up\n");
  complain("the disk is on fire\n");
  raw.procExit(3);
}

export function exitWell(): void {
  say("done early\n");
  raw.procExit(0);
  say("still here\n");
}

/** Exit codes are 32 bits wide, whatever a process's would be: 256 is not 0. */
export function exitWithLargeCode(): void {
  raw.procExit(256);
}

/** Prints its arguments, one a line. */
export function printArguments(list: string[]): void {
  for (let i = 0; i < list.length; i++) say(list[i] + "\n");
}

/** Takes all memory there is, in AssemblyScript's own way: its allocator traps where there is no more. */
export function hoard(): void {
  while (true) {
    const pointer = heap.alloc(1 << 20);
    memory.fill(pointer, 0x5a, 1 << 20);
    if (pointer == 0) giveUp("no memory");
  }
}
