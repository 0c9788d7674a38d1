// Modules that no compiler writes: bytes for a reader to stumble over. Each entry makes its bytes when it is called.

const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A number in LEB128, as WebAssembly writes all its counts. */
function leb(value) {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

/** Joins numbers, lists and Uint8Arrays. */
function join(...parts) {
  return Buffer.concat(parts.map((part) => Buffer.from(typeof part === "number" ? [part] : part)));
}

function section(id, ...content) {
  const bytes = join(...content);
  return join(id, leb(bytes.length), bytes);
}

const text = (value) => join(leb(value.length), Buffer.from(value));

/** A kernel around one function body (its locals and its code, without the final end). */
function kernelOf(locals, code, { extraFunctions = 0 } = {}) {
  const body = join(locals, code, 0x0b);
  const empty = repeat([2, 0, 0x0b], extraFunctions);
  return join(
    header,
    section(1, 1, [0x60, 2, 0x7e, 0x7e, 0]),
    section(3, leb(1 + extraFunctions), new Uint8Array(1 + extraFunctions)),
    section(5, 1, [0, 1]),
    section(7, 2, text("memory"), [2, 0], text("run"), [0, 0]),
    section(10, leb(1 + extraFunctions), leb(body.length), body, empty));
}

const noLocals = [0];
const repeat = (bytes, count) => Buffer.alloc(bytes.length * count, Buffer.from(bytes));

/** By name; manifest.json says what each must come to. */
export const malformedModules = {
  "empty-file": () => Buffer.alloc(0),
  "wrong-magic": () => Buffer.from("MZ this is another kind of program"),
  "wrong-version": () => join([0x00, 0x61, 0x73, 0x6d, 0x02, 0x00, 0x00, 0x00]),
  "component": () => join([0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00]),
  "truncated": () => kernelOf(noLocals, repeat([0x01], 100)).subarray(0, 60),
  "random-bytes": () => {
    let state = 1;
    const next = () => (state = (state * 48271) % 0x7fffffff) & 255;
    return join(header, Array.from({ length: 4096 }, next));
  },
  // Counts of things that are not there: whoever allocates before reading has lost.
  "count-bomb-types": () => join(header, section(1, leb(0xffffffff))),
  "count-bomb-functions": () => join(header, section(3, leb(0xffffffff))),
  "count-bomb-code": () => join(header, section(10, leb(0xffffffff))),
  "count-bomb-data": () => join(header, section(5, 1, [0, 1]), section(11, 1, [0, 0x41, 0, 0x0b], leb(0xffffffff))),
  "count-bomb-locals": () => kernelOf([2, ...leb(0xffffffff), 0x7f, ...leb(0xffffffff), 0x7e], []),
  "count-bomb-targets": () => kernelOf(noLocals, join([0x41, 0, 0x0e], leb(0xffffffff), 0)),
  "section-beyond-end": () => join(header, 1, leb(0xffffffff), 0),
  "sections-twice": () => join(header, section(5, 1, [0, 1]), section(5, 1, [0, 1])),
  "endless-leb": () => join(header, 1, repeat([0x80], 100000)),
  "bad-utf8-name": () => join(header, section(7, 1, [4, 0xff, 0xfe, 0x80, 0xc0], [2, 0])),
  // Each instruction is fine; there are too many of them, or they are too deep.
  "deep-blocks": () => kernelOf(noLocals, join(repeat([0x02, 0x40], 1000000), repeat([0x0b], 1000000))),
  "deep-ifs": () => kernelOf(noLocals, join(repeat([0x41, 0, 0x04, 0x40], 300000), repeat([0x0b], 300000))),
  "unclosed-blocks": () => kernelOf(noLocals, repeat([0x03, 0x40], 500000)),
  "deep-operands": () => kernelOf(noLocals, join(repeat([0x41, 0], 1000000), repeat([0x1a], 1000000))),
  "large-body": () => kernelOf(noLocals, repeat([0x01], 9000000)),
  "many-functions": () => kernelOf(noLocals, [], { extraFunctions: 1200000 }),
  "many-locals": () => kernelOf([1, ...leb(50000), 0x7e], []),
  // 49,000 locals are still allowed: a call of this one takes 400 KB of stack.
  "many-locals-recursion": () => kernelOf([1, ...leb(49000), 0x7e], [0x20, 0, 0x20, 1, 0x10, 0, 0x20, 0, 0x1a]),
  // Types that do not fit.
  "type-mismatch": () => kernelOf(noLocals, [0x41, 0, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x6a, 0x1a]),
  "stack-underflow": () => kernelOf(noLocals, [0x1a]),
  "branch-too-far": () => kernelOf(noLocals, [0x0c, 7]),
  "unknown-instruction": () => kernelOf(noLocals, [0xff]),
  "relaxed-simd": () => kernelOf(
    noLocals,
    [0xfd, 12, ...new Array(16).fill(0), 0xfd, 12, ...new Array(16).fill(0), 0xfd, 0x80, 0x02, 0x1a]),
  // A custom section that calls itself names, full of nonsense: engines must not care, and no reader may crash.
  "broken-names": () => join(kernelOf(noLocals, []), section(0, text("name"), [1, 0xff, 0xff, 0xff, 0xff, 0x0f])),
  "large-custom-section": () => join(kernelOf(noLocals, []), section(0, text("padding"), Buffer.alloc(1 << 20))),
};
