;; Reads beyond its memory.
(module
  (memory (export "memory") 1)
  (func (export "run") (param i64 i64)
    (drop (i32.load (i32.const 65533)))))
