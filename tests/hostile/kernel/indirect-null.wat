;; Calls an empty element of a table.
(module
  (memory (export "memory") 1)
  (table 2 funcref)
  (func (export "run") (param i64 i64)
    (call_indirect (i32.const 1))))
