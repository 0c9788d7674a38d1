// Counts the words of many texts: a script that is called once for each file and whose lines become one histogram.
//
//   ./ptorrent map samples/scripts/word-count.ts --files 'docs/**/*.md' --combine histogram --out words.txt
//
// writes every word that any of the files has, in order, each with a tab and how often it came.

interface Call {
  input: Uint8Array;
}

export default function wordCount({ input }: Call): string {
  const words = new TextDecoder().decode(input).toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => `${word}\t${count}\n`).join("");
}
