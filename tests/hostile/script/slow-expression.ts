// A regular expression of catastrophic time: no loop in the script, the engine itself is busy.
export default function () {
  return /^(\w+\s?)*$/.test("a".repeat(60) + "!") ? "yes" : "no";
}
