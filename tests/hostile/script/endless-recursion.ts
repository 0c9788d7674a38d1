// Calls itself until the engine's stack is used up; an ordinary error of the script, not of the executor.
export default function deeper(): number {
  return 1 + deeper();
}
