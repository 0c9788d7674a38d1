;; Logs without end and then crashes: only the last characters may be kept.
(module
  (import "ptorrent" "log" (func $log (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 65526) "last words")
  (func (export "run") (param i64 i64)
    (local $count i32)
    (loop $again
      (call $log (i32.const 0) (i32.const 65536))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $count) (i32.const 1000))))
    (unreachable)))
