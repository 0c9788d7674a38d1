;; Burns time in instructions that each fill a large table.
(module
  (memory (export "memory") 1)
  (table $table 1000000 funcref)
  (func (export "run") (param i64 i64)
    (loop $again
      (table.fill $table (i32.const 0) (ref.null func) (i32.const 1000000))
      (br $again))))
