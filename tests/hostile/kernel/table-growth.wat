;; Grows a table without end.
(module
  (import "ptorrent" "write" (func $write (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "refused\n")
  (table $table 1 funcref)
  (func (export "run") (param i64 i64)
    (loop $again
      (br_if $again (i32.ne (table.grow $table (ref.null func) (i32.const 65536)) (i32.const -1))))
    (call $write (i32.const 0) (i32.const 8))))
