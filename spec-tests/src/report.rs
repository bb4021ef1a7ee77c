//! The table that people read and the JSON that programs read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::record::{Check, Count, Tally};

/// One row of the table: a suite in one setup.
#[derive(Debug, Serialize)]
pub struct Row {
    /// `wasm-v1`, …, the name of a proposal, or `… stripped`.
    pub suite: String,
    /// `interpreter`, `jit`, `tiered` or `observed`.
    pub tier: String,
    /// `metered` or `unmetered`.
    pub metering: String,
    /// The sums.
    pub tally: Tally,
}

/// A script in one setup.
#[derive(Debug, Serialize)]
pub struct Script {
    /// As in the rows.
    pub suite: String,
    /// File name.
    pub name: String,
    /// As in the rows.
    pub tier: String,
    /// As in the rows.
    pub metering: String,
    /// Its directives.
    pub count: Count,
    /// Its modules that were rejected for their floats.
    pub float_modules: u64,
    /// How long it took, its reading included, in microseconds.
    pub micros: u64,
}

/// A directive that failed.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// Folder, file and line.
    pub place: String,
    /// Tier and metering.
    pub setup: String,
    /// What is wrong.
    pub text: String,
}

/// Everything that was run.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// The rows, in order.
    pub rows: Vec<Row>,
    /// The scripts, in order.
    pub scripts: Vec<Script>,
    /// The failures, in order.
    pub failures: Vec<Failure>,
}

impl Report {
    /// The row of a suite in a setup, made if need be.
    pub fn row(&mut self, suite: &str, tier: &str, metering: &str) -> &mut Tally {
        let found = self
            .rows
            .iter()
            .position(|row| row.suite == suite && row.tier == tier && row.metering == metering);
        let index = found.unwrap_or_else(|| {
            self.rows.push(Row {
                suite: suite.to_owned(),
                tier: tier.to_owned(),
                metering: metering.to_owned(),
                tally: Tally::default(),
            });
            self.rows.len() - 1
        });
        &mut self.rows[index].tally
    }

    /// Passed, failed, skipped in all rows.
    pub fn total(&self) -> Count {
        let mut total = Count::default();
        for row in &self.rows {
            total.passed += row.tally.total.passed;
            total.failed += row.tally.total.failed;
            total.skipped += row.tally.total.skipped;
        }
        total
    }

    /// The table, why directives were skipped, the failures, and a last line with the totals.
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let width = self
            .rows
            .iter()
            .map(|row| row.suite.len())
            .max()
            .unwrap_or_default();
        write!(out, "{:width$} {:11} {:9}", "suite", "tier", "metering")?;
        for check in Check::ALL {
            write!(out, " {:>10}", check.heading())?;
        }
        writeln!(out, " {:>7} {:>8}", "failed", "skipped")?;
        for row in &self.rows {
            write!(out, "{:width$} {:11} {:9}", row.suite, row.tier, row.metering)?;
            for check in Check::ALL {
                write!(out, " {:>10}", row.tally.count(check).passed)?;
            }
            writeln!(
                out,
                " {:>7} {:>8}",
                row.tally.total.failed, row.tally.total.skipped
            )?;
        }

        writeln!(
            out,
            "\nskipped, by suite and reason (as often as in the setup that skips most):"
        )?;
        let mut reasons: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for row in &self.rows {
            for (reason, count) in &row.tally.skipped {
                let entry = reasons.entry((&row.suite, reason)).or_default();
                *entry = (*entry).max(*count);
            }
        }
        for ((suite, reason), count) in reasons {
            writeln!(out, "{suite:width$} {count:>6} {reason}")?;
        }

        if !self.failures.is_empty() {
            writeln!(out)?;
        }
        for failure in &self.failures {
            writeln!(
                out,
                "FAILED {} ({}): {}",
                failure.place, failure.setup, failure.text
            )?;
        }
        let total = self.total();
        writeln!(
            out,
            "\n{} passed, {} failed, {} skipped",
            total.passed, total.failed, total.skipped
        )
    }
}
