;; Calls a function through a table as if it had another type.
(module
  (memory (export "memory") 1)
  (table 1 funcref)
  (elem (i32.const 0) $other)
  (func $other (param i64))
  (func (export "run") (param i64 i64)
    (call_indirect (i32.const 0))))
