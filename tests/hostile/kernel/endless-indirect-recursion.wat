;; Calls itself without end through a table.
(module
  (memory (export "memory") 1)
  (type $step (func (param i32)))
  (table 2 funcref)
  (elem (i32.const 0) $even $odd)
  (func $even (type $step) (call_indirect (type $step) (i32.const 7) (i32.const 1)) (drop (i32.const 0)))
  (func $odd (type $step) (call_indirect (type $step) (i32.const 7) (i32.const 0)) (drop (i32.const 0)))
  (func (export "run") (param i64 i64) (call $even (i32.const 0))))
