//! Modules made to be expensive to compile. Each exports `run: [i32] -> [i32]`, under the limits of `strict`.

use std::fmt::Write as _;

/// Name and text of every bomb.
pub fn all() -> Vec<(&'static str, String)> {
    vec![
        ("many parameters", many_parameters()),
        ("huge br_table", huge_br_table(60_000, 1)),
        ("br_table within the budget", huge_br_table(1_900, 50)),
        ("br_table that carries values", wide_br_table()),
        ("deep nesting", deep_nesting(9_900)),
        ("nesting within the budget", deep_nesting(1_900)),
        ("thousands of blocks", blocks(20_000, 1)),
        ("blocks within the budget", blocks(3_900, 100)),
        ("thousands of locals", blocks(1_500, 4_000)),
        ("locals within the budget", blocks(450, 4_000)),
        ("many functions of blocks", functions_of_blocks(16, 3_900, 1)),
        ("many functions of locals", functions_of_blocks(26, 450, 4_000)),
        ("nested loops over locals", nested_loops()),
        ("deep operand stack", deep_operands()),
        ("one giant function", giant(230_000)),
        ("a large function within the budget", giant(18_000)),
        ("thousands of calls", calls()),
        ("thousands of accesses", accesses()),
        ("thousands of functions", functions()),
        ("hundreds of wide types", types(600)),
        ("wide types within the budget", types(490)),
    ]
}

fn run(locals: &str, body: &str) -> String {
    runs(1, locals, body)
}

/// A module with so many functions of one body, the last of which is `run`.
fn runs(functions: usize, locals: &str, body: &str) -> String {
    let others = format!("(func (param $x i32) (result i32) {locals} {body}) ").repeat(functions - 1);
    format!(
        "(module (memory 1) {others} (func (export \"run\") (param $x i32) (result i32) {locals} {body}))"
    )
}

fn many_parameters() -> String {
    let params = "i64 ".repeat(200);
    let mut body = String::new();
    for call in 0..400 {
        for param in 0..200 {
            let _ = write!(body, "local.get {} ", (param + call) % 200);
        }
        body += "call $g local.set 0 ";
    }
    let args = "(i64.extend_i32_u (local.get 0)) ".repeat(200);
    format!(
        "(module (func $g (param {params}) (result i64) (i64.add (local.get 3) (local.get 199)))
        (func $f (param {params}) (result i64) {body} local.get 0)
        (func (export \"run\") (param i32) (result i32) (i32.wrap_i64 (call $f {args}))))"
    )
}

fn huge_br_table(targets: u32, blocks: u32) -> String {
    let mut body = "block ".repeat(blocks as usize) + "local.get 0 br_table ";
    for target in 0..targets {
        let _ = write!(body, "{} ", target % blocks);
    }
    body += "0 ";
    for _ in 0..blocks {
        body += "end local.get 0 i32.const 3 i32.mul i32.const 1 i32.add local.set 0 ";
    }
    run("", &(body + "local.get 0"))
}

fn wide_br_table() -> String {
    let values = "i32 ".repeat(100);
    let mut body = String::from("block (type $wide) ") + &"block (type $wide) ".repeat(20);
    body += &"local.get 0 ".repeat(101);
    body += "br_table ";
    for target in 0..500 {
        let _ = write!(body, "{} ", target % 20);
    }
    body += "0 ";
    body += &"end ".repeat(21);
    body += &"i32.add ".repeat(99);
    format!(
        "(module (type $wide (func (result {values}))) (func (export \"run\") (param i32) (result i32) {body}))"
    )
}

fn deep_nesting(depth: usize) -> String {
    let mut body = "block local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 ".repeat(depth);
    body += &"end ".repeat(depth);
    run("", &(body + "local.get 0"))
}

/// `blocks` conditionals, which set and read `locals` locals in turn.
fn blocks(blocks: u32, locals: u32) -> String {
    functions_of_blocks(1, blocks, locals)
}

fn functions_of_blocks(functions: usize, blocks: u32, locals: u32) -> String {
    let mut body = String::new();
    for i in 0..blocks {
        let (to, from) = (1 + i % locals, 1 + (i * 7 + 3) % locals);
        let _ = write!(
            body,
            "local.get 0 i32.const {i} i32.and if local.get {from} local.get 0 i32.add i32.const {i} i32.xor
            local.set {to} end "
        );
    }
    let mut sum = String::from("local.get 0 ");
    for local in 1..=locals {
        let _ = write!(sum, "local.get {local} i32.add ");
    }
    runs(
        functions,
        &format!("(local {})", "i32 ".repeat(locals as usize)),
        &(body + &sum),
    )
}

fn nested_loops() -> String {
    let (depth, locals) = (120, 300);
    let mut body = String::new();
    for level in 0..depth {
        let _ = write!(
            body,
            "loop local.get {} i32.const 1 i32.add local.set {} ",
            1 + level,
            2 + level
        );
    }
    for local in 2..locals {
        let _ = write!(
            body,
            "local.get {} local.get {local} i32.add local.set {local} ",
            local - 1
        );
    }
    for level in 0..depth {
        let _ = write!(
            body,
            "local.get {} local.get 0 i32.const 1000 i32.mul i32.lt_s br_if 0 end ",
            250 - level
        );
    }
    run(
        &format!("(local {})", "i32 ".repeat(locals as usize)),
        &(body + "local.get 299"),
    )
}

fn deep_operands() -> String {
    let depth = 20_000;
    let mut body = "local.get 0 i32.const 1 i32.add local.tee 0 ".repeat(depth);
    body += &"i32.add ".repeat(depth - 1);
    run("", &body)
}

fn giant(steps: u32) -> String {
    let mut body = String::new();
    for step in 0..steps {
        let op = ["i32.add", "i32.xor", "i32.mul", "i32.rotl"][step as usize % 4];
        let _ = write!(
            body,
            "local.get {} local.get {} {op} local.set {} ",
            step % 3,
            (step + 1) % 5,
            step % 5
        );
    }
    run("(local i32 i32 i32 i32)", &(body + "local.get 4"))
}

fn calls() -> String {
    let body = "call $g ".repeat(15_000);
    format!(
        "(module (func $g (param i32) (result i32) local.get 0 i32.const 5 i32.rotl i32.const 9 i32.xor)
        (func (export \"run\") (param i32) (result i32) local.get 0 {body}))"
    )
}

fn accesses() -> String {
    let step = "local.get 0 local.get 0 i32.load offset=8 i32.const 7 i32.add i32.store offset=12
        local.get 0 i32.const 4 i32.add i32.const 32767 i32.and local.set 0 ";
    run("", &(step.repeat(6_000) + "local.get 0 i32.load"))
}

fn functions() -> String {
    let mut text = String::from("(module ");
    for i in 0..10_000 {
        let _ = write!(
            text,
            "(func (param i32) (result i32) local.get 0 i32.const {i} i32.add) "
        );
    }
    text + "(func (export \"run\") (param i32) (result i32) (call 7 (call 9999 (local.get 0)))))"
}

/// So many distinct function types of 200 parameters, and one function.
fn types(count: u32) -> String {
    let mut text = String::from("(module ");
    for number in 0..count {
        let params: String = (0..200)
            .map(|bit| {
                if bit < 16 && number >> bit & 1 == 1 {
                    "i64 "
                } else {
                    "i32 "
                }
            })
            .collect();
        let _ = write!(text, "(type (func (param {params}))) ");
    }
    text + "(func (export \"run\") (param i32) (result i32) (local.get 0)))"
}
