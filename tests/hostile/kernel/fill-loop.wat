;; Burns time in instructions that each move 64 MiB: they must cost what they move.
(module
  (memory (export "memory") 1024)
  (func (export "run") (param i64 i64)
    (loop $again
      (memory.fill (i32.const 0) (i32.const 1) (i32.const 67108864))
      (br $again))))
