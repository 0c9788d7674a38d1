// Leaves a rejected promise behind that nobody handles, and returns as if nothing were.
export default function (): string {
  Promise.reject(new Error("nobody handles this"));
  return "returned";
}
