// Looks for a real clock behind the virtual ones. Prints the names of those that moved by themselves while it was busy.
export default function () {
  const clocks: Record<string, () => number> = {};
  const add = (name: string, clock: () => unknown) => {
    clocks[name] = () => {
      try {
        return Number(clock());
      } catch {
        return 0;
      }
    };
  };
  const scope = globalThis as any;
  add("event", () => new Event("x").timeStamp);
  add("origin", () => scope.performance.timeOrigin);
  add("mark", () => scope.performance.mark("x").startTime);
  add("file", () => new File([], "x").lastModified);
  add("intl", () => new Intl.DateTimeFormat("en", { fractionalSecondDigits: 3, second: "numeric" } as object).format());
  add("constructor", () => new (new Date(0).constructor as DateConstructor)().getTime());
  add("temporal", () => scope.Temporal.Now.instant().epochMilliseconds);
  add("hrtime", () => scope.process.hrtime()[1]);
  add("animation", () => scope.document.timeline.currentTime);
  const before = Object.entries(clocks).map(([, read]) => read());
  let sum = 0;
  for (let i = 0; i < 5e7; i++) sum += i % 7;
  const moved = Object.entries(clocks).filter(([, read], i) => Math.abs(read() - before[i]) > 5);
  return moved.map(([name]) => name).join(" ") + (sum > 0 ? "" : " ");
}
