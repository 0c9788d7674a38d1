;; Declares four GiB of memory from the start.
(module
  (memory (export "memory") 65536)
  (func (export "run") (param i64 i64)))
