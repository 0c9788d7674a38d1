// What a kernel can ask of its executor: the imports of module "ptorrent" (docs/protocol/executor.md), for
// AssemblyScript.

/** Appends bytes of memory to the output. */
@external("ptorrent", "write")
export declare function write(pointer: usize, length: i32): void;

/** Length of an input: in `merge`, slot 0 is the left part and slot 1 the right; -1 where there is none. */
@external("ptorrent", "input_size")
export declare function inputSize(slot: i32): i32;

/** Copies from an input; returns how many bytes there were. */
@external("ptorrent", "input_read")
export declare function inputRead(slot: i32, offset: i32, pointer: usize, length: i32): i32;

/** Puts the 32 bytes of the SHA-256 of `length` bytes at `pointer` to `out`. */
@external("ptorrent", "sha256")
export declare function sha256(pointer: usize, length: i32, out: usize): void;

@external("ptorrent", "parameter_i64")
declare function parameterI64(key: usize, keyLength: i32, otherwise: i64): i64;

@external("ptorrent", "parameter_f64")
declare function parameterF64(key: usize, keyLength: i32, otherwise: f64): f64;

const keyBytesMax: i32 = 64;
const keyBytes: usize = memory.data(keyBytesMax);

/** Writes a parameter's name where the executor can read it. Names are plain ASCII of at most 64 characters. */
function putKey(key: string): i32 {
  const length = min(key.length, keyBytesMax);
  for (let i = 0; i < length; i++) store<u8>(keyBytes + i, key.charCodeAt(i));
  return length;
}

/** A parameter of the job as a whole number, or `otherwise` where the job does not have it. */
export function wholeParameter(key: string, otherwise: i64): i64 {
  return parameterI64(keyBytes, putKey(key), otherwise);
}

/** A parameter of the job as a number, or `otherwise` where the job does not have it. */
export function numberParameter(key: string, otherwise: f64): f64 {
  return parameterF64(keyBytes, putKey(key), otherwise);
}
