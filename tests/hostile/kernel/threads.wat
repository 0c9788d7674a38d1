;; Wants memory that is shared between threads.
(module
  (memory (export "memory") 1 1 shared)
  (func (export "run") (param i64 i64)
    (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))))
