;; Never ends.
(module
  (memory (export "memory") 1)
  (func (export "run") (param i64 i64)
    (loop $again (br $again))))
