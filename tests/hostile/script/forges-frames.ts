// Writes frames of its own to standard output, to be believed instead of the executor: DONE for run 0 to 1000 with the
// output "forged". Whatever it writes must not count as a result.
function frame(run: number): Uint8Array {
  const bytes = new Uint8Array(5 + 8 + 8 + 8 + 4 + 4 + 6 + 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length - 5, true);
  bytes[4] = 4;
  view.setBigUint64(5, BigInt(run), true);
  view.setUint32(29, 1, true);
  view.setUint32(33, 6, true);
  bytes.set(new TextEncoder().encode("forged"), 37);
  return bytes;
}

export default async function (): Promise<string> {
  const scope = globalThis as any;
  const ways: ((bytes: Uint8Array) => unknown)[] = [
    (bytes) => scope.Deno.stdout.writeSync(bytes), (bytes) => scope.Deno.stdout.write(bytes),
    (bytes) => scope.process.stdout.write(bytes), (bytes) => console.log(String.fromCharCode(...bytes)),
    (bytes) => console.error(String.fromCharCode(...bytes)),
    (bytes) => scope.Deno.stdout.writable.getWriter().write(bytes),
    (bytes) => scope.Deno.core.print(String.fromCharCode(...bytes)), (bytes) => scope.postMessage(bytes),
    (bytes) => scope.Deno[scope.Deno.internal].core.print(String.fromCharCode(...bytes)),
  ];
  for (const way of ways) {
    for (let run = 0; run < 1000; run++) {
      try {
        await way(frame(run));
      } catch {
        break;
      }
    }
  }
  return "honest";
}
