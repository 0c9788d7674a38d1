;; A start function that crashes.
(module
  (memory (export "memory") 1)
  (func $start (unreachable))
  (func (export "run") (param i64 i64))
  (start $start))
