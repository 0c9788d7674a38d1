;; A kernel that writes from a memory which it does not export.
(module
  (import "ptorrent" "write" (func $write (param i32 i32)))
  (func (export "run") (param i64 i64) (call $write (i32.const 0) (i32.const 4))))
