const MASK = (1n << 64n) - 1n;

/**
 * The seeded generator of docs/programs.md: xoshiro256** (David Blackman and Sebastiano Vigna, "Scrambled linear
 * pseudorandom number generators", 2021), the one of Ptorrent.Model.Randomness.Prng, on 32-bit halves because V8 is an
 * order of magnitude faster on them than on BigInt.
 */
export class Prng {
  #h0: number;
  #l0: number;
  #h1: number;
  #l1: number;
  #h2: number;
  #l2: number;
  #h3: number;
  #l3: number;
  /** The upper half of the last word; `next` returns the lower. */
  high = 0;

  /** State word i is SplitMix64 of (word i of the seed ⊕ (4 × index + i)): neighbouring indexes share nothing. */
  constructor(seed: Uint8Array, index: bigint) {
    const view = new DataView(seed.buffer, seed.byteOffset, 32);
    const words = [0, 1, 2, 3].map((i) =>
      splitMix(view.getBigUint64(i * 8, true) ^ ((index * 4n + BigInt(i)) & MASK)),
    ) as [bigint, bigint, bigint, bigint];
    if (words.every((word) => word === 0n)) {
      words[0] = 1n;
    }

    [this.#h0, this.#h1, this.#h2, this.#h3] = words.map((word) => Number(word >> 32n) | 0) as FourNumbers;
    [this.#l0, this.#l1, this.#l2, this.#l3] = words.map((word) => Number(word & 0xffffffffn) | 0) as FourNumbers;
  }

  /** Draws 64 bits: returns the lower half and leaves the upper in `high`, both unsigned. */
  next(): number {
    const h1 = this.#h1;
    const l1 = this.#l1;

    // rotl(s1 * 5, 7) * 9
    const low5 = (l1 >>> 0) * 5;
    const high5 = (Math.imul(h1, 5) + Math.floor(low5 / TWO_32)) | 0;
    const rotatedHigh = (high5 << 7) | ((low5 | 0) >>> 25);
    const rotatedLow = ((low5 | 0) << 7) | (high5 >>> 25);
    const low9 = (rotatedLow >>> 0) * 9;
    this.high = (Math.imul(rotatedHigh, 9) + Math.floor(low9 / TWO_32)) >>> 0;

    const shiftedHigh = (h1 << 17) | (l1 >>> 15);
    const shiftedLow = l1 << 17;
    this.#h2 ^= this.#h0;
    this.#l2 ^= this.#l0;
    this.#h3 ^= h1;
    this.#l3 ^= l1;
    this.#h1 = h1 ^ this.#h2;
    this.#l1 = l1 ^ this.#l2;
    this.#h0 ^= this.#h3;
    this.#l0 ^= this.#l3;
    this.#h2 ^= shiftedHigh;
    this.#l2 ^= shiftedLow;

    // rotl(s3, 45) is rotl by 13 with the halves exchanged.
    const h3 = this.#h3;
    const l3 = this.#l3;
    this.#h3 = (l3 << 13) | (h3 >>> 19);
    this.#l3 = (h3 << 13) | (l3 >>> 19);
    return low9 % TWO_32;
  }

  /** A number in [0, 1) made of the upper 53 bits of one draw. */
  fraction(): number {
    const low = this.next();
    return (this.high * 2097152 + (low >>> 11)) / 9007199254740992;
  }

  /** Fills `bytes` as Prng.Fill does: whole words, little-endian, the last one cut. */
  fill(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += 8) {
      const low = this.next();
      const high = this.high;
      const count = Math.min(8, bytes.length - at);
      for (let i = 0; i < count; i++) {
        bytes[at + i] = i < 4 ? low >>> (8 * i) : high >>> (8 * (i - 4));
      }
    }
  }
}

type FourNumbers = [number, number, number, number];

const TWO_32 = 4294967296;

function splitMix(state: bigint): bigint {
  let z = (state + 0x9e3779b97f4a7c15n) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return z ^ (z >> 31n);
}
