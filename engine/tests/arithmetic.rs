//! Arithmetic that compiled code computes with other instructions than were written: the same in every tier.

mod common;

use std::fmt::Write;

use arwen_engine::{Config, Ruleset, Tier, TierStatus, Value};
use common::{Run, compile, configs};

/// A module of functions numbered from 0, which all have the same parameters and result.
struct Functions {
    text: String,
    count: usize,
    ty: String,
}

impl Functions {
    /// `fields` come before the functions; `ty` is their parameters, results and locals.
    fn new(fields: &str, ty: &str) -> Self {
        Self {
            text: format!("(module {fields}"),
            count: 0,
            ty: ty.to_owned(),
        }
    }

    fn add(&mut self, body: &str) {
        let Self { text, count, ty } = self;
        write!(text, r#" (func (export "{count}") {ty} {body})"#).expect("to a string");
        *count += 1;
    }

    /// Calls every function with every list of arguments in every tier.
    fn are_alike(&self, arguments: &[Vec<Value>]) {
        let text = format!("{})", self.text);
        let native = compile(Config::new(&Ruleset::ARWEN_1_3).tier(Tier::Jit), &text)
            .map(|module| module.tier_status());
        assert!(matches!(native, Ok(TierStatus::Native)), "{native:?}");
        let configs = configs(&Ruleset::ARWEN_1_3).into_iter();
        let mut runs: Vec<Run> = configs.map(|config| Run::new(config, &text)).collect();
        for name in (0..self.count).map(|index| index.to_string()) {
            for args in arguments {
                let outcomes = runs.iter_mut().map(|run| {
                    let before = run.store.meter().used();
                    (run.call(&name, args), run.store.meter().used() - before)
                });
                let outcomes: Vec<_> = outcomes.collect();
                let alike = outcomes.iter().all(|outcome| *outcome == outcomes[0]);
                assert!(alike, "function {name} {args:?}: {outcomes:x?}\n{text}");
            }
        }
    }
}

/// Ways to say how far to shift, from the local `n`: as it is, masked by enough and by too little, converted, negated.
const AMOUNTS: &[&str] = &[
    "N",
    "(TY.and N (TY.const BELOW))",
    "(TY.and (TY.const 0xff) N)",
    "(TY.and N (TY.const 15))",
    "(TY.and N (TY.const BITS))",
    "(TY.sub (TY.const BITS) N)",
    "(TY.sub (TY.const 0) N)",
    "(TY.sub (TY.const 128) (TY.and N (TY.const BELOW)))",
    "(TY.and (TY.sub (TY.const BITS) N) (TY.const BELOW))",
    "(TY.and (TY.sub (TY.const 0) (TY.and N (TY.const BELOW))) (TY.const BELOW))",
    "(TY.sub (TY.const 33) N)",
    "(TY.sub N (TY.const BITS))",
    "(TY.add N (TY.const BITS))",
    "NARROW",
];

/// The same through the other width.
const NARROW: [(&str, &str); 2] = [
    (
        "i32",
        "(i32.wrap_i64 (i64.sub (i64.const 32) (i64.extend_i32_s N)))",
    ),
    (
        "i64",
        "(i64.extend_i32_u (i32.sub (i32.const 64) (i32.wrap_i64 N)))",
    ),
];

#[test]
fn shifts_by_every_kind_of_amount_and_pairs_of_them() {
    for (ty, narrow) in NARROW {
        let bits = if ty == "i32" { 32 } else { 64 };
        let amount = |text: &str| {
            text.replace("NARROW", narrow)
                .replace("TY", ty)
                .replace("BITS", &bits.to_string())
                .replace("BELOW", &(bits - 1).to_string())
                .replace('N', "(local.get 1)")
        };
        let mut functions = Functions::new("", &format!("(param {ty} {ty} {ty}) (result {ty})"));
        for one in AMOUNTS {
            for shift in ["shl", "shr_u", "shr_s", "rotl", "rotr"] {
                functions.add(&format!("({ty}.{shift} (local.get 0) {})", amount(one)));
            }
            for other in AMOUNTS {
                let up = format!("({ty}.shl (local.get 0) {})", amount(one));
                let down = amount(other);
                for (join, shift, x) in [
                    ("or", "shr_u", 0),
                    ("or", "shr_s", 0),
                    ("or", "shr_u", 2),
                    ("xor", "shr_u", 0),
                    ("add", "shr_u", 0),
                ] {
                    functions.add(&format!(
                        "({ty}.{join} {up} ({ty}.{shift} (local.get {x}) {down}))"
                    ));
                    functions.add(&format!(
                        "({ty}.{join} ({ty}.{shift} (local.get {x}) {down}) {up})"
                    ));
                }
            }
        }
        let number = |value: i64| match bits {
            32 => Value::I32(value as i32),
            _ => Value::I64(value),
        };
        let amounts = [0, 1, 16, 31, 32, 33, 63, 64, 65, 127, -1, i64::MIN | 3];
        let arguments =
            amounts.map(|n| [0x8123_4567_89ab_cdef_u64 as i64, n, 0x0f0f_0f0f_7777_7777].map(number));
        functions.are_alike(&arguments.map(Vec::from));
    }
}

#[test]
fn masks_of_half_a_word() {
    let mut functions = Functions::new("", "(param i64 i32) (result i64)");
    for mask in [
        "0xffffffff",
        "0xfffffffe",
        "0x1ffffffff",
        "0x7fffffff",
        "-1",
        "0xffffffff00000000",
    ] {
        for masked in [
            "(local.get 0)",
            "(i64.mul (local.get 0) (local.get 0))",
            "(i64.extend_i32_s (local.get 1))",
            "(i64.extend_i32_u (local.get 1))",
            "(i64.shr_u (local.get 0) (i64.const 16))",
        ] {
            functions.add(&format!("(i64.and {masked} (i64.const {mask}))"));
            functions.add(&format!("(i64.and (i64.const {mask}) {masked})"));
            functions.add(&format!(
                "(i64.add (i64.and {masked} (i64.const {mask})) (i64.shr_u {masked} (i64.const 32)))"
            ));
        }
    }
    let arguments = [(0, 0), (-1, -1), (i64::MIN, i32::MIN), (0x1234_5678_9abc_def0, 7)];
    functions.are_alike(&arguments.map(|(a, b)| vec![Value::I64(a), Value::I32(b)]));
}

/// All ways to add up parts in the order in which they are given, as trees.
fn trees(ty: &str, parts: &[String]) -> Vec<String> {
    if let [part] = parts {
        return vec![part.clone()];
    }
    let mut all = Vec::new();
    for at in 1..parts.len() {
        for left in trees(ty, &parts[..at]) {
            for right in trees(ty, &parts[at..]) {
                all.push(format!("({ty}.add {left} {right})"));
            }
        }
    }
    all
}

#[test]
fn sums_of_several_parts_in_every_order() {
    for ty in ["i32", "i64"] {
        // What arrives late and early; one that may trap, one that is added twice, one that is needed elsewhere too.
        let part = |text: &str| text.replace("TY", ty);
        let parts = [
            "(TY.load (local.get 2))",
            "(TY.mul (local.get 0) (local.get 1))",
            "(TY.shr_u (local.tee 3 (TY.sub (local.get 3) (local.get 0))) (TY.const 3))",
            "(local.get 1)",
            "(TY.xor (local.get 1) (TY.load offset=8 (i32.const 16)))",
        ]
        .map(part);
        let mut functions = Functions::new(
            r#"(memory 1) (data (i32.const 0) "\f1\f2\f3\f4\f5\f6\f7\f8\99\01\02\03\04\05\06\07\08\88")"#,
            &format!("(param {ty} {ty} i32) (result {ty}) (local {ty} i32)"),
        );
        for turn in 0..parts.len() {
            let mut parts = parts.to_vec();
            parts.rotate_left(turn);
            parts.push(parts[turn % 3].clone());
            for sum in trees(ty, &parts) {
                functions.add(&sum);
                if functions.count.is_multiple_of(9) {
                    // Carried from turn to turn, with a store of what is under way.
                    functions.add(&format!(
                        "(loop (local.set 3 ({ty}.add (local.get 3) {sum})) ({ty}.store (i32.const 64) (local.get 3))
                           (br_if 0 (i32.ne (local.tee 4 (i32.add (local.get 4) (i32.const 1))) (i32.const 5))))
                         (local.get 3)"
                    ));
                }
            }
        }
        let number = |value: i64| match ty {
            "i32" => Value::I32(value as i32),
            _ => Value::I64(value),
        };
        let arguments = [(3, -5, 0), (i64::MIN + 1, i64::MAX, 7), (-1, -1, 65_536)];
        functions.are_alike(&arguments.map(|(a, b, at)| vec![number(a), number(b), Value::I32(at)]));
    }
}

#[test]
fn sums_of_very_many_parts() {
    let chain = |parts: usize, left: bool| {
        (1..parts).fold("(local.get 0)".to_owned(), |sum, part| {
            let part = format!("(i64.mul (local.get 1) (i64.const {part}))");
            match left {
                true => format!("(i64.add {sum} {part})"),
                false => format!("(i64.add {part} {sum})"),
            }
        })
    };
    let mut functions = Functions::new("", "(param i64 i64) (result i64)");
    for parts in [2, 3, 11, 12, 13, 14, 200] {
        functions.add(&chain(parts, true));
        functions.add(&chain(parts, false));
    }
    functions.are_alike(&[vec![Value::I64(-7), Value::I64(0x0123_4567_89ab_cdef)]]);
}
