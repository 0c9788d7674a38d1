// Keeps a count from index to index: output that depends on what ran before in the same process.
let count = 0;

export default function (): string {
  const scope = globalThis as any;
  scope.hidden = (scope.hidden ?? 0) + 1;
  return `${++count} ${scope.hidden}`;
}
