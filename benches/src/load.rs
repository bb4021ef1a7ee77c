//! How long does a compiled contract take from the cache folder to a module that can be called? With what of it is
//! hashing the contract, by which its file is found, and what it takes to compile it. As a whole, and with native code of
//! what its endpoints call alone, as there is after some calls.

use std::path::Path;
use std::sync::Arc;

use arwen_engine::{Artefacts, Engine, Interrupt, Module, Tier, TierStatus};
use arwen_ipc_child::cache::{CacheKey, Folder};
use serde_json::json;

use crate::contracts::{self, Contract};
use crate::report;

/// Figures of a contract.
struct Row {
    /// Bytes of its file, in thousands.
    file_kb: f64,
    /// Milliseconds to compile and keep it.
    compile_ms: f64,
    /// Microseconds to load it, and only to hash it.
    load_us: f64,
    hash_us: f64,
    /// Bytes of native code of what its endpoints call, in thousands, and microseconds to load that.
    called_kb: f64,
    called_us: f64,
}

/// Measures `passes` times and prints what the fastest took; with `out`, writes `load-DATE.md` and `.json`.
///
/// # Errors
/// What cannot be read or written.
pub fn run(folder: &Path, filter: &str, passes: u32, out: Option<&Path>) -> Result<(), String> {
    let contracts = contracts::read(folder, filter).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut text =
        "| contract | KB | file, KB | compile, ms | load, µs | of it hashing the contract, µs | compile / load \
         | native KB of what is called | load of that, µs |\n\
         |---|---|---|---|---|---|---|---|---|\n"
            .to_owned();
    let mut rows = Vec::new();
    for contract in &contracts {
        let row = measure(contract, passes)?;
        text += &format!(
            "| {} | {:.1} | {:.1} | {:.2} | {:.1} | {:.1} | {:.0} | {:.1} | {:.1} |\n",
            contract.name,
            contract.kb(),
            row.file_kb,
            row.compile_ms,
            row.load_us,
            row.hash_us,
            row.compile_ms * 1e3 / row.load_us,
            row.called_kb,
            row.called_us,
        );
        rows.push(
            json!({ "contract": contract.name, "kb": contract.kb(), "file_kb": row.file_kb,
            "compile_ms": row.compile_ms, "load_us": row.load_us, "hash_us": row.hash_us,
            "called_native_kb": row.called_kb, "called_load_us": row.called_us }),
        );
    }
    text += &format!(
        "\nProcessor time. Loading: fastest of {passes} passes, from the contract's bytes and a file in the kernel's \
         cache to a module with native code. {}.\n",
        report::machine()
    );
    print!("{text}");
    match out {
        Some(out) => report::keep(
            out,
            "load",
            "Compiled contracts from the disk cache",
            &text,
            &rows,
        ),
        None => Ok(()),
    }
}

fn measure(contract: &Contract, passes: u32) -> Result<Row, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let interpreted = contracts::engine(Tier::Interpreter);
    let interpreted = Module::new(&interpreted, &contract.wasm).map_err(|e| e.to_string())?;
    let CacheKey(key) = CacheKey::of(folder.path()).map_err(|e| e.to_string())?;
    // One engine as of one process: what it needs once is not the contract's cost.
    let process = |tier, folder: &Path| {
        let tell = Box::new(|what: &str, _: &str, why: &dyn std::fmt::Display| panic!("{what}: {why}"));
        let store = Arc::new(Folder::new(folder, u64::MAX, tell));
        // Once for each endpoint, then once more.
        let calls = contracts::callable(&interpreted).count() as u32 + 1;
        let config = contracts::config(tier).promote_after(calls, u64::MAX);
        Engine::new(config.artefacts(Some(Artefacts::new(store, &key))))
    };
    let engine = process(Tier::Jit, folder.path());
    Module::new(&engine, b"\0asm\x01\0\0\0").map_err(|e| e.to_string())?;
    let timed = |work: &mut dyn FnMut()| {
        let start = contracts::now();
        work();
        contracts::now() - start
    };
    let make = |engine| {
        let module = Module::new(engine, &contract.wasm).expect("it has been accepted");
        assert_eq!(module.tier_status(), TierStatus::Native);
        module
    };
    let compile_ms = timed(&mut || drop(make(&engine))) / 1e3;
    // The empty module and the key are smaller than any contract's.
    let mut file_bytes = 0;
    for entry in std::fs::read_dir(folder.path()).map_err(|e| e.to_string())? {
        let about = entry.and_then(|entry| entry.metadata());
        file_bytes = file_bytes.max(about.map_err(|e| e.to_string())?.len());
    }
    let called = tempfile::tempdir().map_err(|e| e.to_string())?;
    let engine_of_called = || process(Tier::Tiered, called.path());
    call_all(&Module::new(&engine_of_called(), &contract.wasm).map_err(|e| e.to_string())?);
    let next = engine_of_called();
    let mut loaded = None;
    let called_us = contracts::fastest(passes as usize, || {
        loaded = Module::new(&next, &contract.wasm).ok();
    });
    let called_kb = loaded
        .as_ref()
        .map_or(0.0, |module| module.native_bytes() as f64 / 1e3);
    let mut loaded = None;
    Ok(Row {
        called_kb,
        called_us,
        file_kb: file_bytes as f64 / 1e3,
        compile_ms,
        // The module of the turn before is dropped within the next: a turn gives back what it takes.
        load_us: contracts::fastest(passes as usize, || loaded = Some(make(&engine))),
        hash_us: contracts::fastest(passes as usize, || {
            std::hint::black_box(blake3::keyed_hash(&key, &contract.wasm));
        }),
    })
}

/// Calls every endpoint, until there is native code of what they call.
fn call_all(module: &Module) {
    let costs = module.costs(contracts::prices());
    let imports = contracts::externs(module).unwrap_or_default();
    let interrupt = Interrupt::new();
    for endpoint in contracts::callable(module).chain(contracts::entry(module)) {
        let (mut store, instance) = contracts::instantiate(module, &imports, &costs, &interrupt);
        // What comes of it is not asked: most contracts stop when every import answers 0.
        let _ = contracts::call(&mut store, instance, endpoint);
    }
    module.wait_for_native();
}
