// Returns what can be no result, another thing at each index.
export default function ({ index }: { index: number }): unknown {
  const circle: Record<string, unknown> = {};
  circle.output = circle;
  const things = [
    Symbol("symbol"), () => 1, circle, { output: 5, files: 7 }, { files: { "../../etc/passwd": "x" } },
    { files: { "/absolute": "x" } }, { files: { "": "x" } }, { output: { length: 1e9 } }, new Map(), true,
    { then(settle: (value: unknown) => void) { settle({ then: 7, output: Symbol("deep") }); } },
    new Proxy({}, { get() { throw new Error("do not look"); }, has() { throw new Error("do not ask"); } }),
    { files: { "a\0b": "x" } }, { files: new Proxy({}, { ownKeys() { throw new Error("no names"); } }) },
  ];
  return things[index % things.length];
}
