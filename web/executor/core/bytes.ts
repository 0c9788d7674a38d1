import { ProtocolError } from "./failures.js";

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const EMPTY = new Uint8Array(0);

/** Above this, a buffer that served a large frame is given back instead of kept for the next. */
const RETAINED_BYTES_MAX = 8 << 20;

/** Texts up to this length are encoded in place; longer ones would reserve three times what they need. */
const IN_PLACE_CHARACTERS_MAX = 64 << 10;

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Takes the fields of one body from its front. The views that it returns are the body's own bytes: copy to keep. */
export class ByteReader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  fixed(length: number): Uint8Array<ArrayBuffer> {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.fixed(this.u32());
  }

  text(): string {
    const bytes = this.bytes();
    if (bytes.length === 0) {
      return "";
    }

    try {
      return strictDecoder.decode(bytes);
    } catch {
      throw new ProtocolError("a text is not UTF-8");
    }
  }

  /** Reads a count and that many elements, each of which takes at least `elementBytesMin`. */
  list<T>(elementBytesMin: number, element: () => T): T[] {
    const count = this.u32();
    if (count * elementBytesMin > this.remaining) {
      throw new ProtocolError(`a list says ${count} elements, more than its body can hold`);
    }

    const elements: T[] = [];
    for (let i = 0; i < count; i++) {
      elements.push(element());
    }

    return elements;
  }

  /** The body must have been read to its last byte. */
  end(): void {
    if (this.remaining !== 0) {
      throw new ProtocolError(`a body is ${this.remaining} bytes longer than its fields`);
    }
  }

  #take(length: number): number {
    if (length > this.remaining) {
      throw new ProtocolError(`a body ends ${length - this.remaining} bytes before its fields do`);
    }

    const at = this.#at;
    this.#at += length;
    return at;
  }
}

/** A buffer that grows by doubling. */
export class ByteWriter {
  bytes: Uint8Array;
  length = 0;
  #view: DataView;
  readonly #startBytes: number;

  constructor(startBytes = 64 << 10) {
    this.#startBytes = startBytes;
    this.bytes = new Uint8Array(startBytes);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Forgets what was written, and the memory too where it is much. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length > RETAINED_BYTES_MAX) {
      this.#replace(new Uint8Array(this.#startBytes));
    }
  }

  /** What was written, as a view. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  u8(value: number): void {
    this.#view.setUint8(this.#make(1), value);
  }

  u32(value: number): void {
    const at = this.#make(4);
    this.#view.setUint32(at, value, true);
  }

  u64(value: bigint): void {
    const at = this.#make(8);
    this.#view.setBigUint64(at, value, true);
  }

  append(bytes: Uint8Array): void {
    const at = this.#make(bytes.length);
    this.bytes.set(bytes, at);
  }

  prefixed(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.append(bytes);
  }

  text(text: string): void {
    if (text.length > IN_PLACE_CHARACTERS_MAX) {
      this.prefixed(encoder.encode(text));
      return;
    }

    const lengthAt = this.#make(4);
    const at = this.#make(text.length * 3);
    const { written } = encoder.encodeInto(text, this.bytes.subarray(at));
    this.length = at + written;
    this.patchU32(lengthAt, written);
  }

  /** Appends a string whose characters are bytes. */
  binaryText(text: string): void {
    const at = this.#make(text.length);
    for (let i = 0; i < text.length; i++) {
      this.bytes[at + i] = text.charCodeAt(i);
    }
  }

  patchU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  patchU64(at: number, value: bigint): void {
    this.#view.setBigUint64(at, value, true);
  }

  /** Makes `length` bytes at the end and says where they begin. */
  #make(length: number): number {
    const at = this.length;
    const needed = at + length;
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, at));
      this.#replace(grown);
    }

    this.length = needed;
    return at;
  }

  #replace(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

/** Cuts a stream of bytes into frames. */
export class FrameSplitter {
  /** The type of the frame that `next` found. */
  type = 0;
  /** Its body: a view that is good until `next` or `space` is called again. */
  body: Uint8Array<ArrayBuffer> = EMPTY;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #begin = 0;
  #end = 0;

  constructor(
    readonly bodyBytesMax: number,
    readonly startBytes = 64 << 10,
  ) {
    this.#bytes = new Uint8Array(startBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Whether a frame has begun that has not come to its end. */
  get isInsideFrame(): boolean {
    return this.#end > this.#begin;
  }

  /** Room to read into; `filled` says how much of it was used. */
  space(): Uint8Array {
    const held = this.#end - this.#begin;
    const needed = held >= FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES + this.#bodyLength() : FRAME_HEADER_BYTES;
    if (held === 0 && this.#bytes.length > RETAINED_BYTES_MAX) {
      this.#move(new Uint8Array(this.startBytes));
    } else if (needed > this.#bytes.length) {
      this.#move(new Uint8Array(needed));
    } else if (held === 0 || this.#begin + needed > this.#bytes.length || this.#end === this.#bytes.length) {
      this.#move(this.#bytes);
    }

    return this.#bytes.subarray(this.#end);
  }

  filled(count: number): void {
    this.#end += count;
  }

  /** Finds the next whole frame; false when more bytes are needed. */
  next(): boolean {
    if (this.#end - this.#begin < FRAME_HEADER_BYTES) {
      return false;
    }

    const length = this.#bodyLength();
    const bodyAt = this.#begin + FRAME_HEADER_BYTES;
    if (this.#end - bodyAt < length) {
      return false;
    }

    this.type = this.#bytes[this.#begin + 4]!;
    this.body = this.#bytes.subarray(bodyAt, bodyAt + length);
    this.#begin = bodyAt + length;
    return true;
  }

  #bodyLength(): number {
    const length = this.#view.getUint32(this.#begin, true);
    if (length > this.bodyBytesMax) {
      throw new ProtocolError(`a frame's body has ${length} bytes; at most ${this.bodyBytesMax} are allowed`);
    }

    return length;
  }

  #move(target: Uint8Array<ArrayBuffer>): void {
    target.set(this.#bytes.subarray(this.#begin, this.#end));
    this.#end -= this.#begin;
    this.#begin = 0;
    if (target !== this.#bytes) {
      this.#bytes = target;
      this.#view = new DataView(target.buffer);
    }
  }
}

/** Length and type. */
export const FRAME_HEADER_BYTES = 5;
