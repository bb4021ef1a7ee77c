//! Modules of a folder, and what they need to run without a node: every import answers 0.

use std::path::{Path, PathBuf};
use std::{fs, io};

use arwen_engine::{
    Caller, Config, Engine, Extern, ExternType, Host, HostStop, InstanceId, Interrupt, Module, Ruleset,
    Store, Tier, Trap,
};
use arwen_metering::{CostTable, OpCosts, Schedule};

use crate::clock::own_time;

/// What a run may use: enough to get somewhere, not for long.
pub const GAS: u64 = 10_000_000;

/// A module's name and bytes.
pub struct Contract {
    /// Its path below the folder.
    pub name: String,
    pub wasm: Vec<u8>,
}

impl Contract {
    /// Thousands of bytes.
    pub fn kb(&self) -> f64 {
        self.wasm.len() as f64 / 1e3
    }
}

/// Every `.wasm` below `folder` whose name contains `filter` and which the ruleset accepts, by name, equal ones once.
///
/// # Errors
/// What cannot be read.
pub fn read(folder: &Path, filter: &str) -> io::Result<Vec<Contract>> {
    let mut paths = Vec::new();
    walk(folder, &mut paths)?;
    paths.sort();
    let engine = engine(Tier::Interpreter);
    let mut contracts: Vec<Contract> = Vec::new();
    for path in paths {
        let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        let wasm = fs::read(&path)?;
        let accepted = Module::new(&engine, &wasm).is_ok_and(|module| externs(&module).is_some());
        let seen = contracts.iter().any(|contract| contract.wasm == wasm);
        if name.contains(filter) && accepted && !seen {
            contracts.push(Contract { name, wasm });
        }
    }
    Ok(contracts)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "wasm") {
            found.push(path);
        }
    }
    Ok(())
}

/// An engine with the ruleset of the contracts.
pub fn engine(tier: Tier) -> Engine {
    Engine::new(config(tier))
}

/// The settings of such an engine.
pub fn config(tier: Tier) -> Config {
    Config::new(&Ruleset::ARWEN_1_3).tier(tier)
}

/// The prices of mainnet.
pub fn prices() -> &'static OpCosts {
    Schedule::bundled("v3").expect("it is bundled").op_costs()
}

/// Answers every call with zeros.
pub struct Zeros;

impl Host for Zeros {
    fn call(&mut self, _: u32, _: &mut Caller<'_>, _: &[u64], _: &mut [u64]) -> Result<(), HostStop> {
        Ok(())
    }
}

/// Host functions for all imports; `None` when something else is imported.
pub fn externs(module: &Module) -> Option<Vec<Extern>> {
    (0..)
        .zip(module.imports())
        .map(|(id, import)| match import.ty {
            ExternType::Func(ty) => Some(Extern::HostFunc { id, ty }),
            _ => None,
        })
        .collect()
}

/// A store with one instance, ready to run.
pub fn instantiate(
    module: &Module,
    imports: &[Extern],
    costs: &CostTable,
    interrupt: &Interrupt,
) -> (Store, InstanceId) {
    let mut store = Store::new(module.engine(), interrupt);
    store.meter().set_limit(GAS);
    let instance = store
        .instantiate(module, imports, costs, &mut Zeros)
        .expect("the contracts can be instantiated");
    (store, instance)
}

/// Calls an export without parameters, whatever comes of it.
pub fn call(store: &mut Store, instance: InstanceId, name: &str) -> Result<(), Trap> {
    match store.export(instance, name) {
        Some(Extern::Func(func)) => store.invoke(func, &mut Zeros, &[]).map(|_| ()),
        _ => Err(Trap::BadInvocation),
    }
}

/// The exports without parameters.
pub fn callable(module: &Module) -> impl Iterator<Item = &str> {
    module.exports().filter_map(|export| {
        let plain = matches!(export.ty, ExternType::Func(ty) if ty.params().is_empty());
        plain.then_some(export.name)
    })
}

/// The export that is called first: the constructor, or else the first without parameters.
pub fn entry(module: &Module) -> Option<&str> {
    let init = callable(module).find(|name| *name == "init");
    init.or_else(|| callable(module).next())
}

/// Processor time of this thread, in microseconds.
pub fn now() -> f64 {
    own_time().as_secs_f64() * 1e6
}

/// How long something takes, in microseconds: the fastest of as many turns as it is given.
pub fn fastest(turns: usize, mut run: impl FnMut()) -> f64 {
    let turn = |_| {
        let start = now();
        run();
        now() - start
    };
    (0..turns).map(turn).fold(f64::INFINITY, f64::min)
}
