// Searches the lowest point of a hilly function (Rastrigin's, in ten dimensions) from many random starts: a script
// that is called once for each index, and numbers of which only the smallest is kept.
//
//   ./ptorrent map samples/scripts/minimum.ts --over 0..200 --combine min --param steps=20000 --seed 7 --out -
//
// The true minimum is 0. Math.random gives numbers that depend on the job's seed and the index alone, so the same
// command gives the same result wherever it runs.

interface Call {
  parameters: Record<string, string>;
}

const dimensions = 10;

function height(point: number[]): number {
  return point.reduce((sum, x) => sum + x * x - 10 * Math.cos(2 * Math.PI * x) + 10, 0);
}

/** Simulated annealing: steps downhill are taken, steps uphill ever more rarely. */
export default function search({ parameters }: Call): string {
  const steps = Number(parameters.steps ?? 20000);
  const point = Array.from({ length: dimensions }, () => 10.24 * Math.random() - 5.12);
  let current = height(point);
  let lowest = current;
  for (let step = 0; step < steps; step++) {
    const warmth = 1 - step / steps;
    const axis = Math.floor(Math.random() * dimensions);
    const before = point[axis];
    point[axis] += (Math.random() - 0.5) * (0.05 + 3 * warmth);
    const next = height(point);
    if (next <= current || Math.random() < Math.exp((current - next) / (8 * warmth * warmth + 1e-6))) current = next;
    else point[axis] = before;
    lowest = Math.min(lowest, current);
  }
  return lowest.toFixed(6);
}
