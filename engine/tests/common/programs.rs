//! Programs that gas can stumble over in every way, for runs at every limit.

/// Programs with an export `run`, an optional memory `m`, and all that gas can stumble over.
pub const PROGRAMS: &[(&str, &str)] = &[
    (
        "loops that count up, down and to a limit",
        r#"(module (memory (export "m") 1)
            (func (export "run") (param i32) (result i32) (local i32 i32)
              (loop (i32.store (local.get 1) (local.get 2))
                (br_if 0 (i32.ne (local.tee 1 (i32.add (local.get 1) (i32.const 4))) (i32.const 40))))
              (local.set 1 (i32.const 5))
              (loop (i32.store8 offset=100 (local.get 1) (local.get 1))
                (br_if 0 (local.tee 1 (i32.add (local.get 1) (i32.const -1)))))
              (loop (local.set 2 (i32.add (local.get 2) (i32.const 3)))
                (br_if 0 (i32.lt_s (local.get 2) (local.get 0))))
              (local.set 0 (i32.or (local.get 0) (i32.const 16)))
              (loop (br_if 0 (i32.ne (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0))))
              (local.get 2)))"#,
    ),
    (
        "counters of 32 bits compared in 64",
        r#"(module (memory (export "m") 1)
            (func (export "run") (param i32) (result i32) (local i32 i64)
              (local.set 2 (i64.or (i64.const 0x100000000) (i64.extend_i32_u (local.get 0))))
              (block $done
                (loop $l (br_if $done (i32.gt_u (local.get 1) (i32.const 12)))
                  (local.set 1 (i32.add (local.get 1) (i32.const 1)))
                  (br_if $l (i64.ne (i64.extend_i32_u (local.get 1)) (local.get 2)))))
              (i32.store (i32.const 0) (local.get 1))
              (block
                (local.set 0 (i32.add (local.get 0) (i32.const -1)))
                (br_if 0 (i64.ne (local.get 2) (i64.extend_i32_u (local.get 0))))
                (i32.store (i32.const 4) (i32.const 1)))
              (block
                (local.set 0 (i32.add (local.get 0) (i32.const 1)))
                (br_if 0 (i64.ne (i64.extend_i32_s (local.get 0)) (i64.const 0x100000003)))
                (i32.store (i32.const 8) (i32.const 1)))
              (local.get 0)))"#,
    ),
    (
        "blocks in blocks with values and tables",
        r#"(module (memory (export "m") 1)
            (func $pick (param i32) (result i32)
              (block $c (result i32) (i32.const 100)
                (block $b (result i32) (i32.const 50)
                  (block $a (result i32) (i32.const 11) (br_table $a $b $c $b (local.get 0)))
                  i32.add)
                i32.add))
            (func (export "run") (param i32) (result i32) (local i32)
              (block (block (block (block
                (br_table 0 1 2 3 (i32.and (local.get 0) (i32.const 3)))) (local.set 1 (i32.const 1)))
                (if (i32.and (local.get 0) (i32.const 8)) (then (local.set 1 (i32.const 2))) (else (br 1))))
                (local.set 1 (i32.add (local.get 1) (i32.const 3)))) 
              (i32.store (i32.const 0) (local.get 1))
              (i32.add (call $pick (local.get 0)) (local.get 1))))"#,
    ),
    (
        "calls, direct, indirect and too deep",
        r#"(module (memory (export "m") 1) (type $u (func (param i32) (result i32)))
            (table 3 funcref) (elem (i32.const 0) $fib $deep)
            (func $fib (type $u) (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
              (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                (call_indirect (type $u) (i32.sub (local.get 0) (i32.const 2)) (i32.const 0))))))
            (func $deep (type $u) (local i64 i64) (i32.store (i32.const 4) (local.get 0))
              (call $deep (i32.add (local.get 0) (i32.const 1))))
            (func (export "run") (param i32) (result i32)
              (i32.store (i32.const 0) (call $fib (local.get 0)))
              (call_indirect (type $u) (local.get 0) (i32.rem_u (local.get 0) (i32.const 3)))))"#,
    ),
    (
        "small functions called in loops",
        r#"(module (memory (export "m") 1)
            (func $half (param i32 i32) (result i32) (local i32)
              (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
              (local.set 2 (i32.add (local.get 2) (local.get 1)))
              (i32.div_u (local.get 2) (i32.sub (local.get 0) (i32.const 3))))
            (func $first (param i32) (result i32)
              (loop (br_if 1 (local.get 0) (i32.gt_u (local.get 0) (i32.const 4))) drop
                (local.set 0 (i32.add (local.get 0) (i32.const 3))) (br 0)) unreachable)
            (func $store (param i32 i32) (i32.store offset=8 (local.get 0) (local.get 1)))
            (func $deeper (param i32) (result i32) (local i64)
              (loop (result i32)
                (br_if 1 (local.get 0) (i32.eqz (local.get 0))) drop
                (local.set 1 (i64.add (local.get 1) (i64.const 1)))
                (call $deeper (i32.sub (local.get 0) (i32.const 1)))
                (br_if 1 (i64.eqz (local.get 1))) drop
                (br_if 0 (i64.lt_u (local.get 1) (i64.const 1))) (i32.const 7)))
            (func (export "run") (param i32) (result i32) (local i32 i32)
              (local.set 1 (i32.const 5))
              (loop
                (local.set 2 (i32.add (call $half (local.get 1) (local.get 2)) (call $first (local.get 1))))
                (call $store (i32.mul (local.get 1) (i32.const 4)) (local.get 2))
                (call $store (i32.mul (local.get 2) (local.get 0)) (local.get 1))
                (local.set 1 (i32.sub (local.get 1) (i32.const 1)))
                (br_if 0 (i32.gt_s (local.get 1) (i32.sub (i32.const 4) (local.get 0)))))
              (i32.add (local.get 2) (call $deeper (i32.mul (local.get 0) (i32.const 8))))))"#,
    ),
    (
        "ways that owe little and so much that it has been paid",
        r#"(module (memory (export "m") 1)
            (func (export "run") (param i32) (result i32) (local i32 i32)
              (block $out (loop $l
                (block $b (br_if $b (i32.and (local.get 1) (i32.const 1)))
                  (br_if $out (local.get 2)) (br_if $out (local.get 2)) (br_if $out (local.get 2)) (br_if $out (local.get 2)) (br_if $out (local.get 2))
                  (br $b))
                (br_if $l (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0)))))
              (local.set 1 (i32.const 0))
              (block $out (loop $l
                (block $b (br_if $b (i32.and (local.get 1) (i32.const 1)))
                  (br_if $out (local.get 2)) (br_if $out (local.get 2)) (br_if $out (local.get 2)) (br_if $out (local.get 2)) (br_if $out (local.get 2)) (br_if $out (local.get 2))
                  (br $b))
                (br_if $l (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0)))))
              (local.set 1 (i32.const 0))
              (block $out (loop $l
                (block $b (br_if $b (i32.and (local.get 1) (i32.const 1)))
                  (br_if $out (local.get 2)) (br_if $out (local.get 2)) (br_if $out (local.get 2)) (br_if $out (local.get 2)) (br_if $out (local.get 2)) (br_if $out (local.get 2)) (br_if $out (local.get 2))
                  (br $b))
                (br_if $l (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0)))))
              (local.get 1)))"#,
    ),
    (
        "stores to the same place, charges in between",
        r#"(module (memory (export "m") 1)
            (func $straight (param i32 i32)
              (i32.store (local.get 0) (local.get 1))
              (if (local.get 1) (then nop))
              (i32.store (local.get 0) (i32.const 7)))
            (func $looped (param i32 i32)
              (loop (i64.store offset=8 (local.get 0) (i64.extend_i32_u (local.get 1)))
                (br_if 0 (local.tee 1 (i32.sub (local.get 1) (i32.const 1))))))
            (func (export "run") (param i32) (result i32)
              (if (i32.and (local.get 0) (i32.const 1))
                (then (call $straight (i32.mul (local.get 0) (i32.const 8192)) (i32.const 1)))
                (else (call $looped (i32.mul (local.get 0) (i32.const 32768)) (i32.const 5))))
              (local.get 0)))"#,
    ),
    (
        "values selected by what has just been read, in loops with tables",
        r#"(module (memory (export "m") 1) (data (i32.const 65500) "\01\00\02\00\00\03")
            (func (export "run") (param i32) (result i32) (local i32 i32 i64)
              (local.set 1 (i32.const 65500))
              (loop $turns
                (block $b (block $a (br_table $a $b $a $b (i32.and (local.get 1) (i32.const 3))))
                  (local.set 2 (select (i32.const 5) (local.get 2) (i32.load8_u (local.get 1)))))
                (local.set 3 (select (i64.const 7) (local.get 3) (i64.eqz (i64.load (local.get 1)))))
                (local.set 2 (i32.add (local.get 2)
                  (select (local.get 1) (local.get 2) (i32.lt_u (i32.load (local.get 1)) (local.get 2)))))
                (local.set 1 (i32.add (local.get 1) (i32.const 3)))
                (br_if $turns (i32.lt_u (local.get 1) (i32.add (local.get 0) (i32.const 65526)))))
              (loop $turns
                (block $b (block $a (br_table $b $a (local.get 0))) nop)
                (block (br_if 0 (i32.and (local.get 1) (i32.const 1)))
                  (local.set 2 (select (i32.const 1) (local.get 2) (i32.eqz (i32.load16_u (local.get 1))))))
                (local.set 1 (i32.add (local.get 1) (i32.const 1)))
                (br_if $turns (i32.lt_u (local.get 1) (i32.add (i32.shl (local.get 0) (i32.const 1)) (i32.const 65532)))))
              (i32.add (local.get 2) (i32.wrap_i64 (local.get 3)))))"#,
    ),
    (
        "values selected in loops that small functions with tables are called in",
        r#"(module (memory (export "m") 1) (data (i32.const 8) "\01\00\00\02\00\03")
            (func $kind (param i32) (result i32)
              (block $b (block $a (br_table $a $b $a (local.get 0))) (return (i32.const 9))) (i32.const 4))
            (func $next (param i32 i32) (result i32)
              (select (i32.add (local.get 0) (i32.const 3)) (i32.add (local.get 0) (i32.const 1)) (i32.load8_u (local.get 1))))
            (func (export "run") (param i32) (result i32) (local i32 i32)
              (loop $turns
                (local.set 2 (i32.add (i32.mul (local.get 2) (i32.const 31)) (call $kind (local.get 1))))
                (local.set 1 (call $next (local.get 1) (i32.mul (local.get 1) (i32.mul (local.get 0) (i32.const 2048)))))
                (local.set 2 (i32.add (local.get 2)
                  (select (i32.const 100) (local.get 1) (i32.gt_s (i32.load8_s (i32.add (local.get 1) (i32.const 7))) (i32.const 1)))))
                (br_if $turns (i32.lt_u (local.get 1) (i32.const 12))))
              (local.get 2)))"#,
    ),
    (
        "traps between charges",
        r#"(module (memory (export "m") 1) (global $g (mut i64) (i64.const 5))
            (func (export "run") (param i32) (result i32)
              (global.set $g (i64.extend_i32_u (local.get 0)))
              (block (block (block (i32.store (i32.const 8) (i32.const 1)) (br_if 0 (local.get 0)))
                (i32.store (i32.const 12) (i32.div_u (i32.const 1) (local.get 0)))) nop)
              (i32.store (i32.const 16) (i32.const 1))
              (i32.load (i32.mul (local.get 0) (i32.const 16384)))
              (i32.wrap_i64 (i64.div_s (i64.const -9223372036854775808) (i64.sub (global.get $g) (i64.const 5))))
              i32.add unreachable))"#,
    ),
    (
        "small loops that trap in a turn between two checks",
        r#"(module (memory (export "m") 1)
            (func (export "run") (param i32) (result i32) (local i32 i32 i64)
              (local.set 1 (i32.const 65500))
              (loop $turns
                (local.set 2 (i32.add (local.get 2) (i32.load (local.get 1))))
                (i32.store offset=4 (local.get 1) (local.get 2))
                (local.set 1 (i32.add (local.get 1) (i32.shl (local.get 0) (i32.const 2))))
                (br_if $turns (i32.and (local.get 0) (i32.lt_u (local.get 1) (i32.const 65600)))))
              (local.set 1 (i32.const 6))
              (loop $turns
                (local.set 2 (i32.div_u (i32.const 1000) (local.get 1)))
                (local.set 1 (i32.sub (local.get 1) (i32.const 1)))
                (br_if $turns (i32.ne (local.get 1) (i32.sub (i32.const 2) (local.get 0)))))
              (local.get 2)))"#,
    ),
    (
        "small loops with several ways back and out",
        r#"(module (memory (export "m") 1)
            (func (export "run") (param i32) (result i32) (local i32 i32)
              (block $out
                (loop $turns
                  (local.set 1 (i32.add (local.get 1) (i32.const 1)))
                  (br_if $out (i32.gt_u (local.get 1) (i32.const 14)))
                  (i32.store (i32.mul (local.get 1) (i32.const 4)) (local.get 2))
                  (br_if $turns (i32.eq (i32.and (local.get 1) (i32.const 3)) (local.get 0)))
                  (if (i32.and (local.get 1) (i32.const 1))
                    (then (local.set 2 (i32.add (local.get 2) (i32.const 7))) (br $turns))
                    (else (local.set 2 (i32.xor (local.get 2) (local.get 1)))))
                  (br_if $turns (i32.ne (local.get 1) (i32.const 12)))
                  (local.set 2 (i32.const 99))))
              (block $out (result i32)
                (loop $turns (result i32)
                  (drop (br_if $out (i32.const 5) (i32.eqz (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
                  (br_if $turns (i32.lt_u (local.get 0) (i32.const 10)))
                  (local.get 2))
                (i32.add (i32.const 3)))))"#,
    ),
    (
        "ways with different debts that meet",
        r#"(module (memory (export "m") 1)
            (func (export "run") (param i32) (result i32) (local i32)
              (block $meet
                (br_if $meet (i32.eqz (local.get 0)))
                (local.set 1 (i32.const 4))
                (br_if $meet (i32.eq (local.get 0) (i32.const 1)))
                (local.set 1 (i32.const 65532))
                (br_if $meet (i32.eq (local.get 0) (i32.const 2)))
                (local.set 1 (i32.load offset=4 (local.get 1))))
              (i32.store (local.get 1) (i32.const 1))
              (if (i32.and (local.get 0) (i32.const 1))
                (then (block (br_if 0 (i32.and (local.get 0) (i32.const 2))) (i32.store (i32.const 8) (local.get 0))))
                (else (i32.store (i32.const 12) (i32.rem_s (local.get 1) (i32.sub (local.get 0) (i32.const 2))))))
              (block $last (br_if $last (local.get 0)) (br_if $last (local.get 1)) (return (i32.const 8)))
              (i32.load (i32.mul (local.get 0) (i32.const 10000)))))"#,
    ),
    (
        "tables of branches into code that traps, returns and turns",
        r#"(module (memory (export "m") 1)
            (func (export "run") (param i32) (result i32) (local i32 i32)
              (local.set 1 (local.get 0))
              (block $out (loop $next
                (local.set 2 (i32.add (local.get 2) (i32.const 1)))
                (br_if $out (i32.gt_u (local.get 2) (i32.const 20)))
                (block $d (block $c (block $b (block $a
                  (br_table $a $b $c $d $b $next (i32.and (i32.xor (local.get 1) (local.get 2)) (i32.const 7))))
                  (local.set 1 (i32.const 1)) (br $next))
                  (i32.store (i32.mul (local.get 2) (i32.const 4)) (local.get 1)) (local.set 1 (i32.const 2)) (br $next))
                  (return (i32.div_u (local.get 2) (i32.sub (local.get 2) (i32.const 3)))))
                (local.set 1 (i32.const 0))
                (br_if $next (i32.lt_u (local.get 2) (i32.const 9)))))
              (i32.load8_u (i32.const 65536))))"#,
    ),
    (
        "loops that calls, growth and dead code are in",
        r#"(module (memory (export "m") 1 4)
            (func $one (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
            (func (export "run") (param i32) (result i32) (local i32)
              (loop $turns (local.set 1 (call $one (local.get 1)))
                (br_if $turns (i32.lt_u (local.get 1) (local.get 0))))
              (loop $turns
                (br_if $turns (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
              (loop $once (br_if 0 (i32.const 0)) (block (br 0)) (drop (i32.load (local.get 1))))
              (block (loop $never (br 1) (br $never)))
              (loop $turns (result i32)
                (local.set 0 (i32.add (local.get 0) (i32.const 1)))
                (br_if $turns (i32.rem_u (local.get 0) (i32.const 7)))
                (local.get 1))
              (i32.add (memory.size))))"#,
    ),
];

/// Programs that only the rules for new chains accept.
pub const STRICT_PROGRAMS: &[(&str, &str)] = &[
    (
        "bulk memory by size",
        r#"(module (memory (export "m") 1 3) (data $d "abcdefgh")
            (func (export "run") (param i32) (result i32)
              (memory.fill (i32.const 16) (i32.const 7) (local.get 0))
              (memory.init $d (i32.const 0) (i32.const 1) (i32.const 6))
              (memory.copy (i32.const 40) (i32.const 0) (i32.add (local.get 0) (i32.const 2)))
              (data.drop $d) (drop (memory.grow (i32.const 1)))
              (memory.init $d (i32.const 0) (i32.const 0) (i32.and (local.get 0) (i32.const 1)))
              (i32.add (memory.size) (memory.grow (local.get 0)))))"#,
    ),
    (
        "tables and references",
        r#"(module (memory (export "m") 1) (type $n (func (result i32))) (table $t 4 10 funcref) (table $u 4 externref)
            (elem $e func $one $two) (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))
            (func (export "run") (param i32) (result i32)
              (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 2))
              (table.copy $t $t (i32.const 2) (i32.const 0) (i32.const 2))
              (drop (table.grow $t (ref.func $two) (local.get 0)))
              (table.fill $t (i32.const 1) (ref.null func) (i32.const 1))
              (table.set $t (i32.const 3) (table.get $t (i32.const 0)))
              (table.fill $u (i32.const 0) (ref.null extern) (i32.const 4))
              (i32.add (call_indirect $t (type $n) (local.get 0))
                (i32.add (table.size $t) (ref.is_null (table.get $u (i32.const 0)))))))"#,
    ),
    (
        "several values and tail calls",
        r#"(module (memory (export "m") 1) (type $p (func (param i32 i32) (result i32 i32)))
            (table 2 funcref) (elem (i32.const 0) $swap $down)
            (func $swap (type $p) (local.get 1) (local.get 0))
            (func $down (type $p) (if (i32.eqz (local.get 0)) (then (return (local.get 1) (local.get 0))))
              (i32.store (i32.const 0) (local.get 0))
              (return_call_indirect (type $p) (i32.sub (local.get 0) (i32.const 1)) (local.get 1) (i32.const 1)))
            (func (export "run") (param i32) (result i32)
              (call $down (local.get 0) (i32.const 3)) (return_call $sub))
            (func $sub (param i32 i32) (result i32)
              (loop (param) (result i32) (call $swap (local.get 0) (local.get 1)) (i32.sub)
                (local.set 0 (i32.add (local.get 0) (i32.const 1)))
                (br_if 0 (i32.lt_s (local.get 0) (i32.const 6))))))"#,
    ),
];
