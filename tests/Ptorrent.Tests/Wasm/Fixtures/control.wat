;; Every control construct: blocks with parameters and results, branches with values, tables of branches, unreachable code.
(module
  (type $two (func (param i32) (result i32 i64)))
  (memory (export "memory") 1)
  (table 4 funcref)
  (elem (i32.const 0) $add $sub $add $sub)
  (type $binary (func (param i32 i32) (result i32)))
  (func $add (type $binary) (i32.add (local.get 0) (local.get 1)))
  (func $sub (type $binary) (i32.sub (local.get 0) (local.get 1)))
  (func (export "blocks") (param i32) (result i64)
    (local $sum i64)
    local.get 0
    block (param i32) (result i32 i64)
      i32.const 3
      i32.add
      i64.const 7
    end
    local.set $sum
    i64.extend_i32_s
    local.get $sum
    i64.add)
  (func (export "table") (param i32) (result i32)
    block $c
      block $b
        block $a
          local.get 0
          br_table $a $b $c $a
        end
        i32.const 10
        return
      end
      i32.const 20
      return
    end
    i32.const 30)
  (func (export "values") (param i32) (result i32)
    block $out (result i32)
      i32.const 5
      local.get 0
      br_if $out
      drop
      i32.const 6
      br $out
      unreachable
      i32.add
      drop
      f32.neg
      drop
      i32.const 1
    end)
  (func (export "loops") (param i32) (result i32)
    (local $outer i32) (local $inner i32) (local $count i32)
    loop $again
      i32.const 0
      local.set $inner
      block $done
        loop $more
          local.get $inner
          local.get $outer
          i32.ge_s
          br_if $done
          local.get $count
          i32.const 1
          i32.add
          local.set $count
          local.get $inner
          i32.const 1
          i32.add
          local.set $inner
          br $more
        end
      end
      local.get $outer
      i32.const 1
      i32.add
      local.tee $outer
      local.get 0
      i32.lt_s
      br_if $again
    end
    local.get $count)
  (func (export "loop_values") (param i32) (result i32)
    i32.const 0
    loop $again (param i32) (result i32)
      i32.const 3
      i32.add
      local.get 0
      i32.const 1
      i32.sub
      local.tee 0
      i32.const 0
      i32.gt_s
      br_if $again
    end)
  (func (export "arms") (param i32) (result i32)
    local.get 0
    if (result i32)
      local.get 0
      i32.const 100
      i32.gt_s
      if
        i32.const 1
        return
      end
      i32.const 2
    else
      i32.const 3
    end
    i32.const 4
    i32.add)
  (func (export "indirect") (param i32) (result i32)
    i32.const 30
    i32.const 12
    local.get 0
    call_indirect (type $binary))
  (func $many (param i32) (result i32 i64)
    local.get 0
    if
      i32.const 8
      i64.const 9
      return
    end
    i32.const 1
    i64.const 2)
  (func (export "many") (param i32) (result i64)
    (local i64)
    local.get 0
    call $many
    i64.const 10
    i64.mul
    local.set 1
    i64.extend_i32_s
    local.get 1
    i64.add)
  (func $even (param i32) (result i32)
    local.get 0
    i32.eqz
    if (result i32)
      i32.const 1
    else
      local.get 0
      i32.const 1
      i32.sub
      call $odd
    end)
  (func $odd (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 0))
      (else (call $even (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "even") (param i32) (result i32) (call $even (local.get 0)))
  (func (export "select") (param i32) (result i32)
    (select (i32.const 11) (i32.const 22) (local.get 0))))
