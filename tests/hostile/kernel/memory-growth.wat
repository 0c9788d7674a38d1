;; Grows its memory page by page until it is refused, which must be an ordinary answer.
(module
  (import "ptorrent" "write" (func $write (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "refused\n")
  (func (export "run") (param i64 i64)
    (loop $again
      (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (if (i32.ne (memory.grow (i32.const 0x7fffffff)) (i32.const -1)) (then (unreachable)))
    (if (i32.ne (memory.grow (i32.const -1)) (i32.const -1)) (then (unreachable)))
    (call $write (i32.const 0) (i32.const 8))))
