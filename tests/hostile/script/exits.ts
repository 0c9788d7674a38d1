// Tries to end the process, in the way that the index chooses. It must live, or be replaced by another.
export default function ({ index }: { index: number }): string {
  const scope = globalThis as any;
  const ways: (() => unknown)[] = [
    () => scope.Deno.exit(0), () => scope.process.exit(0), () => scope.process.kill(scope.process.pid, "SIGKILL"),
    () => scope.process.abort(), () => (() => {}).constructor("return Deno")().exit(0), () => scope.close(),
    () => scope.self.close(), () => scope.process.reallyExit(0), () => scope.Deno.kill(scope.Deno.pid, "SIGKILL"),
    () => queueMicrotask(() => scope.Deno.exit(0)), () => Promise.reject(new Error("nobody handles this")),
    () => scope.dispatchEvent(new Event("unload")), () => scope.reportError(new Error("nobody handles this")),
  ];
  try {
    ways[index % ways.length]();
  } catch {
    // Refused, as it should be.
  }
  return "alive";
}
