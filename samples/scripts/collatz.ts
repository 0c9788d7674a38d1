// The start below a bound with the longest Collatz sequence: a script over ranges with a merge of its own. Scripts are
// TypeScript or JavaScript and need no build.
//
//   ./ptorrent map samples/scripts/collatz.ts --over 1..1000000 --combine merge --out - -- {begin} {end}
//
// prints "837799 524": the start and its steps.

interface Call {
  begin: number;
  end: number;
}

function steps(start: number): number {
  let count = 0;
  // Numbers stay exact up to 2^53; no start below 10^8 climbs higher.
  for (let n = start; n > 1; count++) n = n % 2 === 0 ? n / 2 : 3 * n + 1;
  return count;
}

/** Called once for each range [begin, end) that this machine was given. */
export default function longest({ begin, end }: Call): string {
  let best = Math.max(begin, 1);
  let bestSteps = -1;
  for (let start = best; start < end; start++) {
    const count = steps(start);
    if (count > bestSteps) [best, bestSteps] = [start, count];
  }
  return `${best} ${Math.max(bestSteps, 0)}\n`;
}

/** Combines the outputs of two neighbouring ranges; the left one has the smaller starts. */
export function merge(left: Uint8Array, right: Uint8Array): Uint8Array {
  const stepsOf = (line: Uint8Array) => Number(new TextDecoder().decode(line).split(" ")[1]);
  return stepsOf(right) > stepsOf(left) ? right : left;
}
