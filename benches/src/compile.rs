//! What does it cost to make a module ready? Time and peak memory by its size, for compile bombs and real modules. Beside
//! it, what wasmparser takes to validate the module and do nothing else: nothing that validates with it is faster.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use arwen_engine::{Config, Engine, Module, NativeBudget, Ruleset, Tier, TierStatus};

use crate::clock::own_time;
use crate::report::{date, machine};
use crate::{alloc, bombs};

/// Measures every bomb and every `.wasm` in `folder`, and prints a table row each, which it gives back too. Without `budget`, everything is
/// compiled, whatever it takes.
///
/// # Errors
/// When the folder cannot be read.
pub fn run(folder: Option<&Path>, filter: &str, budget: bool) -> io::Result<String> {
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
    let mut table = String::new();
    let mut say = |row: &str| {
        println!("{row}");
        let _ = writeln!(table, "{row}");
    };
    say("| module | KB | validation ms/KB | interpreter ms/KB | peak B/KB | JIT ms/KB | peak B/KB | JIT |");
    say("|---|---|---|---|---|---|---|---|");
    for (name, wasm, rules) in modules.iter().filter(|(name, ..)| name.contains(filter)) {
        let kb = wasm.len() as f64 / 1e3;
        let mut row = format!("| {name} | {kb:.1} | {:.4} |", validation(wasm) / kb);
        let mut status = String::new();
        for tier in [Tier::Interpreter, Tier::Jit] {
            match measure(wasm, rules, tier, budget) {
                Ok(cost) => {
                    let _ = write!(row, " {:.4} | {:.0} |", cost.millis / kb, cost.peak as f64 / kb);
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
        say(&format!("{row} {status} |"));
    }
    Ok(table)
}

/// Writes `FOLDER/compile-DATE.md`.
///
/// # Errors
/// When it cannot be written.
pub fn write(table: &str, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let date = date();
    let text = format!(
        "# Making modules ready, {date}\n\n{table}\nProcessor time, the best of several runs, and peak of what is \
        allocated, per 1,000 bytes of the module. {}.\n",
        machine()
    );
    fs::write(folder.join(format!("compile-{date}.md")), text)
}

/// Runs of a module of which the best counts, as long as they are short.
const RUNS: u32 = 15;

/// Milliseconds of all runs of a module after which no other is begun.
const ENOUGH_MILLIS: f64 = 300.0;

/// Processor time in milliseconds, and the result of the best run.
fn best<T>(mut run: impl FnMut() -> T) -> (f64, T) {
    let mut timed = || {
        let start = own_time();
        let result = run();
        (own_time().saturating_sub(start).as_secs_f64() * 1e3, result)
    };
    let mut best = timed();
    let mut spent = best.0;
    for _ in 1..RUNS {
        if spent > ENOUGH_MILLIS {
            break;
        }
        let next = timed();
        spent += next.0;
        if next.0 < best.0 {
            best = next;
        }
    }
    best
}

/// Milliseconds that validation alone takes; whatever the module uses is allowed.
fn validation(wasm: &[u8]) -> f64 {
    best(|| wasmparser::Validator::new().validate_all(wasm).is_ok()).0
}

struct Cost {
    millis: f64,
    /// Bytes.
    peak: usize,
    status: TierStatus,
}

fn measure(wasm: &[u8], rules: &'static Ruleset, tier: Tier, budget: bool) -> Result<Cost, String> {
    let mut config = Config::new(rules).tier(tier);
    if !budget {
        config = config.native_budget(NativeBudget::UNLIMITED);
    }
    let engine = Engine::new(config);
    // What the compiler needs once is not the module's cost.
    let _ = Module::new(&engine, b"\0asm\x01\0\0\0");
    let (millis, (module, peak)) = best(|| alloc::peak(|| Module::new(&engine, wasm)));
    let status = module.map_err(|e| e.to_string())?.tier_status();
    Ok(Cost { millis, peak, status })
}
