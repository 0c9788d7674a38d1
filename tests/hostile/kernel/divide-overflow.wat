;; Divides the smallest number by -1.
(module
  (memory (export "memory") 1)
  (func (export "run") (param i64 i64)
    (drop (i32.div_s (i32.const 0x80000000) (i32.wrap_i64 (i64.sub (local.get 0) (local.get 1)))))))
