// Returns bytes whose memory goes away or changes while they are read.
export default function ({ index }: { index: number }): unknown {
  const bytes = new Uint8Array(64).fill(65);
  if (index === 0) {
    structuredClone(bytes, { transfer: [bytes.buffer] });
    return bytes;
  }

  const buffer = new ArrayBuffer(64, { maxByteLength: 128 });
  const view = new Uint8Array(buffer, 32);
  buffer.resize(16);
  return index === 1 ? view : Object.defineProperty(bytes, "length", { value: 1e9 });
}
