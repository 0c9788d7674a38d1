;; Wants one of our functions as if it had another type.
(module
  (import "ptorrent" "write" (func $write (param f64) (result i64)))
  (memory (export "memory") 1)
  (func (export "run") (param i64 i64) (drop (call $write (f64.const 0)))))
