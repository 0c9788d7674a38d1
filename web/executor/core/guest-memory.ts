import { ProgramFault, TrapCode } from "./failures.js";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A module's linear memory as the host functions see it: each access is checked first, and pointers are unsigned though
 * WebAssembly hands them over as signed numbers.
 */
export class GuestMemory {
  readonly #memory: WebAssembly.Memory;
  #bytes: Uint8Array;
  #view: DataView;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  /** A view of `length` bytes at `pointer`, good until the module runs again. */
  bytes(pointer: number, length: number): Uint8Array {
    const at = this.#check(pointer, length >>> 0);
    return this.#bytes.subarray(at, at + (length >>> 0));
  }

  u8(pointer: number): number {
    return this.#view.getUint8(this.#check(pointer, 1));
  }

  u16(pointer: number): number {
    const at = this.#check(pointer, 2);
    return this.#view.getUint16(at, true);
  }

  u32(pointer: number): number {
    const at = this.#check(pointer, 4);
    return this.#view.getUint32(at, true);
  }

  u64(pointer: number): bigint {
    const at = this.#check(pointer, 8);
    return this.#view.getBigUint64(at, true);
  }

  setU8(pointer: number, value: number): void {
    this.#view.setUint8(this.#check(pointer, 1), value);
  }

  setU16(pointer: number, value: number): void {
    const at = this.#check(pointer, 2);
    this.#view.setUint16(at, value, true);
  }

  setU32(pointer: number, value: number): void {
    const at = this.#check(pointer, 4);
    this.#view.setUint32(at, value, true);
  }

  setU64(pointer: number, value: bigint): void {
    const at = this.#check(pointer, 8);
    this.#view.setBigUint64(at, value, true);
  }

  /** Text for people: what is not UTF-8 becomes replacement characters. */
  text(pointer: number, length: number): string {
    return decoder.decode(this.bytes(pointer, length));
  }

  /** Text that names something; null where it is not UTF-8. */
  strictText(pointer: number, length: number): string | null {
    const bytes = this.bytes(pointer, length);
    try {
      return strictDecoder.decode(bytes);
    } catch {
      return null;
    }
  }

  #check(pointer: number, length: number): number {
    if (this.#memory.buffer !== this.#bytes.buffer) {
      this.#bytes = new Uint8Array(this.#memory.buffer);
      this.#view = new DataView(this.#memory.buffer);
    }

    const at = pointer >>> 0;
    if (at + length > this.#bytes.length) {
      const rule = `a host function was given ${length} bytes at ${at}, outside memory`;
      throw new ProgramFault(TrapCode.OutOfBounds, rule);
    }

    return at;
  }
}
