//! How long from the bytes of a contract to its first result in the interpreter? Every step, for every contract of a
//! folder, with what validation alone takes and, with peers, wasmi with fuel in the same run.

use std::path::Path;

use arwen_engine::{Interrupt, Module, Tier};
use serde_json::{Value, json};
use wasmparser::{Validator, WasmFeatures};

use crate::contracts::{self, Contract};
use crate::{report, stats};

/// The steps, in the order they are made, and what is measured beside them.
const COLUMNS: [&str; 6] = [
    "module",
    "prices",
    "instance",
    "first call",
    "validation alone",
    "wasmi ready",
];

/// Steps before the first instruction runs.
const READY: usize = 3;

/// Measures `passes` times and prints medians; with `out`, writes `cold-DATE.md` and `.json`.
///
/// # Errors
/// What cannot be read or written.
pub fn run(folder: &Path, filter: &str, passes: u32, out: Option<&Path>) -> Result<(), String> {
    let contracts = contracts::read(folder, filter).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut text =
        "| contract | KB | ready, ms/KB | first result, ms/KB | validation alone | wasmi ready |\n\
                    |---|---|---|---|---|---|\n"
            .to_owned();
    let (mut rows, mut kb, mut sums) = (Vec::new(), 0.0, [0.0; COLUMNS.len()]);
    for contract in &contracts {
        let turns: Vec<[f64; COLUMNS.len()]> = (0..passes).map(|_| turn(contract)).collect();
        let column = |at: usize| stats::median(&turns.iter().map(|turn| turn[at]).collect::<Vec<_>>());
        let micros: [f64; COLUMNS.len()] = std::array::from_fn(column);
        text += &line(&contract.name, contract.kb(), &micros);
        rows.push(as_json(&contract.name, contract.kb(), &micros));
        kb += contract.kb();
        for (sum, micros) in sums.iter_mut().zip(micros) {
            *sum += micros;
        }
    }
    text += &line("all", kb, &sums);
    text += &format!(
        "\nProcessor time, medians of {passes} passes; imports answer 0. {}.\n",
        report::machine()
    );
    print!("{text}");
    match out {
        Some(out) => report::keep(out, "cold", "Cold start in the interpreter", &text, &rows),
        None => Ok(()),
    }
}

fn line(name: &str, kb: f64, micros: &[f64; COLUMNS.len()]) -> String {
    let per_kb = |micros: f64| micros / 1e3 / kb;
    let ready: f64 = micros[..READY].iter().sum();
    let peer = match micros[5] {
        micros if micros > 0.0 => format!("{:.4}", per_kb(micros)),
        _ => "–".to_owned(),
    };
    format!(
        "| {name} | {kb:.1} | {:.4} | {:.4} | {:.4} | {peer} |\n",
        per_kb(ready),
        per_kb(ready + micros[READY]),
        per_kb(micros[4]),
    )
}

fn as_json(name: &str, kb: f64, micros: &[f64; COLUMNS.len()]) -> Value {
    let steps: serde_json::Map<String, Value> = COLUMNS
        .iter()
        .zip(micros)
        .map(|(column, micros)| ((*column).to_owned(), json!(micros)))
        .collect();
    json!({ "contract": name, "kb": kb, "micros": steps })
}

/// Everything once, in microseconds.
fn turn(contract: &Contract) -> [f64; COLUMNS.len()] {
    let engine = contracts::engine(Tier::Interpreter);
    // What an engine needs once is not the contract's cost.
    let _ = Module::new(&engine, b"\0asm\x01\0\0\0");
    let interrupt = Interrupt::new();
    let start = contracts::now();
    let module = Module::new(&engine, &contract.wasm).expect("it has been accepted");
    let made = contracts::now();
    let costs = module.costs(contracts::prices());
    let priced = contracts::now();
    let imports = contracts::externs(&module).unwrap_or_default();
    let (mut store, instance) = contracts::instantiate(&module, &imports, &costs, &interrupt);
    let ready = contracts::now();
    if let Some(entry) = contracts::entry(&module) {
        // What comes of it is not asked: most contracts stop when every import answers 0.
        let _ = contracts::call(&mut store, instance, entry);
    }
    let called = contracts::now();
    let features = WasmFeatures::WASM2 | WasmFeatures::FLOATS | WasmFeatures::GC_TYPES;
    let before = contracts::now();
    let valid = Validator::new_with_features(features).validate_all(&contract.wasm);
    let validated = contracts::now();
    assert!(valid.is_ok(), "{}", contract.name);
    [
        made - start,
        priced - made,
        ready - priced,
        called - ready,
        validated - before,
        peer_ready(contract),
    ]
}

#[cfg(feature = "wasmi")]
fn peer_ready(contract: &Contract) -> f64 {
    use crate::engines::wasmi;
    let engine = wasmi::engine();
    let start = contracts::now();
    let made = wasmi::instances(&engine, &wasmi::module(&engine, &contract.wasm))();
    let time = contracts::now() - start;
    drop(made);
    time
}

#[cfg(not(feature = "wasmi"))]
fn peer_ready(_: &Contract) -> f64 {
    0.0
}
