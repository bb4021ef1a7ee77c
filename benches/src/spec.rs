//! How long does the whole specification suite take, and how much of it passes? Each tier in a process of its own: the
//! program `spec-tests`, which knows the suite, with what it reports of itself. Other engines run it in the program of
//! `benches/suite`, by the runners of their authors, and are set beside ours script by script.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use crate::report;

const TIERS: [&str; 4] = ["interpreter", "jit", "tiered", "observed"];

/// Figures of one tier.
struct Row {
    tier: &'static str,
    /// Of the fastest pass.
    seconds: f64,
    passed: u64,
    failed: u64,
    skipped: u64,
    /// Versions 1 and 2, metered.
    scripts: Scripts,
}

/// A script: its suite and its name.
type Name = (String, String);

/// What became of scripts on one engine.
type Scripts = BTreeMap<Name, Script>;

/// What became of a script.
struct Script {
    /// Was it run whole: nothing skipped, no module refused for its floats?
    whole: bool,
    /// Did all that was run pass?
    passed: bool,
    seconds: f64,
}

/// Suites that other engines run as well.
const SHARED: [&str; 2] = ["wasm-v1", "wasm-v2"];

/// Runs the suite `passes` times in each tier with the program and prints a table; with `out`, writes `spec-DATE.md` and
/// `.json`. `peers` is the program that runs it on other engines.
///
/// # Errors
/// When a program does not report, or something cannot be written.
pub fn run(program: &Path, peers: Option<&Path>, passes: u32, out: Option<&Path>) -> Result<(), String> {
    let mut text =
        "| tier | seconds | passed | failed | skipped | µs a directive |\n|---|---|---|---|---|---|\n"
            .to_owned();
    let mut rows = Vec::new();
    let mut engines = Vec::new();
    for tier in TIERS {
        let Row {
            tier,
            seconds,
            passed,
            failed,
            skipped,
            scripts,
        } = measure(program, tier, passes)?;
        engines.push((format!("arwen {tier}, gas + interrupt"), scripts));
        let each = seconds * 1e6 / (passed + failed).max(1) as f64;
        text += &format!("| {tier} | {seconds:.2} | {passed} | {failed} | {skipped} | {each:.1} |\n");
        rows.push(json!({ "tier": tier, "seconds": seconds, "passed": passed, "failed": failed, "skipped": skipped }));
    }
    text += &format!(
        "\nVersions 1 to 3 and the proposals of ours, metered and not, then once more with the floats taken out of the modules \
         of versions 1 and 2; reading and encoding the scripts is in the time. Fastest of {passes} passes. {}.\n",
        report::machine()
    );
    if let Some(peers) = peers {
        engines.extend(others(peers, passes)?);
        let (table, figures) = side_by_side(&engines);
        text += &table;
        rows.extend(figures);
    }
    print!("{text}");
    match out {
        Some(out) => report::keep(out, "spec", "The specification suite", &text, &rows),
        None => Ok(()),
    }
}

/// Sets the engines beside each other on the scripts that ours run all of: those without floats and without features
/// that are not ours. Times are of those that pass on every engine; a script ends at the first failure.
fn side_by_side(engines: &[(String, Scripts)]) -> (String, Vec<Value>) {
    let names = |(_, scripts): &(String, Scripts), wanted: fn(&Script) -> bool| -> BTreeSet<Name> {
        let wanted = scripts.iter().filter(|(_, script)| wanted(script));
        wanted.map(|(name, _)| name.clone()).collect()
    };
    let whole = engines.iter().map(|engine| names(engine, |script| script.whole));
    let whole = whole.reduce(|all, some| &all & &some).unwrap_or_default();
    let passed = engines.iter().map(|engine| names(engine, |script| script.passed));
    let timed = passed.fold(whole.clone(), |all, some| &all & &some);
    let mut text = format!(
        "\n| engine | passed of {} scripts | seconds for {} |\n|---|---|---|\n",
        whole.len(),
        timed.len()
    );
    let mut figures = Vec::new();
    for (engine, scripts) in engines {
        let of = |names: &BTreeSet<Name>| -> Vec<&Script> {
            names.iter().filter_map(|name| scripts.get(name)).collect()
        };
        let passed = of(&whole).iter().filter(|script| script.passed).count();
        let seconds: f64 = of(&timed).iter().map(|script| script.seconds).sum();
        text += &format!("| {engine} | {passed} | {seconds:.2} |\n");
        figures.push(json!({
            "engine": engine, "scripts": whole.len(), "passed": passed, "timed": timed.len(), "seconds": seconds,
        }));
    }
    text += "\nThe scripts of versions 1 and 2 in which no module has floats or features that are not ours. Timed are those \
             that pass everywhere, reading included, the fastest pass of each; other engines are run by the runners of their \
             authors.\n";
    (text, figures)
}

/// Runs the program of the other engines; the fastest pass of each script counts.
fn others(program: &Path, passes: u32) -> Result<Vec<(String, Scripts)>, String> {
    let failed = |what: &dyn std::fmt::Display| format!("{}: {what}", program.display());
    let mut engines: Vec<(String, Scripts)> = Vec::new();
    for _ in 0..passes {
        let output = Command::new(program).stderr(Stdio::inherit()).output();
        let output = output.map_err(|error| failed(&error))?;
        if !output.status.success() {
            return Err(failed(&output.status));
        }
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            // The runners print on the same output.
            let Ok(said @ Value::Object(_)) = serde_json::from_str(line) else {
                continue;
            };
            let text = |what: &str| said[what].as_str().unwrap_or_default().to_owned();
            let engine = text("engine");
            let scripts = match engines.iter().position(|(name, _)| *name == engine) {
                Some(at) => &mut engines[at].1,
                None => {
                    engines.push((engine, Scripts::new()));
                    &mut engines.last_mut().expect("just pushed").1
                }
            };
            let passed = said["passed"] == true;
            let seconds = said["micros"].as_f64().ok_or_else(|| failed(&"no time"))? / 1e6;
            let whole = true;
            let pass = Script {
                whole,
                passed,
                seconds,
            };
            keep_fastest(scripts, (text("suite"), text("name")), pass);
        }
    }
    match engines.is_empty() {
        true => Err(failed(&"no scripts")),
        false => Ok(engines),
    }
}

fn measure(program: &Path, tier: &'static str, passes: u32) -> Result<Row, String> {
    let failed = |what: &dyn std::fmt::Display| format!("{}, {tier}: {what}", program.display());
    let folder = tempfile::tempdir().map_err(|error| failed(&error))?;
    let path = folder.path().join("report.json");
    let mut seconds = f64::INFINITY;
    let mut scripts = Scripts::new();
    let mut report = Value::Null;
    for _ in 0..passes {
        // Nothing of the pass before may be taken for this one's.
        let _ = std::fs::remove_file(&path);
        let start = Instant::now();
        // It says by its exit code whether something failed, which the report tells better.
        Command::new(program)
            .args(["--tier", tier, "--json"])
            .arg(&path)
            .stdout(Stdio::null())
            .status()
            .map_err(|error| failed(&error))?;
        seconds = seconds.min(start.elapsed().as_secs_f64());
        let bytes = std::fs::read(&path).map_err(|error| failed(&error))?;
        report = serde_json::from_slice(&bytes).map_err(|error| failed(&error))?;
        add(&mut scripts, &report).ok_or_else(|| failed(&"no scripts"))?;
    }
    let rows = report["rows"].as_array().ok_or_else(|| failed(&"no rows"))?;
    let sum = |what: &str| {
        rows.iter()
            .filter_map(|row| row["tally"]["total"][what].as_u64())
            .sum()
    };
    Ok(Row {
        tier,
        seconds,
        passed: sum("passed"),
        failed: sum("failed"),
        skipped: sum("skipped"),
        scripts,
    })
}

/// Adds the scripts of a report that other engines run as well, as they went metered.
fn add(scripts: &mut Scripts, report: &Value) -> Option<()> {
    for script in report["scripts"].as_array()? {
        let (suite, name) = (script["suite"].as_str()?, script["name"].as_str()?);
        if !SHARED.contains(&suite) || script["metering"] != "metered" {
            continue;
        }
        let count = |what: &str| script["count"][what].as_u64();
        let pass = Script {
            whole: count("skipped")? == 0 && script["float_modules"].as_u64()? == 0,
            passed: count("failed")? == 0,
            seconds: script["micros"].as_f64()? / 1e6,
        };
        keep_fastest(scripts, (suite.to_owned(), name.to_owned()), pass);
    }
    Some(())
}

/// Adds one pass of a script: the fastest counts, and all must pass.
fn keep_fastest(scripts: &mut Scripts, name: Name, pass: Script) {
    let script = scripts.entry(name).or_insert(Script {
        whole: true,
        passed: true,
        seconds: f64::INFINITY,
    });
    script.whole &= pass.whole;
    script.passed &= pass.passed;
    script.seconds = script.seconds.min(pass.seconds);
}
