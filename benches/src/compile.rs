//! What does it cost to make a module ready? Time and peak memory by its size, for compile bombs and real modules.

use std::path::Path;
use std::time::Instant;
use std::{fs, io};

use arwen_engine::{Config, Engine, Module, NativeBudget, Ruleset, Tier, TierStatus};

use crate::alloc;
use crate::bombs;

/// Measures every bomb and every `.wasm` in `folder`, and prints a table row each. Without `budget`, everything is
/// compiled, whatever it takes.
///
/// # Errors
/// When the folder cannot be read.
pub fn run(folder: Option<&Path>, filter: &str, budget: bool) -> io::Result<()> {
    let mut modules: Vec<(String, Vec<u8>, &'static Ruleset)> = Vec::new();
    for (name, text) in bombs::all() {
        let wasm = wat::parse_str(text).map_err(io::Error::other)?;
        modules.push((name.to_owned(), wasm, &Ruleset::STRICT));
    }
    if let Some(folder) = folder {
        let mut paths: Vec<_> = fs::read_dir(folder)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<_>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "wasm"));
        paths.sort();
        for path in paths {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            modules.push((name, fs::read(&path)?, &Ruleset::ARWEN_1_3));
        }
    }
    println!("| module | KB | interpreter ms/KB | peak B/KB | JIT ms/KB | peak B/KB | JIT |");
    println!("|---|---|---|---|---|---|---|");
    for (name, wasm, rules) in modules.iter().filter(|(name, ..)| name.contains(filter)) {
        let kb = wasm.len() as f64 / 1e3;
        let mut row = format!("| {name} | {kb:.1} |");
        let mut status = String::new();
        for tier in [Tier::Interpreter, Tier::Jit] {
            match measure(wasm, rules, tier, budget) {
                Ok(cost) => {
                    row += &format!(" {:.3} | {:.0} |", cost.millis / kb, cost.peak as f64 / kb);
                    status = match cost.status {
                        TierStatus::Native => format!("native, {:.1} ms", cost.millis),
                        TierStatus::Refused(why) => why.to_string(),
                        other => format!("{other:?}"),
                    };
                }
                Err(error) => {
                    row += " – | – |";
                    status = error;
                }
            }
        }
        println!("{row} {status} |");
    }
    Ok(())
}

struct Cost {
    millis: f64,
    /// Bytes.
    peak: usize,
    status: TierStatus,
}

/// The best of three runs, or one when that is long enough.
fn measure(wasm: &[u8], rules: &'static Ruleset, tier: Tier, budget: bool) -> Result<Cost, String> {
    let mut config = Config::new(rules).tier(tier);
    if !budget {
        config = config.native_budget(NativeBudget {
            functions: u64::MAX,
            module_code_bytes: u64::MAX,
            body_bytes: u64::MAX,
            blocks: u64::MAX,
            values_in_blocks: u64::MAX,
            br_table_targets: u64::MAX,
            call_values: u64::MAX,
            machine_code_bytes: u64::MAX,
        });
    }
    let engine = Engine::new(config);
    // What the compiler needs once is not the module's cost.
    let _ = Module::new(&engine, b"\0asm\x01\0\0\0");
    let mut best: Option<Cost> = None;
    for _ in 0..3 {
        let start = Instant::now();
        let (module, peak) = alloc::peak(|| Module::new(&engine, wasm));
        let millis = start.elapsed().as_secs_f64() * 1e3;
        let status = module.map_err(|e| e.to_string())?.tier_status();
        if best.as_ref().is_none_or(|best| millis < best.millis) {
            best = Some(Cost { millis, peak, status });
        }
        if millis > 500.0 {
            break;
        }
    }
    best.ok_or_else(|| "not run".into())
}
