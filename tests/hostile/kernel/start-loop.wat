;; A start function that never ends: burns before the first run.
(module
  (memory (export "memory") 1)
  (func $start (loop $again (br $again)))
  (func (export "run") (param i64 i64))
  (start $start))
