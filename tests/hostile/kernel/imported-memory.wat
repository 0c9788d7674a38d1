;; Wants to live in a memory of the host.
(module
  (import "env" "memory" (memory 1))
  (export "memory" (memory 0))
  (func (export "run") (param i64 i64)))
