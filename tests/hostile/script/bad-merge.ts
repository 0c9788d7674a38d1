// Runs well; its merge does not, in the way that the left part says.
export default function ({ index }: { index: number }): string {
  return String(index);
}

export function merge(left: Uint8Array): unknown {
  if (left[0] === 48) throw new Error("no merging today");
  return left[0] === 49 ? Symbol("symbol") : undefined;
}
