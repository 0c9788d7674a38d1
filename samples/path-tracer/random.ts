// Numbers that look random and are a function of the seed and the pixel alone.

let state: u64 = 0;

/** Dimensions of a sample whose numbers come from a well spread sequence: they decide most of what the eye sees. */
const sequenceDimensions: i32 = 8;
const offsets: usize = memory.data(8 * 8);
const steps: usize = memory.data(8 * 8);

// The additive recurrence by the generalized golden ratio (M. Roberts, "The unreasonable effectiveness of quasirandom
// sequences"): x = 1.0850702454914508 solves x^9 = x + 1, and dimension d steps by x^-(d + 1).
let power: f64 = 1.0;
for (let dimension = 0; dimension < sequenceDimensions; dimension++) {
  power /= 1.0850702454914508;
  store<f64>(steps + (<usize>dimension << 3), power);
}

/** Starts the numbers of one pixel. */
export function seedRandom(seed: i64, pixel: i64): void {
  state = scramble(<u64>seed * 0x9e3779b97f4a7c15 + scramble(<u64>pixel));
  for (let dimension = 0; dimension < sequenceDimensions; dimension++) {
    store<f64>(offsets + (<usize>dimension << 3), nextRandom());
  }
}

/** The finalizer of SplitMix64 (Steele, Lea, Flood 2014). */
function scramble(value: u64): u64 {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

/** A number in [0, 1): the upper half of a 64-bit congruential generator (Knuth's MMIX). */
@inline
export function nextRandom(): f64 {
  state = state * 6364136223846793005 + 1442695040888963407;
  return <f64>(<u32>(state >> 32)) * (1.0 / 4294967296.0);
}

/** A number in [0, 1): the samples of a pixel together cover each dimension evenly. */
@inline
export function sequenceAt(sample: i32, dimension: i32): f64 {
  const value = load<f64>(offsets + (<usize>dimension << 3)) + load<f64>(steps + (<usize>dimension << 3)) * sample;
  return value - Math.floor(value);
}

export let cosineOfTurn: f64 = 1.0;
export let sineOfTurn: f64 = 0.0;

/** Leaves a direction in the plane in cosineOfTurn and sineOfTurn; even `u` in [0, 1) give even directions. */
export function turn(u: f64): void {
  // A quarter of a turn by Taylor's series around its middle, then the quarter's own place.
  const quarter = <i32>(u * 4.0);
  const angle = (u * 4.0 - quarter - 0.5) * 1.5707963267948966;
  const square = angle * angle;
  const sine = angle * (1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0 * (1.0 - square / 72.0))));
  const cosine = 1.0 - square / 2.0 * (1.0 - square / 12.0 * (1.0 - square / 30.0 * (1.0 - square / 56.0)));
  if (quarter == 0) {
    cosineOfTurn = cosine;
    sineOfTurn = sine;
  } else if (quarter == 1) {
    cosineOfTurn = -sine;
    sineOfTurn = cosine;
  } else if (quarter == 2) {
    cosineOfTurn = -cosine;
    sineOfTurn = -sine;
  } else {
    cosineOfTurn = sine;
    sineOfTurn = -cosine;
  }
}
