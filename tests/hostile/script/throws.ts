// Fails at one index of many, by an error with a message and a line.
export default function ({ index }: { index: number }): string {
  if (index === 7) {
    throw new RangeError(`the disk is on fire at index ${index}`);
  }

  return String(index);
}
