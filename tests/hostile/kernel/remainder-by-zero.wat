;; Takes a remainder by zero.
(module
  (memory (export "memory") 1)
  (func (export "run") (param i64 i64)
    (drop (i64.rem_s (i64.const 1) (i64.sub (local.get 0) (local.get 0))))))
