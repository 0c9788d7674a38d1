import wabtModule from "wabt";

const wabt = await wabtModule();

/** The exports that the meter adds, by hand. */
export const METER = `
  (global $fuel (export "ptorrent_fuel") (mut i64) (i64.const 0))
  (global $stack (export "ptorrent_stack") (mut i32) (i32.const 100))`;

/** Burns one unit, as metered code does at the head of each block. */
export const BURN = `
  (global.set $fuel (i64.sub (global.get $fuel) (i64.const 1)))
  (if (i64.lt_s (global.get $fuel) (i64.const 0)) (then unreachable))`;

export function assemble(text: string): Uint8Array {
  const module = wabt.parseWat("test.wat", text, { mutable_globals: true, bulk_memory: true, exceptions: true });
  try {
    return new Uint8Array(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}

/** A module with the meter's exports, though nothing in it lowers them. */
export function withMeter(binary: Uint8Array): Uint8Array {
  const module = wabt.readWasm(binary, { bulk_memory: true });
  try {
    const text = module.toText({ foldExprs: false, inlineExport: false });
    return assemble(`${text.trimEnd().slice(0, -1)} ${METER})`);
  } finally {
    module.destroy();
  }
}

const KERNEL_IMPORTS = `
  (import "ptorrent" "write" (func $write (param i32 i32)))
  (import "ptorrent" "input_size" (func $input_size (param i32) (result i32)))
  (import "ptorrent" "input_read" (func $input_read (param i32 i32 i32 i32) (result i32)))
  (import "ptorrent" "parameter_i64" (func $parameter_i64 (param i32 i32 i64) (result i64)))
  (import "ptorrent" "parameter_f64" (func $parameter_f64 (param i32 i32 f64) (result f64)))
  (import "ptorrent" "parameter_size" (func $parameter_size (param i32 i32) (result i32)))
  (import "ptorrent" "parameter_read" (func $parameter_read (param i32 i32 i32 i32) (result i32)))
  (import "ptorrent" "sha256" (func $sha256 (param i32 i32 i32)))
  (import "ptorrent" "log" (func $log (param i32 i32)))`;

/** A kernel whose `run` is `body`; `more` adds to the module. */
export function kernel(body: string, more = "", memory = '(memory (export "memory") 1)'): Uint8Array {
  return assemble(`(module ${KERNEL_IMPORTS} ${memory} ${METER} ${more}
    (func (export "run") (param $begin i64) (param $end i64) ${body}))`);
}

/** The types of the functions of preview 1 that the tests call: parameters, i i32 and I i64; all answer an i32. */
const WASI_TYPES: Readonly<Record<string, string>> = {
  args_get: "ii", args_sizes_get: "ii", environ_get: "ii", environ_sizes_get: "ii", clock_time_get: "iIi",
  fd_allocate: "iII", fd_close: "i", fd_fdstat_get: "ii", fd_filestat_get: "ii", fd_filestat_set_size: "iI",
  fd_pread: "iiiIi", fd_prestat_dir_name: "iii", fd_prestat_get: "ii", fd_pwrite: "iiiIi", fd_read: "iiii",
  fd_readdir: "iiiIi", fd_renumber: "ii", fd_seek: "iIii", fd_tell: "ii", fd_write: "iiii",
  path_create_directory: "iii", path_filestat_get: "iiiii", path_link: "iiiiiii", path_open: "iiiiiIIii",
  path_remove_directory: "iii", path_rename: "iiiiii", path_symlink: "iiiii", path_unlink_file: "iii",
  poll_oneoff: "iiii", random_get: "ii", sched_yield: "", sock_shutdown: "ii",
};

/** A command whose `_start` is `body`; it may call every function above by its name with a dollar sign. */
export function command(body: string, more = "", memory = '(memory (export "memory") 1)'): Uint8Array {
  const imports = Object.entries(WASI_TYPES).map(([name, types]) => {
    const parameters = [...types].map((type) => (type === "i" ? "i32" : "i64")).join(" ");
    return `(import "wasi_snapshot_preview1" "${name}" (func $${name} (param ${parameters}) (result i32)))`;
  });
  return assemble(`(module ${imports.join("\n")}
    (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
    ${memory} ${METER} ${more}
    ;; Writes length bytes at pointer to a descriptor, by a buffer description at 8.
    (func $put (param $fd i32) (param $pointer i32) (param $length i32)
      (i32.store (i32.const 8) (local.get $pointer)) (i32.store (i32.const 12) (local.get $length))
      (call $expect (call $fd_write (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 16)) (i32.const 0)))
    ;; Writes the i64 as eight bytes to standard output.
    (func $emit (param $value i64)
      (i64.store (i32.const 24) (local.get $value)) (call $put (i32.const 1) (i32.const 24) (i32.const 8)))
    ;; Ends with exit code 100 + errno where the answer is another.
    (func $expect (param $errno i32) (param $wanted i32)
      (if (i32.ne (local.get $errno) (local.get $wanted))
        (then (call $proc_exit (i32.add (i32.const 100) (local.get $errno))))))
    ;; Opens a path below / for reading and writing.
    (func $open (param $pointer i32) (param $length i32) (param $flags i32) (result i32)
      (call $expect (call $path_open (i32.const 3) (i32.const 0) (local.get $pointer) (local.get $length)
        (local.get $flags) (i64.const 0x7f) (i64.const 0) (i32.const 0) (i32.const 20)) (i32.const 0))
      (i32.load (i32.const 20)))
    (func (export "_start") ${body}))`);
}
