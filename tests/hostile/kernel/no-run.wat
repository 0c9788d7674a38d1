;; A kernel without a range function.
(module
  (memory (export "memory") 1))
