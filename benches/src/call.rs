//! What does a warm call of a contract cost in the VM host? In process, with what it allocates, in each tier.

use std::path::Path;
use std::time::Instant;

use arwen_eei::Tier;
use arwen_interface::CallInput;
use serde_json::json;

use crate::chain::{Chain, example};
use crate::{alloc, report, stats};

const GAS: u64 = 500_000_000;
const BOB: [u8; 32] = [b'b'; 32];

/// Calls before the first that counts: enough for every cache and for a contract to be compiled.
const WARM_UP: usize = 300;

/// Calls whose allocations are counted.
const COUNTED: usize = 10;

const TIERS: [(&str, Tier); 3] = [
    ("interpreter", Tier::Interpreter),
    ("JIT", Tier::Jit),
    ("tiered", Tier::Tiered),
];

/// A contract whose functions do one thing each. The address of another contract is its first argument.
const PROBE: &str = r#"(module
    (import "env" "getNumArguments" (func $count (result i32)))
    (import "env" "getArgument" (func $argument (param i32 i32) (result i32)))
    (import "env" "int64finish" (func $finish (param i64)))
    (import "env" "executeOnDestContext"
        (func $call (param i64 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 5)
    (data (i32.const 64) "increment")
    (func (export "init"))
    (func (export "nothing"))
    (func (export "read") (local $i i32) (local $bytes i32)
        (block $out (loop $next
            (br_if $out (i32.ge_s (local.get $i) (call $count)))
            (local.set $bytes (i32.add (local.get $bytes) (call $argument (local.get $i) (i32.const 1024))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $next)))
        (call $finish (i64.extend_i32_s (local.get $bytes))))
    (func (export "relay")
        (drop (call $argument (i32.const 0) (i32.const 0)))
        (drop (call $call (i64.const 50000000) (i32.const 0) (i32.const 32) (i32.const 64) (i32.const 9)
            (i32.const 0) (i32.const 0) (i32.const 0)))))"#;

/// Figures of one kind of call in one tier.
struct Row {
    question: &'static str,
    tier: &'static str,
    /// Microseconds: median and first decile.
    micros: [f64; 2],
    /// Allocations and bytes of a call.
    allocated: [usize; 2],
}

/// Makes `calls` calls of each kind in each tier and prints a table; with `out`, writes `call-DATE.md` and `.json`.
///
/// # Errors
/// A call that failed, in words, or what cannot be written.
pub fn run(calls: usize, out: Option<&Path>) -> Result<(), String> {
    let mut rows = Vec::new();
    for (tier, how) in TIERS {
        let mut chain = Chain::new(how, GAS)?;
        for (question, input) in questions(&mut chain)? {
            let row = measure(&mut chain, &input, calls).map_err(|error| format!("{question}: {error}"))?;
            rows.push(Row {
                question,
                tier,
                ..row
            });
        }
    }
    rows.sort_by_key(|row| rows_order(row.question));
    let text = markdown(&rows, calls);
    print!("{text}");
    let rows: Vec<_> = rows.iter().map(as_json).collect();
    match out {
        Some(out) => report::keep(out, "call", "Warm calls in process", &text, &rows),
        None => Ok(()),
    }
}

/// The kinds of calls, in the order of the table.
const QUESTIONS: [&str; 7] = [
    "a function that does nothing",
    "counter.get, a query",
    "counter.increment",
    "token.transfer",
    "a contract that calls counter.increment",
    "100 arguments of 32 bytes, read",
    "an argument of 256 KiB, read",
];

fn rows_order(question: &str) -> usize {
    QUESTIONS
        .iter()
        .position(|name| *name == question)
        .unwrap_or(QUESTIONS.len())
}

/// Deploys what is called; gives each kind under its name.
fn questions(chain: &mut Chain) -> Result<Vec<(&'static str, CallInput)>, String> {
    let counter = chain.deploy(example("counter")?, vec![])?;
    let token = chain.deploy(example("token")?, vec![vec![0x7f; 16]])?;
    let probe = wat::parse_str(PROBE).map_err(|error| error.to_string())?;
    let probe = chain.deploy(probe, vec![])?;
    let inputs = [
        chain.input(&probe, "nothing", vec![]),
        chain.input(&counter, "get", vec![]),
        chain.input(&counter, "increment", vec![]),
        chain.input(&token, "transfer", vec![BOB.to_vec(), vec![1]]),
        chain.input(&probe, "relay", vec![counter.clone()]),
        chain.input(&probe, "read", vec![vec![7; 32]; 100]),
        chain.input(&probe, "read", vec![vec![7; 256 << 10]]),
    ];
    Ok(QUESTIONS.into_iter().zip(inputs).collect())
}

fn measure(chain: &mut Chain, input: &CallInput, calls: usize) -> Result<Row, String> {
    let mut micros = Vec::new();
    for call in 0..WARM_UP + calls {
        let start = Instant::now();
        let output = chain.call(input)?;
        let time = start.elapsed();
        chain.apply(&output);
        if call >= WARM_UP {
            micros.push(time.as_secs_f64() * 1e6);
        }
    }
    let mut allocated = [usize::MAX; 2];
    for _ in 0..COUNTED {
        let (output, counts) = alloc::counted(|| chain.call(input));
        chain.apply(&output?);
        // What other threads allocate meanwhile is not the call's.
        allocated = [allocated[0].min(counts[0]), allocated[1].min(counts[1])];
    }
    Ok(Row {
        question: "",
        tier: "",
        micros: [stats::median(&micros), stats::quantile(&micros, 0.1)],
        allocated,
    })
}

fn markdown(rows: &[Row], calls: usize) -> String {
    let mut text = "| call | tier | median, µs | first decile, µs | allocations | bytes allocated |\n|---|---|---|---|---|---|\n"
        .to_owned();
    for Row {
        question,
        tier,
        micros: [median, decile],
        allocated: [count, bytes],
    } in rows
    {
        text += &format!("| {question} | {tier} | {median:.1} | {decile:.1} | {count} | {bytes} |\n");
    }
    text + &format!(
        "\n{calls} calls each after {WARM_UP}, the output not applied within the time. Allocations: of the call that has the \
         fewest, with what the in-memory world allocates for its answers. {}.\n",
        report::machine()
    )
}

fn as_json(row: &Row) -> serde_json::Value {
    json!({ "call": row.question, "tier": row.tier, "median_us": row.micros[0], "first_decile_us": row.micros[1],
        "allocations": row.allocated[0], "bytes": row.allocated[1] })
}
