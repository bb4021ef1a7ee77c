//! Does anything stay behind? Modules compiled, instantiated, run and dropped, over and over.

use std::fs;
use std::time::Instant;

use arwen_engine::{
    Config, Engine, Extern, Interrupt, Module, NoHost, Ruleset, Store, Tier, TierStatus, Value,
};
use arwen_metering::Schedule;

/// Cycles after which the engine, with its threads and pools, is made anew.
const CYCLES_PER_ENGINE: u64 = 1_000;

/// Runs `cycles` cycles and prints what the process holds, ten times on the way.
///
/// # Errors
/// What went wrong in a cycle, in words.
pub fn run(cycles: u64) -> Result<(), String> {
    let modules = modules()?;
    println!("| cycles | resident KB | descriptors | mappings | seconds |");
    println!("|---|---|---|---|---|");
    let start = Instant::now();
    // What is made once per process is there after the first engines.
    let warm_up = (cycles / 100).clamp(1, 2 * CYCLES_PER_ENGINE);
    let mut engines = Vec::new();
    for done in 0..cycles {
        if done % CYCLES_PER_ENGINE == 0 {
            let engine = |tier| Engine::new(Config::new(&Ruleset::STRICT).tier(tier).promote_after(1, 0));
            engines = [Tier::Interpreter, Tier::Jit, Tier::Tiered].map(engine).to_vec();
        }
        let engine = &engines[done as usize % engines.len()];
        cycle(engine, &modules[done as usize / 3 % modules.len()], done % 2 == 0)
            .map_err(|e| format!("cycle {done}: {e}"))?;
        if done + 1 == warm_up || (done + 1) % (cycles / 10).max(1) == 0 {
            report(done + 1, start);
        }
    }
    Ok(())
}

fn cycle(engine: &Engine, wasm: &[u8], wait: bool) -> Result<(), String> {
    let module = Module::new(engine, wasm).map_err(|e| e.to_string())?;
    if let TierStatus::Refused(why) = module.tier_status() {
        return Err(why.to_string());
    }
    let prices = Schedule::bundled("dummy").ok_or("no prices")?.op_costs();
    for round in 0..2 {
        let mut store = Store::new(engine, &Interrupt::new());
        store.meter().set_limit(1_000_000);
        let instance = store
            .instantiate(&module, &[], &module.costs(prices), &mut NoHost)
            .map_err(|e| e.to_string())?;
        let Some(Extern::Func(run)) = store.export(instance, "run") else {
            return Err("no function run".into());
        };
        let result = store.invoke(run, &mut NoHost, &[Value::I32(3)]);
        if result != Ok(vec![Value::I32(6)]) {
            return Err(format!("{result:?}"));
        }
        // The others may be dropped while they wait or are being compiled.
        if round == 0 && engine.tier() == Tier::Tiered && wait {
            module.wait_for_native();
        }
    }
    Ok(())
}

/// One module whose data is copied and one whose data is mapped.
fn modules() -> Result<[Vec<u8>; 2], String> {
    let of = |data: &str| {
        let text = format!(
            r#"(module (memory 3 8) (table 2 funcref) (global $g (mut i32) (i32.const 0)) (elem (i32.const 1) $double)
            (data (i32.const 16) "{data}") (func $double (param i32) (result i32) local.get 0 i32.const 2 i32.mul)
            (func (export "run") (param i32) (result i32) 
                (global.set $g (i32.add (global.get $g) (call_indirect (param i32) (result i32) (local.get 0) (i32.const 1))))
                (drop (memory.grow (i32.const 2)))
                (memory.fill (i32.const 0) (i32.const 255) (i32.const 200000))
                (table.set 0 (i32.const 1) (ref.null func))
                global.get $g))"#
        );
        wat::parse_str(text).map_err(|e| e.to_string())
    };
    Ok([of("abc")?, of(&"x".repeat(100_000))?])
}

fn report(cycles: u64, start: Instant) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .map_or("?", |rest| rest.trim().trim_end_matches(" kB"));
    let descriptors = fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count().saturating_sub(1));
    let mappings = fs::read_to_string("/proc/self/maps").map_or(0, |maps| maps.lines().count());
    let seconds = start.elapsed().as_secs_f64();
    println!("| {cycles} | {resident} | {descriptors} | {mappings} | {seconds:.1} |");
}
