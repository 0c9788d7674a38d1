;; Grows its memory to the limit and writes into each page, so that the machine has to find real memory.
(module
  (import "ptorrent" "write" (func $write (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "held\n")
  (func (export "run") (param i64 i64)
    (local $place i32)
    (loop $again
      (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
    (local.set $place (i32.const 4096))
    (loop $touch
      (i32.store (local.get $place) (i32.const 0x5a5a5a5a))
      (local.set $place (i32.add (local.get $place) (i32.const 4096)))
      (br_if $touch (i32.lt_u (local.get $place) (i32.mul (memory.size) (i32.const 65536)))))
    (call $write (i32.const 0) (i32.const 5))))
