import { lastCharacters } from "../failures.js";
import type { InputContent } from "../frames.js";
import { GuestMemory } from "../guest-memory.js";
import type { Meter } from "../meter.js";
import type { OutputSink } from "../output.js";
import type { Prng } from "../prng.js";
import { DescriptorTable, FileDescriptor, FolderDescriptor, StreamDescriptor } from "./descriptors.js";
import { FileTree, RegularFile } from "./files.js";

/** 2000-01-01T00:00:00Z in nanoseconds since 1970: where every program's clocks start. */
export const CLOCK_START = 946_684_800_000_000_000n;

/** Bytes of standard error that are kept: enough for 4,096 characters. */
const STANDARD_ERROR_BYTES_MAX = 16 << 10;

/** Thrown by proc_exit to leave the module. */
export class ExitSignal {
  constructor(readonly code: number) {}
}

/** What one run of a command is given. */
export interface WasiSetup {
  readonly memory: WebAssembly.Memory;
  readonly meter: Meter;
  readonly sink: OutputSink;
  readonly arguments: readonly Uint8Array[];
  readonly environment: readonly Uint8Array[];
  readonly input: InputContent | null;
  /** Makes the generator when the program first wants random bytes; most never do. */
  readonly makePrng: () => Prng;
}

/** The state of one run of a command: everything that its host functions see. */
export class WasiRun {
  readonly memory: GuestMemory;
  readonly meter: Meter;
  readonly sink: OutputSink;
  readonly arguments: readonly Uint8Array[];
  readonly environment: readonly Uint8Array[];
  readonly tree: FileTree;
  readonly descriptors: DescriptorTable;
  #sleptNanos = 0n;
  #standardError = new Uint8Array(0);
  #prng: Prng | null = null;
  readonly #makePrng: () => Prng;

  constructor(setup: WasiSetup) {
    this.memory = new GuestMemory(setup.memory);
    this.meter = setup.meter;
    this.sink = setup.sink;
    this.arguments = setup.arguments;
    this.environment = setup.environment;
    this.#makePrng = setup.makePrng;
    this.tree = new FileTree(setup.sink.space, () => this.now(), setup.input);
    this.descriptors = new DescriptorTable(this.tree);
    const standardInput = new RegularFile(0n, true, setup.input?.content ?? new Uint8Array(0), CLOCK_START);
    this.descriptors.add(new FileDescriptor(standardInput, true, false, false));
    this.descriptors.add(new StreamDescriptor((bytes) => setup.sink.append(bytes)));
    this.descriptors.add(new StreamDescriptor((bytes) => this.#keepStandardError(bytes)));
    this.descriptors.add(new FolderDescriptor(this.tree.root, "/"));
  }

  /** Virtual nanoseconds since 1970: one for each unit of fuel, and what was slept. */
  now(): bigint {
    return BigInt.asUintN(64, CLOCK_START + this.meter.burnt + this.#sleptNanos);
  }

  sleep(nanos: bigint): void {
    this.#sleptNanos = BigInt.asUintN(64, this.#sleptNanos + nanos);
  }

  get prng(): Prng {
    this.#prng ??= this.#makePrng();
    return this.#prng;
  }

  /** The last characters that the program wrote to standard error. */
  standardErrorTail(): string {
    return lastCharacters(new TextDecoder().decode(this.#standardError)).trimEnd();
  }

  #keepStandardError(bytes: Uint8Array): void {
    const added = bytes.subarray(Math.max(0, bytes.length - STANDARD_ERROR_BYTES_MAX));
    const kept = this.#standardError.subarray(
      Math.max(0, this.#standardError.length + added.length - STANDARD_ERROR_BYTES_MAX),
    );
    const joined = new Uint8Array(kept.length + added.length);
    joined.set(kept);
    joined.set(added, kept.length);
    this.#standardError = joined;
  }
}
