;; Keeps a count in its memory from run to run: output that depends on what ran before, which audits must find.
(module
  (import "ptorrent" "write" (func $write (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "run") (param i64 i64)
    (i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))
    (call $write (i32.const 0) (i32.const 1))))
