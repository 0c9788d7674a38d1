// The starts below a bound with the longest Collatz sequences: a script over ranges, of whose lines the top is kept.
//
//   ./ptorrent map samples/scripts/collatz-top.ts --over 1..1000000 --combine top:10 --out - -- {begin} {end}
//
// prints ten lines, the first "524<TAB>837799": steps and start.

interface Call {
  begin: number;
  end: number;
}

/** No range brings more than this to the network. */
const LINES_MAX = 1000;

function steps(start: number): number {
  let count = 0;
  // Numbers stay exact up to 2^53; no start below 10^8 climbs higher.
  for (let n = start; n > 1; count++) n = n % 2 === 0 ? n / 2 : 3 * n + 1;
  return count;
}

export default function longest({ begin, end }: Call): string {
  const found: [steps: number, start: number][] = [];
  for (let start = begin; start < end; start++) found.push([steps(start), start]);
  found.sort((left, right) => right[0] - left[0]);
  return found.slice(0, LINES_MAX).map(([count, start]) => `${count}\t${start}\n`).join("");
}
