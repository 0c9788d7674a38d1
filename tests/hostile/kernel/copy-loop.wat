;; As fill-loop, with copies.
(module
  (memory (export "memory") 1024)
  (func (export "run") (param i64 i64)
    (loop $again
      (memory.copy (i32.const 1) (i32.const 0) (i32.const 67108863))
      (br $again))))
