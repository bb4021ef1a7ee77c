//! How long does the whole specification suite take, and how much of it passes? Each tier in a process of its own: the
//! program `spec-tests`, which knows the suite, with what it reports of itself.

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
}

/// Runs the suite `passes` times in each tier with the program and prints a table; with `out`, writes `spec-DATE.md` and
/// `.json`.
///
/// # Errors
/// When the program does not report, or something cannot be written.
pub fn run(program: &Path, passes: u32, out: Option<&Path>) -> Result<(), String> {
    let mut text =
        "| tier | seconds | passed | failed | skipped | µs a directive |\n|---|---|---|---|---|---|\n"
            .to_owned();
    let mut rows = Vec::new();
    for tier in TIERS {
        let Row {
            tier,
            seconds,
            passed,
            failed,
            skipped,
        } = measure(program, tier, passes)?;
        let each = seconds * 1e6 / (passed + failed).max(1) as f64;
        text += &format!("| {tier} | {seconds:.2} | {passed} | {failed} | {skipped} | {each:.1} |\n");
        rows.push(json!({ "tier": tier, "seconds": seconds, "passed": passed, "failed": failed, "skipped": skipped }));
    }
    text += &format!(
        "\nVersions 1 to 3 and the proposals of ours, metered and not, then once more with the floats taken out of the modules \
         of versions 1 and 2; reading and encoding the scripts is in the time. Fastest of {passes} passes. {}.\n",
        report::machine()
    );
    print!("{text}");
    match out {
        Some(out) => report::keep(out, "spec", "The specification suite", &text, &rows),
        None => Ok(()),
    }
}

fn measure(program: &Path, tier: &'static str, passes: u32) -> Result<Row, String> {
    let failed = |what: &dyn std::fmt::Display| format!("{}, {tier}: {what}", program.display());
    let folder = tempfile::tempdir().map_err(|error| failed(&error))?;
    let report = folder.path().join("report.json");
    let mut seconds = f64::INFINITY;
    for _ in 0..passes {
        let start = Instant::now();
        // It says by its exit code whether something failed, which the report tells better.
        Command::new(program)
            .args(["--tier", tier, "--json"])
            .arg(&report)
            .stdout(Stdio::null())
            .status()
            .map_err(|error| failed(&error))?;
        seconds = seconds.min(start.elapsed().as_secs_f64());
    }
    let report = std::fs::read(&report).map_err(|error| failed(&error))?;
    let report: Value = serde_json::from_slice(&report).map_err(|error| failed(&error))?;
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
    })
}
