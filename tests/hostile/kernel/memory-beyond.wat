;; Grows its memory to the limit and writes the byte after its last.
(module
  (memory (export "memory") 1)
  (func (export "run") (param i64 i64)
    (loop $again
      (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
    (i32.store8 (i32.mul (memory.size) (i32.const 65536)) (i32.const 1))
    ;; Where the limit is all that 32 bits reach, the product above is 0 and this is beyond.
    (i32.store16 (i32.const -1) (i32.const 1))))
