// Returns a promise that nobody will ever settle.
export default function () {
  return new Promise(() => {});
}
