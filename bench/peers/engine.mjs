// The area kernel in Deno as the executor runs it, without anything around it: arguments MODULE BEGIN END POINTS.
// Prints the seconds after its warm-up and the sum.

/* global Deno */

const [path, begin, end, points] = Deno.args;
let memory;
let sum = 0n;
const { instance } = await WebAssembly.instantiate(Deno.readFileSync(path), {
  ptorrent: {
    parameter_i64: () => BigInt(points),
    write: (pointer, length) => {
      sum += BigInt(new TextDecoder().decode(new Uint8Array(memory.buffer, pointer, length)));
    },
  },
});
memory = instance.exports.memory;
const { run, ptorrent_fuel: fuel, ptorrent_stack: stack } = instance.exports;
const stackOfCall = stack.value;
const call = (from, upto) => {
  fuel.value = 1n << 60n;
  stack.value = stackOfCall;
  run(BigInt(from), BigInt(upto));
};

const callIndices = Math.max(1, Math.round(20_000 / Number(points)));
for (let i = 0; i < 3; i++) call(begin, Number(begin) + 1);
sum = 0n;
const started = performance.now();
for (let index = Number(begin); index < Number(end); index += callIndices) {
  call(index, Math.min(Number(end), index + callIndices));
}
console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000, sum: String(sum) }));
