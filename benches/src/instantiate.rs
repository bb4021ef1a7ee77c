//! What does a warm instance cost? A fresh store with one instance of a module that is ready, made and dropped.

use std::path::Path;

use arwen_engine::{Interrupt, Module, Tier};
use serde_json::json;

use crate::{contracts, report};

/// Instances a turn, and turns, of which the fastest counts.
const INSTANCES: usize = 200;
const TURNS: usize = 15;

/// Measures every contract of a folder in both tiers and prints a table; with `out`, writes `instantiate-DATE`.
///
/// # Errors
/// What cannot be read or written.
pub fn run(folder: &Path, filter: &str, out: Option<&Path>) -> Result<(), String> {
    let contracts = contracts::read(folder, filter).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut text =
        "| contract | KB | interpreter, µs | JIT, µs | wasmi, µs |\n|---|---|---|---|---|\n".to_owned();
    let mut rows = Vec::new();
    for contract in &contracts {
        let of_tier = |tier| {
            let engine = contracts::engine(tier);
            let module = Module::new(&engine, &contract.wasm).expect("it has been accepted");
            let costs = module.costs(contracts::prices());
            let imports = contracts::externs(&module).unwrap_or_default();
            let interrupt = Interrupt::new();
            each(|| drop(contracts::instantiate(&module, &imports, &costs, &interrupt)))
        };
        let (interpreter, jit) = (of_tier(Tier::Interpreter), of_tier(Tier::Jit));
        let peer = peer(&contract.wasm);
        let peer_text = peer.map_or("–".to_owned(), |micros| format!("{micros:.2}"));
        text += &format!(
            "| {} | {:.1} | {interpreter:.2} | {jit:.2} | {peer_text} |\n",
            contract.name,
            contract.kb()
        );
        rows.push(json!({ "contract": contract.name, "kb": contract.kb(),
            "interpreter_us": interpreter, "jit_us": jit, "wasmi_us": peer }));
    }
    text += &format!(
        "\nProcessor time, fastest of {TURNS} turns of {INSTANCES}. {}.\n",
        report::machine()
    );
    print!("{text}");
    match out {
        Some(out) => report::keep(out, "instantiate", "Warm instances", &text, &rows),
        None => Ok(()),
    }
}

/// Microseconds a time.
fn each(mut run: impl FnMut()) -> f64 {
    let turn = || (0..INSTANCES).for_each(|_| run());
    contracts::fastest(TURNS, turn) / INSTANCES as f64
}

#[cfg(feature = "wasmi")]
fn peer(wasm: &[u8]) -> Option<f64> {
    use crate::engines::wasmi;
    let engine = wasmi::engine();
    let make = wasmi::instances(&engine, &wasmi::module(&engine, wasm));
    Some(each(|| drop(make())))
}

#[cfg(not(feature = "wasmi"))]
fn peer(_: &[u8]) -> Option<f64> {
    None
}
