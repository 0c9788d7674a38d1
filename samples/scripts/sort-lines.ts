// Sorts the lines of files: a script that is called once for each file and returns a file.
//
//   ./ptorrent map samples/scripts/sort-lines.ts --files 'lists/*.txt' --combine files --out sorted/
//
// Each input becomes a file of the same name in the folder sorted.

interface Call {
  name: string;
  input: Uint8Array;
}

export default function sortLines({ name, input }: Call) {
  const lines = new TextDecoder().decode(input).split("\n").filter((line) => line !== "");
  return { output: "", files: { [name]: lines.sort().join("\n") + "\n" } };
}
