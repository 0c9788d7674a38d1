import type { ProgramCall } from "./program.js";

/** The placeholders of Ptorrent.Model.Jobs.Placeholder. One pass: what is put in is not searched again. */
const PLACEHOLDER = /\{(index|begin|end|file|name|line)\}/g;

/** Whether any of `texts` has a placeholder at all; most have none, and then one array serves every call. */
export function havePlaceholders(texts: readonly string[]): boolean {
  return texts.some((text) => text.search(PLACEHOLDER) >= 0);
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function fileName(call: ProgramCall): string | null {
  return call.input?.name ?? null;
}

/** `text` for one call. A placeholder without a meaning there, such as {file} without an input, stays as it is. */
export function replacePlaceholders(text: string, call: ProgramCall): string {
  return text.replace(PLACEHOLDER, (whole, word: string) => {
    switch (word) {
      case "index":
        return call.isItem ? call.begin.toString() : whole;
      case "begin":
        return call.begin.toString();
      case "end":
        return call.end.toString();
      case "file":
        return fileName(call) === null ? whole : `/in/${fileName(call)}`;
      case "name":
        return fileName(call) ?? whole;
      default:
        return call.input === null || call.input.name !== null ? whole : decoder.decode(call.input.content);
    }
  });
}
