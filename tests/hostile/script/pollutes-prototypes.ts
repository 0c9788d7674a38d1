// Changes what every object inherits and every function that the executor may call after it. The next index must
// still be served, or the process replaced; and what this one returns must be what it returned.
export default function ({ index }: { index: number }): string {
  const scope = globalThis as any;
  if (index === 0) return "clean";
  const forged = () => new Uint8Array([102, 111, 114, 103, 101, 100]);
  scope.Object.prototype.output = "forged";
  scope.Object.prototype.files = { "../forged": "forged" };
  scope.Object.prototype.toJSON = forged;
  scope.Array.prototype.push = forged;
  scope.Array.prototype[Symbol.iterator] = function* () {
    yield "forged";
  };
  scope.Array.prototype.map = forged;
  scope.Uint8Array.prototype.set = forged;
  scope.Uint8Array.prototype.subarray = forged;
  scope.Map.prototype.get = () => undefined;
  scope.Promise.prototype.then = function () {
    return this;
  };
  scope.TextEncoder.prototype.encode = forged;
  scope.TextDecoder.prototype.decode = () => "forged";
  scope.DataView.prototype.setUint32 = () => {};
  scope.DataView.prototype.getUint32 = () => 0;
  scope.String.prototype.slice = () => "forged";
  scope.String = () => "forged";
  scope.Error.prepareStackTrace = () => {
    throw new Error("forged");
  };
  return "changed";
}
