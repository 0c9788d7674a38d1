;; Hands absurd pointers and lengths to the import that the parameter `call` chooses.
(module
  (import "ptorrent" "write" (func $write (param i32 i32)))
  (import "ptorrent" "input_size" (func $input_size (param i32) (result i32)))
  (import "ptorrent" "input_read" (func $input_read (param i32 i32 i32 i32) (result i32)))
  (import "ptorrent" "parameter_i64" (func $parameter_i64 (param i32 i32 i64) (result i64)))
  (import "ptorrent" "parameter_f64" (func $parameter_f64 (param i32 i32 f64) (result f64)))
  (import "ptorrent" "parameter_size" (func $parameter_size (param i32 i32) (result i32)))
  (import "ptorrent" "parameter_read" (func $parameter_read (param i32 i32 i32 i32) (result i32)))
  (import "ptorrent" "log" (func $log (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "call")
  (func (export "run") (param i64 i64)
    (block $0 (block $1 (block $2 (block $3 (block $4 (block $5 (block $6 (block $7 (block $8 (block $9 (block $10
      (br_table $0 $1 $2 $3 $4 $5 $6 $7 $8 $9 $10
        (i32.wrap_i64 (call $parameter_i64 (i32.const 0) (i32.const 4) (i64.const 0)))))
      ;; 10: a slot that never was, read to where there is no memory.
      (drop (call $input_read (i32.const -7) (i32.const -1) (i32.const -1) (i32.const -1))) (return))
      ;; 9: the last byte and one more.
      (call $write (i32.const 65535) (i32.const 2)) (return))
      ;; 8: a length that is negative when read as signed.
      (call $write (i32.const 0) (i32.const -1)) (return))
      (call $log (i32.const 0xfffffff0) (i32.const 0x20)) (return))
      (drop (call $parameter_read (i32.const 0) (i32.const 4) (i32.const -2) (i32.const 100))) (return))
      (drop (call $parameter_size (i32.const -1) (i32.const 0x7fffffff))) (return))
      (drop (call $parameter_f64 (i32.const 0x10000) (i32.const 1) (f64.const nan))) (return))
      (drop (call $parameter_i64 (i32.const 0x80000000) (i32.const 4) (i64.const 0))) (return))
      (drop (call $input_read (i32.const 0) (i32.const 0) (i32.const 0x10000) (i32.const 0x7fffffff))) (return))
      ;; 1: no pointer at all, only slots that never were; an ordinary answer.
      (if (i32.ne (call $input_size (i32.const -1)) (i32.const -1)) (then (unreachable)))
      (if (i32.ne (call $input_size (i32.const 0x7fffffff)) (i32.const -1)) (then (unreachable))) (return))
    (call $write (i32.const 0xffffff00) (i32.const 0x7fffffff))))
