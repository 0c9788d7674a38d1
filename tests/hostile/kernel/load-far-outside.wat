;; Reads where pointer and offset together exceed 32 bits.
(module
  (memory (export "memory") 1)
  (func (export "run") (param i64 i64)
    (drop (i64.load offset=0xffffffff (i32.const 0xffffffff)))))
