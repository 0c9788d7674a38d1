;; Calls beyond a table's end.
(module
  (memory (export "memory") 1)
  (table 2 funcref)
  (func (export "run") (param i64 i64)
    (call_indirect (i32.const 0x7fffffff))))
