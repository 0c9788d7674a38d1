// Looks for real chance behind the virtual one: prints it, so that two runs differ where it found some.
export default async function () {
  const scope = globalThis as any;
  const sources: (() => unknown)[] = [
    () => scope.crypto.getRandomValues(new Uint32Array(4)).join(), () => scope.crypto.randomUUID(),
    () => URL.createObjectURL(new Blob(["x"])), () => scope.Deno.pid, () => scope.process.pid,
    () => new Error("x").stack, () => scope.navigator.hardwareConcurrency, () => scope.Deno.memoryUsage().rss,
    () => scope.performance.memory.usedJSHeapSize, () => scope.process.memoryUsage.rss(),
  ];
  const found: string[] = [];
  for (const source of sources) {
    try {
      found.push(String(await source()));
    } catch {
      found.push("-");
    }
  }
  return found.join("\n");
}
