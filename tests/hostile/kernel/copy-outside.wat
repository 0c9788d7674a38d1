;; Copies a block that ends beyond its memory.
(module
  (memory (export "memory") 1)
  (func (export "run") (param i64 i64)
    (memory.copy (i32.const 0) (i32.const 1) (i32.const 65536))))
