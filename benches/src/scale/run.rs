//! By what a run does: storage, arguments, calls of other contracts, numbers, logs.

use arwen_eei::Tier;

use super::{Measure, Series};
use crate::chain::{Chain, example};
use crate::contracts;

/// No run of these ends for lack of gas.
const GAS: u64 = u64::MAX >> 2;

/// Functions do something as often as their first argument says; the second is the address of another contract.
const PROBE: &str = r#"(module
    (import "env" "int64getArgument" (func $number (param i32) (result i64)))
    (import "env" "getNumArguments" (func $count (result i32)))
    (import "env" "getArgument" (func $argument (param i32 i32) (result i32)))
    (import "env" "int64finish" (func $finish (param i64)))
    (import "env" "int64storageStore" (func $store (param i32 i32 i64) (result i32)))
    (import "env" "int64storageLoad" (func $load (param i32 i32) (result i64)))
    (import "env" "bigIntNew" (func $big (param i64) (result i32)))
    (import "env" "writeLog" (func $log (param i32 i32 i32 i32)))
    (import "env" "transferValue" (func $transfer (param i32 i32 i32 i32) (result i32)))
    (import "env" "executeOnDestContext"
        (func $execute (param i64 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 600)
    (data (i32.const 200) "increment")
    (func (export "init"))

    (func $times (result i32) (i32.wrap_i64 (call $number (i32.const 0))))
    (func $other (drop (call $argument (i32.const 1) (i32.const 128))))
    (func $call
        (drop (call $execute (i64.const 50000000) (i32.const 128) (i32.const 160) (i32.const 200) (i32.const 9)
            (i32.const 0) (i32.const 0) (i32.const 0))))
    (func $key (param i32) (i64.store (i32.const 0) (i64.extend_i32_u (local.get 0))))
    (func $write (param i32)
        (call $key (local.get 0))
        (drop (call $store (i32.const 0) (i32.const 8) (i64.extend_i32_u (i32.add (local.get 0) (i32.const 1))))))

    (func (export "write") (local $i i32) (local.set $i (call $times))
        (loop $l (call $write (local.get $i))
            (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
    (func (export "read") (local $i i32) (local.set $i (call $times))
        (loop $l (call $key (local.get $i)) (drop (call $load (i32.const 0) (i32.const 8)))
            (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
    (func (export "call") (local $i i32) (local.set $i (call $times)) (call $other)
        (loop $l (call $call)
            (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
    (func (export "write_call") (local $i i32) (local.set $i (call $times)) (call $other)
        (loop $l (call $write (local.get $i)) (call $call)
            (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
    (func (export "number_call") (local $i i32) (local.set $i (call $times)) (call $other)
        (loop $l (drop (call $big (i64.const 77))) (call $call)
            (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
    (func (export "finish_call") (local $i i32) (local.set $i (call $times)) (call $other)
        (loop $l (call $finish (i64.const 77)) (call $call)
            (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
    (func (export "transfer_call") (local $i i32) (local.set $i (call $times)) (call $other)
        (loop $l (call $key (local.get $i))
            (drop (call $transfer (i32.const 0) (i32.const 160) (i32.const 0) (i32.const 0))) (call $call)
            (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
    (func (export "transfer") (local $i i32) (local.set $i (call $times))
        (loop $l (call $key (local.get $i))
            (drop (call $transfer (i32.const 0) (i32.const 160) (i32.const 0) (i32.const 0)))
            (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
    (func (export "log") (local $i i32) (local.set $i (call $times))
        (loop $l (call $log (i32.const 0) (i32.const 8) (i32.const 0) (i32.const 1))
            (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
    (func (export "number") (local $i i32) (local.set $i (call $times))
        (loop $l (drop (call $big (i64.const 77)))
            (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
    (func (export "arguments") (local $i i32)
        (block $out (loop $l
            (br_if $out (i32.ge_s (local.get $i) (call $count)))
            (drop (call $argument (local.get $i) (i32.const 4096)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $l)))))"#;

/// Name, what grows, sizes, function.
const RUNS: [(&str, &str, (usize, usize), &str); 11] = [
    ("storage-written", "entries written", (16, 65_536), "write"),
    ("storage-read", "entries read", (16, 65_536), "read"),
    ("calls", "calls of another contract", (4, 4_096), "call"),
    (
        "storage-and-calls",
        "entries written, a call after each",
        (4, 4_096),
        "write_call",
    ),
    ("numbers", "big integers made", (16, 65_536), "number"),
    (
        "numbers-and-calls",
        "big integers made, a call after each",
        (4, 4_096),
        "number_call",
    ),
    (
        "results-and-calls",
        "results, a call after each",
        (4, 4_096),
        "finish_call",
    ),
    (
        "transfers",
        "transfers, each to another account",
        (16, 16_384),
        "transfer",
    ),
    (
        "transfers-and-calls",
        "transfers, a call after each",
        (4, 4_096),
        "transfer_call",
    ),
    ("logs", "log entries", (16, 65_536), "log"),
    ("arguments", "arguments of 32 bytes", (16, 65_536), "arguments"),
];

/// The series of this file.
pub(super) fn series() -> Vec<Series> {
    let counted = RUNS.into_iter().map(|(name, size, sizes, function)| Series {
        name,
        size,
        sizes,
        make: Box::new(move || calls(move |times, other| (function, arguments(function, times, other)))),
    });
    let bytes = Series {
        name: "argument-bytes",
        size: "KiB of an argument",
        sizes: (4, 32_768),
        make: Box::new(|| calls(|size, _| ("arguments", vec![vec![7; size << 10]]))),
    };
    counted.chain([bytes]).collect()
}

fn arguments(function: &str, times: usize, other: &[u8]) -> Vec<Vec<u8>> {
    match function {
        "arguments" => vec![vec![7; 32]; times],
        _ => vec![(times as u64).to_be_bytes().to_vec(), other.to_vec()],
    }
}

/// Calls of the probe: which function and arguments for a size and the other contract's address.
fn calls(call: impl Fn(usize, &[u8]) -> (&'static str, Vec<Vec<u8>>) + 'static) -> Result<Measure, String> {
    let mut chain = Chain::new(Tier::Jit, GAS)?;
    let other = chain.deploy(example("counter")?, vec![])?;
    let probe = chain.deploy(wat::parse_str(PROBE).map_err(|error| error.to_string())?, vec![])?;
    Ok(Box::new(move |size| {
        let (function, arguments) = call(size, &other);
        let input = chain.input(&probe, function, arguments);
        let start = contracts::now();
        let output = chain.call(&input)?;
        let micros = contracts::now() - start;
        drop(output);
        Ok(micros)
    }))
}
