// Takes all the memory that there is, in small objects and in large blocks, and touches it.
export default function ({ index }: { index: number }): number {
  const hoard: unknown[] = [];
  for (;;) hoard.push(index === 0 ? [hoard.length, String(hoard.length)] : new Uint8Array(64 << 20).fill(1));
}
