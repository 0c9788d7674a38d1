;; The Mandelbrot set in letters: a kernel written by hand in WebAssembly's text format. An index is a line of 100
;; characters; 40 lines are the picture.
;;
;;   ./ptorrent map samples/build/mandelbrot.wasm --over 0..40 --out -
(module
  (import "ptorrent" "write" (func $write (param $pointer i32) (param $length i32)))
  (memory (export "memory") 1)
  ;; From few iterations to many; the last is for points that never leave.
  (data (i32.const 0) " .:-=+*#%@")

  ;; How many times z = z * z + c stays within 2 of the origin, at most 1000.
  (func $iterations (param $cx f64) (param $cy f64) (result i32)
    (local $x f64) (local $y f64) (local $xx f64) (local $yy f64) (local $count i32)
    (loop $again
      (local.set $y (f64.add (f64.mul (f64.mul (f64.const 2) (local.get $x)) (local.get $y)) (local.get $cy)))
      (local.set $x (f64.add (f64.sub (local.get $xx) (local.get $yy)) (local.get $cx)))
      (local.set $xx (f64.mul (local.get $x) (local.get $x)))
      (local.set $yy (f64.mul (local.get $y) (local.get $y)))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (br_if $again (i32.and
        (f64.le (f64.add (local.get $xx) (local.get $yy)) (f64.const 4))
        (i32.lt_u (local.get $count) (i32.const 1000)))))
    (local.get $count))

  ;; The letter for a count: one step for each doubling.
  (func $letter (param $count i32) (result i32)
    (if (result i32) (i32.ge_u (local.get $count) (i32.const 1000))
      (then (i32.const 9))
      (else (i32.sub (i32.const 31) (i32.clz (local.get $count))))))

  (func (export "run") (param $begin i64) (param $end i64)
    (local $row i64) (local $column i32)
    (local.set $row (local.get $begin))
    (loop $rows
      (local.set $column (i32.const 0))
      (loop $columns
        (i32.store8 offset=16 (local.get $column)
          (i32.load8_u (call $letter (call $iterations
            (f64.add (f64.const -2.2) (f64.mul (f64.convert_i32_u (local.get $column)) (f64.const 0.032)))
            (f64.add (f64.const -1.2) (f64.mul (f64.convert_i64_u (local.get $row)) (f64.const 0.0615)))))))
        (local.set $column (i32.add (local.get $column) (i32.const 1)))
        (br_if $columns (i32.lt_u (local.get $column) (i32.const 100))))
      (i32.store8 (i32.const 116) (i32.const 10))
      (call $write (i32.const 16) (i32.const 101))
      (local.set $row (i64.add (local.get $row) (i64.const 1)))
      (br_if $rows (i64.lt_u (local.get $row) (local.get $end))))))
