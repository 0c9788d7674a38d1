;; Writes beyond its memory.
(module
  (memory (export "memory") 1)
  (func (export "run") (param i64 i64)
    (i64.store (i32.const -4) (i64.const 1))))
