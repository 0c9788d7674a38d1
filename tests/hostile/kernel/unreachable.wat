;; Crashes as most languages' abort does.
(module
  (import "ptorrent" "log" (func $log (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "the disk is on fire")
  (func (export "run") (param i64 i64)
    (call $log (i32.const 0) (i32.const 19))
    (unreachable)))
