;; A merge that never ends; its run is ordinary.
(module
  (import "ptorrent" "write" (func $write (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "part")
  (func (export "run") (param i64 i64) (call $write (i32.const 0) (i32.const 4)))
  (func (export "merge") (loop $again (br $again))))
