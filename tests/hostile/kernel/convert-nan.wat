;; Converts what is not a number.
(module
  (memory (export "memory") 1)
  (func (export "run") (param i64 i64)
    (drop (i32.trunc_f64_s (f64.div (f64.const 0) (f64.convert_i64_s (i64.sub (local.get 0) (local.get 0))))))))
