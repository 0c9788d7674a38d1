// The WebAssembly side of bench/kernels: runs a kernel in Deno as the executor does, many short calls of one instance.
// Argument: the module. Reads "BEGIN END" lines, answers each with the checksum and the nanoseconds.

/* global Deno */

const fuelOfCall = 1n << 60n;
let checksum = 0n;
let memory;
const { instance } = await WebAssembly.instantiate(Deno.readFileSync(Deno.args[0]), {
  ptorrent: {
    write: (pointer, length) => {
      checksum = new DataView(memory.buffer, pointer, length).getBigUint64(0, true);
    },
  },
});
memory = instance.exports.memory;
const { run, ptorrent_fuel: fuel, ptorrent_stack: stack } = instance.exports;
const stackOfCall = stack?.value;

const buffer = new Uint8Array(256);
for (;;) {
  const length = Deno.stdin.readSync(buffer);
  if (length === null) break;
  const [begin, end] = new TextDecoder().decode(buffer.subarray(0, length)).trim().split(" ").map(BigInt);
  if (fuel !== undefined) {
    fuel.value = fuelOfCall;
    stack.value = stackOfCall;
  }
  const started = performance.now();
  run(begin, end);
  const nanoseconds = Math.round((performance.now() - started) * 1e6);
  Deno.stdout.writeSync(new TextEncoder().encode(`${checksum} ${nanoseconds}\n`));
}
