// Returns a text of half a thousand million characters, which costs its maker almost nothing.
export default function () {
  return "€".repeat(500_000_000);
}
