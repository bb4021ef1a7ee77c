//! The tiers cannot be told apart: every operator on edge values in interpreter, JIT and `semantics`, and programs at
//! every gas limit.

mod common;
#[path = "common/programs.rs"]
mod programs;

use std::fmt::Write;

use arwen_engine::semantics::{OPERATORS, OperatorMeaning};
use arwen_engine::{Config, Extern, Interrupt, Module, NoHost, Ruleset, Store, Tier, Trap, ValType, Value};
use arwen_metering::Schedule;
use common::{Run, compile, configs};
use programs::{PROGRAMS, STRICT_PROGRAMS};

const EDGES_32: &[u64] = &[
    0,
    1,
    2,
    31,
    32,
    0x7fff,
    0x8000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
    0xffff_ffff,
];
const EDGES_64: &[u64] = &[
    0,
    1,
    63,
    64,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    1 << 32,
    (1 << 63) - 1,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];

fn edges(ty: ValType) -> &'static [u64] {
    if ty == ValType::I32 { EDGES_32 } else { EDGES_64 }
}

fn value(ty: ValType, slot: u64) -> Value {
    match ty {
        ValType::I32 => Value::I32(slot as i32),
        _ => Value::I64(slot as i64),
    }
}

fn constant(ty: ValType, slot: u64) -> String {
    format!(
        "({ty}.const {})",
        if ty == ValType::I32 {
            i64::from(slot as i32)
        } else {
            slot as i64
        }
    )
}

/// Ways to use the `i32` that an operator gives as a condition: each gives 1 when it is not 0, else 0.
const CONDITIONS: &[&str] = &[
    "(if (result i32) (OP) (then (i32.const 1)) (else (i32.const 0)))",
    "(block (br_if 0 (OP)) (return (i32.const 0))) (i32.const 1)",
    "(block (br_if 0 (i32.eqz (OP))) (return (i32.const 1))) (i32.const 0)",
    "(block (result i32) (br_if 0 (i32.const 1) (OP)) drop (i32.const 0))",
    "(block (result i32) (i64.const 9) (i32.const 1) (br_if 0 (OP)) drop drop (i32.const 0))",
    "(select (i32.const 1) (i32.const 0) (OP))",
    "(i32.eqz (i32.eqz (OP)))",
];

/// Operands as the functions of an operator take them: locals, constants, both.
fn operands(row: &OperatorMeaning) -> Vec<(String, Vec<Option<u64>>)> {
    let local = |i: usize| format!("(local.get {i})");
    let mut forms = vec![(
        (0..row.params.len()).map(local).collect::<String>(),
        vec![None; row.params.len()],
    )];
    for (i, ty) in row.params.iter().enumerate() {
        for slot in edges(*ty) {
            let mut known = vec![None; row.params.len()];
            known[i] = Some(*slot);
            let text = (0..row.params.len())
                .map(|j| if i == j { constant(*ty, *slot) } else { local(j) })
                .collect();
            forms.push((text, known));
        }
    }
    forms
}

/// What a function of an operator's module knows: the operands that are constants in it, and whether it gives the
/// truth of the result instead of the result.
type Form = (Vec<Option<u64>>, bool);

/// A module with a function per form of operands and use, and the forms.
fn operator_module(row: &OperatorMeaning) -> (String, Vec<Form>) {
    let params: String = row.params.iter().map(|ty| format!(" {ty}")).collect();
    let mut text = String::from("(module");
    let mut functions = Vec::new();
    let mut add = |known: &Vec<Option<u64>>, truth: bool, result: ValType, body: &str| {
        let name = functions.len();
        functions.push((known.clone(), truth));
        write!(
            text,
            r#" (func (export "{name}") (param{params}) (result {result}) (local {result}) {body})"#
        )
        .expect("to a string");
    };
    for (operands, known) in operands(row) {
        let op = format!("{} {operands}", row.name);
        let result = row.params.len();
        add(&known, false, row.result, &format!("({op})"));
        add(
            &known,
            false,
            row.result,
            &format!("(local.set {result} ({op})) (local.get {result})"),
        );
        if row.result == ValType::I32 {
            for condition in CONDITIONS {
                add(&known, true, ValType::I32, &condition.replace("OP", &op));
            }
        }
    }
    text.push(')');
    (text, functions)
}

#[test]
fn every_operator_on_edge_values() {
    for row in OPERATORS {
        let (text, functions) = operator_module(row);
        let mut runs: Vec<Run> = configs(&Ruleset::STRICT)
            .into_iter()
            .map(|config| Run::new(config, &text))
            .collect();
        let second = row.params.get(1).map_or(&[0][..], |ty| edges(*ty));
        for (index, (known, truth)) in functions.iter().enumerate() {
            let name = index.to_string();
            for (a, b) in edges(row.params[0])
                .iter()
                .flat_map(|a| second.iter().map(move |b| (*a, *b)))
            {
                // A function that knows an operand is called once for each of the others.
                let slots: Vec<u64> = [a, b][..row.params.len()].to_vec();
                if known
                    .iter()
                    .zip(&slots)
                    .any(|(known, slot)| known.is_some_and(|known| known != *slot))
                {
                    continue;
                }
                let wanted = (row.eval)(&slots).map(|slot| match truth {
                    true => vec![Value::I32(i32::from(slot as u32 != 0))],
                    false => vec![value(row.result, slot)],
                });
                let args: Vec<Value> = row
                    .params
                    .iter()
                    .zip(&slots)
                    .map(|(ty, slot)| value(*ty, *slot))
                    .collect();
                let mut gas = Vec::new();
                for run in &mut runs {
                    let before = run.store.meter().used();
                    assert_eq!(
                        run.call(&name, &args),
                        wanted,
                        "{} {slots:x?}, function {name}",
                        row.name
                    );
                    gas.push(run.store.meter().used() - before);
                }
                assert!(
                    gas.iter().all(|used| *used == gas[0]),
                    "{} {slots:x?}: {gas:?}",
                    row.name
                );
            }
        }
    }
}

/// Loads and stores, by name, type and bytes.
const ACCESSES: &[(&str, &str, u32)] = &[
    ("load8_s", "i32", 1),
    ("load8_u", "i32", 1),
    ("load16_s", "i32", 2),
    ("load16_u", "i32", 2),
    ("load", "i32", 4),
    ("load8_s", "i64", 1),
    ("load8_u", "i64", 1),
    ("load16_s", "i64", 2),
    ("load16_u", "i64", 2),
    ("load32_s", "i64", 4),
    ("load32_u", "i64", 4),
    ("load", "i64", 8),
    ("store8", "i32", 1),
    ("store16", "i32", 2),
    ("store", "i32", 4),
    ("store8", "i64", 1),
    ("store16", "i64", 2),
    ("store32", "i64", 4),
    ("store", "i64", 8),
];

/// Ways to compute an address from the `i32` locals 0 and 1.
const ADDRESSES: &[&str] = &[
    "(local.get 0)",
    "(i32.add (local.get 0) (local.get 1))",
    "(i32.add (local.get 0) (i32.const 8))",
    "(i32.add (i32.const -8) (local.get 0))",
    "(i32.sub (local.get 0) (i32.const 1))",
    "(i32.add (local.get 1) (i32.shl (local.get 0) (i32.const 3)))",
    "(i32.add (i32.shl (local.get 0) (i32.const 2)) (local.get 1))",
    "(i32.add (i32.add (local.get 0) (local.get 1)) (local.get 0))",
    "(local.tee 1 (i32.add (local.get 0) (i32.const 4)))",
    "(i32.const 65530)",
    "(i32.const 0)",
    "(i32.const -4)",
];

const OFFSETS: &[u32] = &[0, 1, 65_528, 65_536, 0x7fff_ffff, 0x8000_0000, u32::MAX];

/// What is stored, from the local 2 of the type.
const STORED: &[&str] = &[
    "(local.get 2)",
    "(TY.add (local.get 2) (TY.const 1))",
    "(TY.const -2)",
    "(TY.const 0x7fffffff)",
];

#[test]
fn every_access_at_edge_addresses() {
    let addresses = [
        0u32,
        1,
        7,
        8,
        65_527,
        65_528,
        65_532,
        65_535,
        65_536,
        0x7fff_ffff,
        0x8000_0000,
        u32::MAX - 7,
        u32::MAX,
    ];
    for (name, ty, _) in ACCESSES {
        let mut text = String::from(
            r#"(module (memory (export "m") 1) (data (i32.const 65520) "\80\7f\81\01\ff\fe\fd\fc\00\80\f0\0f\77\88\99\aa")"#,
        );
        let mut count = 0;
        for address in ADDRESSES {
            for offset in OFFSETS {
                let bodies: Vec<String> = if name.starts_with("load") {
                    vec![format!("({ty}.{name} offset={offset} {address})")]
                } else {
                    let store = |stored: &&str| {
                        let stored = stored.replace("TY", ty);
                        format!("({ty}.{name} offset={offset} {address} {stored}) ({ty}.const 1)")
                    };
                    STORED.iter().map(store).collect()
                };
                for body in bodies {
                    write!(
                        text,
                        r#" (func (export "{count}") (param i32 i32 {ty}) (result {ty}) {body})"#
                    )
                    .expect("to a string");
                    count += 1;
                }
            }
        }
        text.push(')');
        let mut runs: Vec<Run> = configs(&Ruleset::ARWEN_1_3)
            .into_iter()
            .map(|config| Run::new(config, &text))
            .collect();
        for index in 0..count {
            for (i, first) in addresses.iter().enumerate() {
                let second = addresses[(i + index) % addresses.len()];
                let third = if *ty == "i32" {
                    Value::I32(-559_038_737)
                } else {
                    Value::I64(-0x0123_4567_89ab_cdef)
                };
                let args = [Value::I32(*first as i32), Value::I32(second as i32), third];
                let outcomes: Vec<_> = runs
                    .iter_mut()
                    .map(|run| {
                        let outcome = run.call(&index.to_string(), &args);
                        (outcome, run.store.meter().used())
                    })
                    .collect();
                assert!(
                    outcomes.iter().all(|o| *o == outcomes[0]),
                    "{ty}.{name} {index} {args:?}: {outcomes:?}"
                );
            }
        }
        let memories: Vec<&[u8]> = runs.iter().map(memory).collect();
        assert!(memories.iter().all(|bytes| *bytes == memories[0]), "{ty}.{name}");
    }
}

fn memory(run: &Run) -> &[u8] {
    match run.store.export(run.instance, "m") {
        Some(Extern::Memory(memory)) => run.store.memory(memory),
        _ => &[],
    }
}

/// What a run leaves behind: outcome, gas used, the start of the memory unless it ran out of gas.
fn outcome(module: &Module, argument: i32, limit: u64) -> (Result<Vec<Value>, Trap>, u64, Vec<u8>) {
    let mut store = Store::new(module.engine(), &Interrupt::new());
    let prices = Schedule::bundled("dummy").expect("bundled").op_costs();
    let instance = store
        .instantiate(module, &[], &module.costs(prices), &mut NoHost)
        .expect("no imports");
    let Some(Extern::Func(run)) = store.export(instance, "run") else {
        panic!("every program has `run`")
    };
    store.meter().set_limit(limit);
    let result = store.invoke(run, &mut NoHost, &[Value::I32(argument)]);
    let bytes = match store.export(instance, "m") {
        Some(Extern::Memory(memory)) if result != Err(Trap::OutOfGas) => store.memory(memory)[..256].to_vec(),
        _ => Vec::new(),
    };
    (result, store.meter().used(), bytes)
}

fn at_every_limit(rules: &'static Ruleset, name: &str, text: &str) {
    // A stack so small that recursion meets its end.
    let modules: Vec<Module> = configs(rules)
        .into_iter()
        .map(|config| compile(config.stack_limit(600), text).expect("a valid program"))
        .collect();
    for argument in [0, 1, 2, 3, 5, 9] {
        let needed = outcome(&modules[0], argument, u64::MAX).1;
        // Of long runs the start and the end.
        let limits = (0..=needed + 1).filter(|limit| *limit < 150 || *limit + 40 > needed);
        for limit in limits.chain([u64::MAX]) {
            let first = outcome(&modules[0], argument, limit);
            for module in &modules[1..] {
                let other = outcome(module, argument, limit);
                assert_eq!(
                    first, other,
                    "{name}, argument {argument}, {limit} of {needed} gas"
                );
            }
        }
    }
}

#[test]
fn programs_at_every_gas_limit() {
    for (name, text) in PROGRAMS {
        at_every_limit(&Ruleset::ARWEN_1_3, name, text);
        at_every_limit(&Ruleset::STRICT, name, text);
    }
    for (name, text) in STRICT_PROGRAMS {
        at_every_limit(&Ruleset::STRICT, name, text);
    }
}

#[test]
fn a_frame_too_large_to_number_never_fits() {
    for (operands, fits) in [(65_535, true), (65_536, false)] {
        let (push, drop) = ("i32.const 1 ".repeat(operands), "drop ".repeat(operands));
        let text = format!(r#"(module (func (export "run") (result i32) {push} {drop} i32.const 7))"#);
        let wanted = if fits {
            Ok(vec![Value::I32(7)])
        } else {
            Err(Trap::StackOverflow)
        };
        for config in configs(&Ruleset::STRICT) {
            assert_eq!(
                Run::new(config, &text).call("run", &[]),
                wanted,
                "{operands} operands"
            );
        }
    }
}

#[test]
fn interpreting_takes_little_native_stack() {
    // Long straight code, many jumps not taken, deep recursion and a long loop, on a small thread.
    let straight =
        "(local.set 0 (i32.add (i32.mul (local.get 0) (i32.const 3)) (local.get 1)))".repeat(20_000);
    let jumps = "(br_if 0 (i32.eq (local.get 0) (i32.const 1)))".repeat(20_000);
    let text = format!(
        r#"(module (func (export "straight") (param i32 i32) (result i32) {straight} (local.get 0))
            (func (export "jumps") (param i32 i32) (result i32) (block {jumps}) (local.get 0))
            (func $deep (export "deep") (param i32 i32) (result i32)
              (if (result i32) (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)) (local.get 1)))
                (else (local.get 1))))
            (func (export "loop") (param i32 i32) (result i32)
              (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 1)))"#
    );
    let thread = std::thread::Builder::new().stack_size(512 << 10).spawn(move || {
        let mut run = Run::new(Config::new(&Ruleset::STRICT).tier(Tier::Interpreter), &text);
        for name in ["straight", "jumps", "deep", "loop"] {
            let outcome = run.call(name, &[Value::I32(60_000), Value::I32(4)]);
            assert!(outcome.is_ok(), "{name}: {outcome:?}");
        }
    });
    assert!(thread.expect("a thread").join().is_ok());
}
