/** Makes the SHA-256 of bytes: 32 bytes. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

const BLOCK_BYTES = 64;
const ROUNDS = 64;

/** The first 32 bits of the fractional parts of roots of the first primes: cube roots, and square roots for the
 * start. */
interface Constants {
  readonly rounds: Uint32Array;
  readonly start: Uint32Array;
}

/** Made when they are first needed: most executors never do. */
let known: Constants | null = null;

/**
 * SHA-256 as FIPS 180-4 describes it, for engines that have none of their own to lend: the same bytes, at a tenth of
 * the speed.
 */
export const ownSha256: Sha256 = (bytes) => {
  known ??= constants();
  const state = known.start.slice();
  const schedule = new Uint32Array(ROUNDS);
  const whole = bytes.length - (bytes.length % BLOCK_BYTES);
  absorb(state, schedule, bytes, 0, whole);
  const tail = new Uint8Array(bytes.length - whole < BLOCK_BYTES - 8 ? BLOCK_BYTES : 2 * BLOCK_BYTES);
  tail.set(bytes.subarray(whole));
  tail[bytes.length - whole] = 0x80;
  new DataView(tail.buffer).setBigUint64(tail.length - 8, BigInt(bytes.length) * 8n);
  absorb(state, schedule, tail, 0, tail.length);
  const digest = new Uint8Array(32);
  const view = new DataView(digest.buffer);
  state.forEach((word, i) => view.setUint32(4 * i, word));
  return digest;
};

function absorb(state: Uint32Array, schedule: Uint32Array, bytes: Uint8Array, from: number, to: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = from; at < to; at += BLOCK_BYTES) {
    for (let i = 0; i < 16; i++) {
      schedule[i] = view.getUint32(at + 4 * i);
    }

    for (let i = 16; i < ROUNDS; i++) {
      const before = schedule[i - 15]!;
      const last = schedule[i - 2]!;
      const small = rotate(before, 7) ^ rotate(before, 18) ^ (before >>> 3);
      const large = rotate(last, 17) ^ rotate(last, 19) ^ (last >>> 10);
      schedule[i] = schedule[i - 16]! + small + schedule[i - 7]! + large;
    }

    compress(state, schedule);
  }
}

function compress(state: Uint32Array, schedule: Uint32Array): void {
  let [a, b, c, d] = [state[0]! | 0, state[1]! | 0, state[2]! | 0, state[3]! | 0];
  let [e, f, g, h] = [state[4]! | 0, state[5]! | 0, state[6]! | 0, state[7]! | 0];
  for (let i = 0; i < ROUNDS; i++) {
    const choice = (e & f) ^ (~e & g);
    const mixed = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const first = (h + mixed + choice + known!.rounds[i]! + schedule[i]!) | 0;
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const second = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }

  [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] = state[i]! + word));
}

function rotate(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits));
}

function constants(): Constants {
  const primes: bigint[] = [];
  for (let n = 2n; primes.length < ROUNDS; n++) {
    if (primes.every((prime) => n % prime !== 0n)) {
      primes.push(n);
    }
  }

  // Roots in whole numbers: the root of p × 2^(32 × power) is the root of p with 32 bits behind its point.
  const bitsOf = (prime: bigint, power: bigint) => Number(BigInt.asUintN(32, rootOf(prime << (32n * power), power)));
  return {
    rounds: Uint32Array.from(primes, (prime) => bitsOf(prime, 3n)),
    start: Uint32Array.from(primes.slice(0, 8), (prime) => bitsOf(prime, 2n)),
  };
}

/** The largest whole number whose power is not above `value`, bit by bit. */
function rootOf(value: bigint, power: bigint): bigint {
  let root = 0n;
  for (let bit = 40n; bit >= 0n; bit--) {
    const tried = root | (1n << bit);
    if (tried ** power <= value) {
      root = tried;
    }
  }

  return root;
}
