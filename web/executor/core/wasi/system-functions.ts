import type { GuestMemory } from "../guest-memory.js";
import { CLOCK_ABSOLUTE, Errno, EventType, fail } from "./abi.js";
import { ExitSignal, type WasiRun } from "./run.js";

/** Subscriptions of one poll_oneoff. */
const SUBSCRIPTION_COUNT_MAX = 1024;
const SUBSCRIPTION_BYTES = 48;
const EVENT_BYTES = 32;
const CLOCK_COUNT = 4;
const ABORT_SIGNAL_BASE = 128;

/** Fuel for a random byte: making one takes longer than moving one. */
const RANDOM_BYTE_FUEL = 4;

/** The functions of preview 1 that are about the process: its arguments, clocks, random bytes, waiting and its end. */
export function systemFunctions(run: () => WasiRun) {
  return {
    args_sizes_get: (count: number, size: number) => textSizes(run(), run().arguments, count, size),
    args_get: (pointers: number, texts: number) => copyTexts(run(), run().arguments, pointers, texts),
    environ_sizes_get: (count: number, size: number) => textSizes(run(), run().environment, count, size),
    environ_get: (pointers: number, texts: number) => copyTexts(run(), run().environment, pointers, texts),
    clock_res_get: (clock: number, result: number) => {
      checkClock(clock);
      run().memory.setU64(result, 1n);
      return Errno.SUCCESS;
    },
    clock_time_get: (clock: number, _precision: bigint, result: number) => {
      checkClock(clock);
      run().memory.setU64(result, run().now());
      return Errno.SUCCESS;
    },
    random_get: (pointer: number, length: number) => {
      const bytes = run().memory.bytes(pointer, length);
      run().meter.charge(RANDOM_BYTE_FUEL * bytes.length);
      run().prng.fill(bytes);
      return Errno.SUCCESS;
    },
    poll_oneoff: (subscriptions: number, events: number, count: number, eventCount: number) =>
      poll(run(), subscriptions, events, count >>> 0, eventCount),
    proc_exit: (code: number): never => {
      throw new ExitSignal(code >>> 0);
    },
    proc_raise: (signal: number): never => {
      throw new ExitSignal(ABORT_SIGNAL_BASE + (signal & 0x7f));
    },
    sched_yield: () => Errno.SUCCESS,
    sock_accept: () => Errno.NOTSUP,
    sock_recv: () => Errno.NOTSUP,
    sock_send: () => Errno.NOTSUP,
    sock_shutdown: () => Errno.NOTSUP,
  };
}

function textSizes(run: WasiRun, texts: readonly Uint8Array[], count: number, size: number): Errno {
  run.memory.setU32(count, texts.length);
  run.memory.setU32(size, texts.reduce((sum, text) => sum + text.length + 1, 0));
  return Errno.SUCCESS;
}

/** C's form: pointers in one place, texts that end in zero in another. */
function copyTexts(run: WasiRun, texts: readonly Uint8Array[], pointers: number, target: number): Errno {
  let at = target >>> 0;
  for (const [i, text] of texts.entries()) {
    run.meter.charge(text.length + 1);
    run.memory.setU32((pointers >>> 0) + 4 * i, at);
    run.memory.bytes(at, text.length).set(text);
    run.memory.setU8(at + text.length, 0);
    at += text.length + 1;
  }

  return Errno.SUCCESS;
}

/** Realtime, monotonic and the two CPU times are one virtual clock. */
function checkClock(clock: number): void {
  if (clock >>> 0 >= CLOCK_COUNT) {
    fail(Errno.INVAL);
  }
}

interface Subscription {
  readonly userData: bigint;
  readonly type: number;
  readonly errno: Errno;
  /** Nanoseconds until a clock's event; 0 for files, which are always ready. */
  readonly wait: bigint;
}

/** Never waits: files are ready; where only clocks are asked for, the virtual clock goes on to the first of them. */
function poll(run: WasiRun, subscriptions: number, events: number, count: number, eventCount: number): Errno {
  if (count === 0 || count > SUBSCRIPTION_COUNT_MAX) {
    fail(Errno.INVAL);
  }

  const { memory } = run;
  run.meter.charge(count * (SUBSCRIPTION_BYTES + EVENT_BYTES));
  memory.bytes(subscriptions, count * SUBSCRIPTION_BYTES);
  memory.bytes(events, count * EVENT_BYTES);
  const asked: Subscription[] = [];
  for (let i = 0; i < count; i++) {
    asked.push(readSubscription(run, (subscriptions >>> 0) + i * SUBSCRIPTION_BYTES));
  }

  const shortest = asked.reduce((least, { wait }) => (wait < least ? wait : least), asked[0]!.wait);
  run.sleep(shortest);
  const due = asked.filter(({ wait }) => wait <= shortest);
  for (const [i, subscription] of due.entries()) {
    writeEvent(memory, (events >>> 0) + i * EVENT_BYTES, subscription);
  }

  memory.setU32(eventCount, due.length);
  return Errno.SUCCESS;
}

function readSubscription(run: WasiRun, at: number): Subscription {
  const { memory } = run;
  const userData = memory.u64(at);
  const type = memory.u8(at + 8);
  if (type !== EventType.CLOCK) {
    const isKnown = type === EventType.FD_READ || type === EventType.FD_WRITE;
    return { userData, type, errno: isKnown ? Errno.SUCCESS : Errno.INVAL, wait: 0n };
  }

  if (memory.u32(at + 16) >= CLOCK_COUNT) {
    return { userData, type, errno: Errno.INVAL, wait: 0n };
  }

  const timeout = memory.u64(at + 24);
  const isAbsolute = (memory.u16(at + 40) & CLOCK_ABSOLUTE) !== 0;
  const now = run.now();
  const wait = isAbsolute ? (timeout > now ? timeout - now : 0n) : timeout;
  return { userData, type, errno: Errno.SUCCESS, wait };
}

function writeEvent(memory: GuestMemory, at: number, { userData, type, errno }: Subscription): void {
  memory.bytes(at, EVENT_BYTES).fill(0);
  memory.setU64(at, userData);
  memory.setU16(at + 8, errno);
  memory.setU8(at + 10, type);
  if (type !== EventType.CLOCK) {
    memory.setU64(at + 16, 1n);
  }
}
