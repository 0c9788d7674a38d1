;; An element segment that lies outside its table.
(module
  (memory (export "memory") 1)
  (table 1 funcref)
  (elem (i32.const 0xfffffff0) $function)
  (func $function)
  (func (export "run") (param i64 i64)))
