// Throws what is no error, and what cannot even be looked at: its text throws as well.
export default function ({ index }: { index: number }) {
  const things = [
    undefined, null, 7, "text", Symbol("symbol"), () => 1, Object.create(null),
    { toString() { throw this; } },
    new Proxy({}, { get() { throw new Error("do not look"); }, getPrototypeOf() { throw new Error("do not ask"); } }),
    Object.defineProperty(new Error("x"), "message", { get() { throw new Error("no message"); } }),
    Object.assign(new Error("x"), { message: { toString: () => { throw new Error("no text"); } } }),
    Object.assign(new Error("x"), { message: "long ".repeat(1e6) }),
  ];
  throw things[index % things.length];
}
