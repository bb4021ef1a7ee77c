//! How long from the second call of a contract until native code is there? Of the functions that one endpoint calls, that
//! all endpoints call, and of all that the contract has, for every contract of a folder.

use std::path::Path;
use std::time::Instant;

use arwen_engine::{Engine, Interrupt, Module, Tier};
use serde_json::json;

use crate::contracts::{self, Contract};
use crate::{report, stats};

/// Milliseconds until native code is there, and thousands of bytes of it.
#[derive(Clone, Copy)]
struct Ready {
    ms: f64,
    kb: f64,
}

/// Measures `passes` times and prints medians; with `out`, writes `promote-DATE.md` and `.json`.
///
/// # Errors
/// What cannot be read or written.
pub fn run(folder: &Path, filter: &str, passes: u32, out: Option<&Path>) -> Result<(), String> {
    let contracts = contracts::read(folder, filter).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut text = "| contract | KB | endpoints | one endpoint, ms (native KB) | all endpoints | whole | one / whole |\n\
                    |---|---|---|---|---|---|---|\n"
        .to_owned();
    let (mut rows, mut shares) = (Vec::new(), Vec::new());
    for contract in &contracts {
        let module = module(contract, 1);
        let endpoints: Vec<&str> = contracts::callable(&module).collect();
        if endpoints.is_empty() {
            continue;
        }
        let each: Vec<Ready> = endpoints
            .iter()
            .map(|endpoint| median(passes, || called(contract, &[endpoint])))
            .collect();
        let one = middle(&each);
        let all = median(passes, || called(contract, &endpoints));
        let whole = median(passes, || whole(contract));
        let share = one.ms / whole.ms;
        shares.push(share);
        text += &format!(
            "| {} | {:.1} | {} | {} | {} | {} | {share:.2} |\n",
            contract.name,
            contract.kb(),
            endpoints.len(),
            show(one),
            show(all),
            show(whole),
        );
        let json = |ready: Ready| json!({ "ms": ready.ms, "native_kb": ready.kb });
        rows.push(
            json!({ "contract": contract.name, "kb": contract.kb(), "endpoints": endpoints.len(),
            "one": json(one), "all": json(all), "whole": json(whole) }),
        );
    }
    text += &format!(
        "\nTime on the clock from the call that asks for native code, medians of {passes} passes, of one endpoint the \
         median of all; imports answer 0, so that most calls end early. One compiling thread. One / whole: {:.2} in the \
         geometric mean. {}.\n",
        stats::geometric_mean(&shares),
        report::machine()
    );
    print!("{text}");
    match out {
        Some(out) => report::keep(out, "promote", "Native code, function by function", &text, &rows),
        None => Ok(()),
    }
}

fn show(Ready { ms, kb }: Ready) -> String {
    format!("{ms:.2} ({kb:.1})")
}

fn middle(all: &[Ready]) -> Ready {
    let median = |of: fn(&Ready) -> f64| stats::median(&all.iter().map(of).collect::<Vec<_>>());
    Ready {
        ms: median(|ready| ready.ms),
        kb: median(|ready| ready.kb),
    }
}

fn median(passes: u32, mut measure: impl FnMut() -> Ready) -> Ready {
    middle(&(0..passes).map(|_| measure()).collect::<Vec<_>>())
}

/// A contract that is compiled with call number `calls`.
fn module(contract: &Contract, calls: u32) -> Module {
    let config = contracts::config(Tier::Tiered).promote_after(calls, u64::MAX);
    let engine = Engine::new(config);
    // What an engine needs once is not the contract's cost.
    let empty = Module::new(&engine, b"\0asm\x01\0\0\0").expect("it is a module");
    empty.request_native();
    empty.wait_for_native();
    Module::new(&engine, &contract.wasm).expect("it has been accepted")
}

fn ready(module: &Module, start: Instant) -> Ready {
    module.wait_for_native();
    Ready {
        ms: start.elapsed().as_secs_f64() * 1e3,
        kb: module.native_bytes() as f64 / 1e3,
    }
}

/// Until there is native code of what endpoints call.
fn called(contract: &Contract, endpoints: &[&str]) -> Ready {
    let module = module(contract, endpoints.len() as u32 + 1);
    let costs = module.costs(contracts::prices());
    let imports = contracts::externs(&module).unwrap_or_default();
    let interrupt = Interrupt::new();
    let call = |endpoint| {
        let (mut store, instance) = contracts::instantiate(&module, &imports, &costs, &interrupt);
        // What comes of it is not asked: most contracts stop when every import answers 0.
        let _ = contracts::call(&mut store, instance, endpoint);
    };
    endpoints.iter().for_each(|endpoint| call(endpoint));
    let start = Instant::now();
    call(endpoints[0]);
    ready(&module, start)
}

/// Until there is native code of everything.
fn whole(contract: &Contract) -> Ready {
    let module = module(contract, 1);
    let start = Instant::now();
    module.request_native();
    ready(&module, start)
}
