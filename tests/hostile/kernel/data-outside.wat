;; A data segment that lies outside memory.
(module
  (memory (export "memory") 1)
  (data (i32.const 65535) "two bytes are one too many")
  (func (export "run") (param i64 i64)))
