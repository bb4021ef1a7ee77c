//! Where gas is charged and checked, rule by rule.

mod common;

use arwen_metering::{Op, Rules};
use common::{Planned, plan, prices};

/// A module of one function over an `i32` parameter.
fn body(rules: &'static Rules, body: &str) -> Planned {
    plan(
        rules,
        &format!("(module (memory 1) (table $t 1 funcref) (table $e 1 externref) (func (param i32) {body}))"),
    )
}

/// The points of `code` with every price 1.
#[track_caller]
fn check(rules: &'static Rules, code: &str, expected: &str) {
    assert_eq!(body(rules, code).points(0, &prices(&[])), expected);
}

const ARWEN: &Rules = &Rules::ARWEN_1_3;
const STRICT: &Rules = &Rules::STRICT;

#[test]
fn twelve_operators_charge_and_five_of_them_check() {
    for (code, expected) in [
        ("block nop local.get 0 br_if 0 nop end", "BrIf 4?, End 2, End 1"),
        ("nop loop nop end", "Loop 2, End 3"),
        ("local.get 0 if nop else nop end", "If 2, Else 2, End 2, End 1"),
        ("nop unreachable", "Unreachable 2"),
        ("nop br 0", "Br 2?"),
        ("local.get 0 br_if 0", "BrIf 2?, End 1"),
        ("local.get 0 br_table 0 0 0 0 0 0", "BrTable 2?"),
        ("local.get 0 call 0", "Call 2?, End 1"),
        (
            "i32.const 1 local.get 0 call_indirect (param i32)",
            "CallIndirect 3?, End 1",
        ),
        ("nop return", "Return 2"),
    ] {
        check(ARWEN, code, expected);
    }
    assert_eq!((ARWEN.flush.len(), ARWEN.check.len()), (12, 5));
}

#[test]
fn no_other_operator_charges_or_checks() {
    check(
        ARWEN,
        "local.get 0 local.get 0 i32.load i32.store memory.size drop i32.const 3 memory.grow drop
         local.get 0 i64.extend_i32_u i64.popcnt i32.wrap_i64 i32.const 2 local.get 0 select local.set 0 nop",
        "End 19",
    );
}

#[test]
fn what_is_due_at_a_block_or_an_end_without_branches_is_charged_with_what_follows() {
    check(
        ARWEN,
        "nop block block nop end local.get 0 i32.load drop end",
        "End 10",
    );
    check(
        ARWEN,
        "block block local.get 0 br_if 1 nop end nop end",
        "BrIf 4?, End 4, End 1",
    );
    check(
        ARWEN,
        "local.get 0 if local.get 0 br_if 0 return else nop end",
        "If 2, BrIf 2?, Return 1, End 2, End 1",
    );
    check(
        ARWEN,
        "block block local.get 0 br_table 0 1 end nop end",
        "BrTable 4?, End 2, End 1",
    );
}

#[test]
fn a_check_is_not_carried_past_an_operator_that_may_trap() {
    check(
        STRICT,
        "block local.get 0 i32.const 2 i32.mul i32.load drop end",
        "I32Load 4?, End 4?",
    );
    check(
        STRICT,
        "block nop end block local.get 0 br_if 0 end",
        "BrIf 6?, End 1?, End 1?",
    );
}

#[test]
fn memory_grow_costs_the_same_for_any_number_of_pages() {
    let code = body(ARWEN, "local.get 0 memory.grow drop");
    assert_eq!(code.points(0, &prices(&[("MemoryGrow", 50)])), "End 53");
}

#[test]
fn code_after_leaving_is_free_up_to_the_end_that_closes_it() {
    for leave in ["br 0", "local.get 0 br_table 0", "return", "unreachable"] {
        let planned = body(ARWEN, &format!("block {leave} nop nop end nop"));
        let points = planned.points(0, &prices(&[]));
        assert!(points.ends_with(", End 2"), "{leave}: {points}");
        assert_eq!(planned.functions[0].points.len(), 2, "{leave}: {points}");
    }
}

#[test]
fn dead_blocks_are_dead_to_their_own_end() {
    check(
        ARWEN,
        "block return nop block loop nop end if nop else nop end br 0 end i32.const 1 br_if 0 end nop",
        "Return 2, End 2",
    );
}

#[test]
fn a_dead_then_branch_makes_its_else_free_but_not_the_else_branch() {
    check(
        ARWEN,
        "local.get 0 if return nop else nop end",
        "If 2, Return 1, End 3",
    );
    check(
        ARWEN,
        "local.get 0 if nop else return nop end nop",
        "If 2, Else 2, Return 1, End 2",
    );
    check(ARWEN, "return local.get 0 if nop else nop end", "Return 1");
}

#[test]
fn a_loop_is_charged_on_entry_and_not_on_its_turns() {
    let planned = body(ARWEN, "loop local.get 0 br_if 0 end");
    let ops = prices(&[("Loop", 1000)]);
    assert_eq!(planned.points(0, &ops), "Loop 1000, BrIf 2?, End 2");
    assert_eq!(planned.walk(0, &ops, &[false]).gas, 1004);
    assert_eq!(planned.walk(0, &ops, &[true, true, true, false]).gas, 1010);
}

#[test]
fn an_end_is_charged_only_when_fallen_through() {
    let ops = prices(&[("End", 1000)]);
    let block = body(ARWEN, "block local.get 0 br_if 0 nop end");
    assert_eq!(block.walk(0, &ops, &[false]).gas, 1 + 2 + 1001 + 1000);
    assert_eq!(block.walk(0, &ops, &[true]).gas, 1 + 2 + 1000);
    let without_else = body(ARWEN, "local.get 0 if nop end");
    assert_eq!(without_else.walk(0, &ops, &[true]).gas, 2 + 1001 + 1000);
    assert_eq!(without_else.walk(0, &ops, &[false]).gas, 2 + 1000);
}

#[test]
fn an_else_is_charged_at_the_end_of_the_then_branch_only() {
    let ops = prices(&[("Else", 1000)]);
    let both = body(ARWEN, "local.get 0 if nop else nop nop end");
    assert_eq!(both.walk(0, &ops, &[true]).gas, 2 + 1001 + 1);
    assert_eq!(both.walk(0, &ops, &[false]).gas, 2 + 3 + 1);
}

#[test]
fn what_is_charged_is_what_ran() {
    let code = body(
        ARWEN,
        "block $out
           loop $again
             local.get 0
             if
               local.get 0 br_if $out
             else
               nop
               block local.get 0 br_if 0 br $again end
               nop
             end
             local.get 0 br_if $again
           end
           return
         end
         nop",
    );
    let ops = prices(&[]);
    for decisions in [
        &[true, true][..],
        &[true, false, false],
        &[true, false, true, false, true, true, true, true],
        &[false, false, false, true, false],
    ] {
        let walk = code.walk(0, &ops, decisions);
        assert_eq!(walk.gas, walk.executed, "{decisions:?}");
    }
}

#[test]
fn br_table_costs_the_same_for_any_number_of_targets() {
    for targets in ["0", "0 0", &"0 ".repeat(5000)] {
        check(ARWEN, &format!("local.get 0 br_table {targets}"), "BrTable 2?");
    }
}

/// Three functions; what their first charges add for locals.
fn locals_charges(rules: &'static Rules, groups: [&str; 3], changes: &[(&str, u64)]) -> [u64; 3] {
    let functions = groups.map(|groups| format!("(func {groups})"));
    let planned = plan(rules, &format!("(module {})", functions.concat()));
    let costs = planned.plan.costs(&prices(changes));
    [0, 1, 2].map(|function| {
        let [point] = planned.functions[function].points[..] else {
            panic!("only the end")
        };
        costs[point.charge.unwrap().index()] - 1
    })
}

fn group(count: usize, ty: &str) -> String {
    format!("(local {})", format!("{ty} ").repeat(count))
}

const V3_LOCALS: &[(&str, u64)] = &[("LocalsUnmetered", 100), ("LocalAllocate", 2)];

#[test]
fn locals_are_paid_per_group_beyond_the_free_ones_and_again_by_every_later_function() {
    let (a, b) = (group(150, "i32"), group(101, "i64"));
    assert_eq!(locals_charges(ARWEN, [&a, "", ""], V3_LOCALS), [100, 100, 100]);
    assert_eq!(locals_charges(ARWEN, ["", &a, &b], V3_LOCALS), [0, 100, 102]);
    assert_eq!(
        locals_charges(ARWEN, [&(a.clone() + &b), &b, ""], V3_LOCALS),
        [102, 104, 104]
    );
}

#[test]
fn groups_within_the_free_locals_and_parameters_are_free() {
    let spread = [group(100, "i32"), group(100, "i64"), group(100, "i32")].concat();
    let parameters = format!("(param {})", "i32 ".repeat(500));
    assert_eq!(
        locals_charges(ARWEN, [&spread, &parameters, ""], V3_LOCALS),
        [0, 0, 0]
    );
}

#[test]
fn the_sum_for_locals_wraps_at_32_bits() {
    let (a, dear) = (
        group(4, "i32"),
        [("LocalsUnmetered", 1), ("LocalAllocate", 0x8000_0001)],
    );
    assert_eq!(
        locals_charges(ARWEN, [&a, &a, &a], &dear),
        [0x8000_0003, 6, 0x8000_0009]
    );
}

#[test]
fn locals_are_paid_with_the_first_charge_and_once() {
    let planned = plan(
        ARWEN,
        "(module (func (local i32 i32 i32) nop loop local.get 0 br_if 0 end))",
    );
    assert_eq!(
        planned.points(0, &prices(&[("LocalsUnmetered", 1), ("LocalAllocate", 10)])),
        "Loop 22, BrIf 2?, End 2"
    );
}

#[test]
fn strict_charges_each_function_for_all_its_own_locals() {
    let (a, spread) = (group(150, "i32"), group(60, "i32") + &group(60, "i64"));
    assert_eq!(locals_charges(STRICT, [&a, &spread, ""], V3_LOCALS), [100, 40, 0]);
    let dear = [("LocalsUnmetered", 1), ("LocalAllocate", u32::MAX.into())];
    assert_eq!(
        locals_charges(STRICT, [&a, "", ""], &dear),
        [149 * u64::from(u32::MAX), 0, 0]
    );
}

#[test]
fn strict_checks_at_every_charge() {
    check(
        STRICT,
        "block nop end loop nop end local.get 0 if nop else nop end local.get 0 call 0 return",
        "Loop 4?, If 4?, Else 2?, End 2?, Call 2?, Return 1?",
    );
    let planned = plan(
        STRICT,
        "(module (table 1 funcref) (func return_call 0) (func (return_call_indirect (i32.const 0))))",
    );
    assert_eq!(planned.points(0, &prices(&[])), "ReturnCall 1?");
    assert_eq!(planned.points(1, &prices(&[])), "ReturnCallIndirect 2?");
}

#[test]
fn strict_pays_bulk_work_by_its_size_before_it_is_done() {
    let ops = prices(&[("MemoryCopy", 3), ("Nop", 5), ("I64Store", 7)]);
    for (code, expected) in [
        ("local.get 0 memory.grow drop", "MemoryGrow 2+20480/unit?, End 2"),
        (
            "local.get 0 local.get 0 local.get 0 memory.copy",
            "MemoryCopy 6+5/unit?, End 1",
        ),
        (
            "local.get 0 local.get 0 local.get 0 memory.fill",
            "MemoryFill 4+5/unit?, End 1",
        ),
        (
            "ref.null extern local.get 0 table.grow $e drop",
            "TableGrow 3+7/unit?, End 2",
        ),
        (
            "local.get 0 local.get 0 local.get 0 table.copy $t $t",
            "TableCopy 4+7/unit?, End 1",
        ),
        (
            "local.get 0 ref.null extern local.get 0 table.fill $e",
            "TableFill 4+7/unit?, End 1",
        ),
    ] {
        assert_eq!(
            body(STRICT, code).points(0, &ops),
            format!("{expected}?"),
            "{code}"
        );
    }
    let segments = plan(
        STRICT,
        r#"(module (memory 1) (table 1 funcref) (data $d "x") (elem $s func 0)
             (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1))
                   (table.init $s (i32.const 0) (i32.const 0) (i32.const 1))))"#,
    );
    assert_eq!(
        segments.points(0, &ops),
        "MemoryInit 4+5/unit?, TableInit 4+7/unit?, End 1?"
    );
}

#[test]
fn the_price_of_a_unit_times_any_count_fits_the_counter() {
    let planned = body(STRICT, "local.get 0 memory.grow drop");
    let costs = planned.plan.costs(&prices(&[("Nop", u32::MAX.into())]));
    let unit = costs[planned.functions[0].points[0].units.unwrap().index()];
    assert_eq!(unit, (1 << 31) - 1);
}

#[test]
fn new_prices_change_the_table_and_not_the_plan() {
    let code = "block local.get 0 i32.popcnt i32.const 3 i32.mul br_if 0 nop nop end";
    let planned = body(ARWEN, code);
    assert_eq!(planned.plan, body(ARWEN, code).plan);
    assert_eq!(planned.points(0, &prices(&[])), "BrIf 6?, End 3, End 1");
    let ops = prices(&[("I32Mul", 20), ("Nop", 300), ("BrIf", u32::MAX.into())]);
    assert_eq!(planned.points(0, &ops), "BrIf 4294967319?, End 601, End 1");
    assert_eq!(planned.plan.costs(&ops).len(), planned.plan.len());
}

#[test]
fn a_charge_tells_what_it_pays_for() {
    let planned = body(ARWEN, &format!("{} local.get 0 br_if 0", "nop ".repeat(70_000)));
    let [branch, end] = &planned.functions[0].points[..] else {
        panic!("two points")
    };
    assert_eq!(
        planned.plan.operators(branch.charge.unwrap()),
        [(Op::Nop, 70_000), (Op::LocalGet, 1), (Op::BrIf, 1)]
    );
    assert_eq!(planned.plan.operators(end.charge.unwrap()), [(Op::End, 1)]);
    let grow = body(STRICT, "local.get 0 memory.grow drop");
    assert_eq!(
        grow.plan.operators(grow.functions[0].points[0].units.unwrap()),
        [(Op::Nop, 4096)]
    );
    assert_eq!(grow.plan.operators(arwen_metering::ChargeId(99)), []);
}

#[test]
fn code_that_is_not_valid_is_planned_without_panic() {
    use wasmparser::Operator;
    let mut planner = arwen_metering::ModulePlanner::new(ARWEN);
    planner.operator(&Operator::End);
    planner.begin_function([u32::MAX, u32::MAX]);
    for operator in [
        Operator::Else,
        Operator::Return,
        Operator::End,
        Operator::End,
        Operator::Else,
        Operator::Nop,
    ] {
        planner.operator(&operator);
    }
    planner.end_function();
    planner.begin_function([]);
    planner.operator(&Operator::End);
    let points = planner.end_function().points;
    let plan = planner.finish();
    assert_eq!(
        plan.operators(points[0].charge.unwrap()),
        [(Op::End, 1)],
        "the stray nop is nobody's"
    );
    assert_eq!(plan.costs(&prices(&[])).len(), plan.len());
}

/// Writes a random body: blocks, loops, branches, calls and loads.
fn random_body(draw: &mut dyn FnMut(usize) -> usize, labels: usize, text: &mut String) {
    for _ in 0..draw(6) {
        let deeper = labels < 6;
        match draw(12) {
            0 | 1 if deeper => nested("block", "end ", draw, labels, text),
            2 if deeper => nested("loop", "end ", draw, labels, text),
            3 if deeper => nested("local.get 0 if", "end ", draw, labels, text),
            4 if deeper => {
                nested("local.get 0 if", "else ", draw, labels, text);
                random_body(draw, labels + 1, text);
                text.push_str("end ");
            }
            5 | 6 => text.push_str(&format!("local.get 0 br_if {} ", draw(labels))),
            7 => text.push_str(&format!("br {} ", draw(labels))),
            8 if draw(3) == 0 => text.push_str("return "),
            9 => text.push_str("call 1 "),
            10 => text.push_str("local.get 0 i32.load drop "),
            _ => text.push_str("nop "),
        }
    }
}

fn nested(open: &str, close: &str, draw: &mut dyn FnMut(usize) -> usize, labels: usize, text: &mut String) {
    text.push_str(open);
    text.push(' ');
    random_body(draw, labels + 1, text);
    text.push_str(close);
}

#[test]
fn random_code_is_charged_and_checked_by_the_rules_on_every_way() {
    let mut state = 1u64;
    let mut draw = move |below: usize| {
        // xorshift64*
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % below
    };
    let ops = prices(&[("Loop", 3), ("End", 5), ("Block", 7), ("Else", 11), ("Nop", 13)]);
    for _ in 0..2000 {
        let mut text = String::from("(module (memory 1) (func (param i32) ");
        random_body(&mut draw, 1, &mut text);
        text.push_str(") (func block end nop))");
        for rules in [ARWEN, STRICT] {
            let planned = plan(rules, &text);
            for _ in 0..8 {
                planned.walk_on(0, &ops, &mut std::iter::repeat_with(|| draw(2) == 0));
            }
        }
    }
}
