//! What comes out of running a file.

use std::collections::BTreeMap;

use serde::Serialize;

/// What a directive of a script is about. Each is a column of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// A module without floats compiles and instantiates.
    Module,
    /// A module with floats is rejected for them.
    FloatModule,
    /// `invoke`, `assert_return`, `assert_trap`, `assert_exhaustion`.
    Executed,
    /// The same, of a module that was float-stripped.
    Stripped,
    /// `assert_invalid`.
    Invalid,
    /// `assert_malformed`.
    Malformed,
    /// `assert_unlinkable`.
    Unlinkable,
    /// `register`.
    Register,
    /// Directives about things that no feature of ours brings.
    Other,
}

impl Check {
    /// All, in the order of the report's columns.
    pub const ALL: [Check; 9] = [
        Check::Module,
        Check::FloatModule,
        Check::Executed,
        Check::Stripped,
        Check::Invalid,
        Check::Malformed,
        Check::Unlinkable,
        Check::Register,
        Check::Other,
    ];

    /// The heading of the column.
    pub fn heading(self) -> &'static str {
        match self {
            Check::Module => "module",
            Check::FloatModule => "float",
            Check::Executed => "executed",
            Check::Stripped => "stripped",
            Check::Invalid => "invalid",
            Check::Malformed => "malformed",
            Check::Unlinkable => "unlinkable",
            Check::Register => "register",
            Check::Other => "other",
        }
    }
}

/// How a directive ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As the suite wants.
    Passed,
    /// Otherwise, in words.
    Failed(String),
    /// Not run, and why.
    Skipped(String),
}

/// One directive.
#[derive(Debug, Clone)]
pub struct Record {
    /// Line of the directive, from 1.
    pub line: usize,
    /// What it is about.
    pub check: Check,
    /// How it ended.
    pub outcome: Outcome,
}

/// A file that was run.
#[derive(Debug, Default)]
pub struct FileRun {
    /// The directives, in order.
    pub records: Vec<Record>,
    /// Gas used by everything that ran.
    pub gas: u64,
}

/// Passed, failed, skipped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// As the suite wants.
    pub passed: u64,
    /// Otherwise.
    pub failed: u64,
    /// Not run.
    pub skipped: u64,
}

impl Count {
    fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed(_) => self.failed += 1,
            Outcome::Skipped(_) => self.skipped += 1,
        }
    }
}

/// Sums over many files.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Tally {
    /// By kind of directive.
    pub checks: BTreeMap<Check, Count>,
    /// How often each reason to skip applied.
    pub skipped: BTreeMap<String, u64>,
    /// Everything together.
    pub total: Count,
    /// Gas used.
    pub gas: u64,
}

impl Tally {
    /// Adds one file.
    pub fn add(&mut self, run: &FileRun) {
        self.gas += run.gas;
        for record in &run.records {
            self.checks.entry(record.check).or_default().add(&record.outcome);
            self.total.add(&record.outcome);
            if let Outcome::Skipped(reason) = &record.outcome {
                *self.skipped.entry(reason.clone()).or_default() += 1;
            }
        }
    }

    /// The sums of one column.
    pub fn count(&self, check: Check) -> Count {
        self.checks.get(&check).copied().unwrap_or_default()
    }
}
