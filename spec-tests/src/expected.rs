//! Failures that are known, each with a reason.

use serde::Deserialize;

use crate::machine::Setup;
use crate::record::{FileRun, Outcome};
use crate::suite::SpecFile;

/// The list itself.
const TEXT: &str = include_str!("../expected_failures.toml");

/// The failures we know of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedFailures {
    #[serde(default)]
    failure: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    suite: String,
    file: String,
    line: usize,
    /// Absent: every tier.
    tier: Option<String>,
    reason: String,
}

impl ExpectedFailures {
    /// The committed list.
    ///
    /// # Errors
    /// When it does not parse or a reason is missing, in words.
    pub fn load() -> Result<Self, String> {
        Self::parse(TEXT)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let list: Self = toml::from_str(text).map_err(|error| format!("expected_failures.toml: {error}"))?;
        match list.failure.iter().find(|row| row.reason.trim().is_empty()) {
            Some(row) => Err(format!(
                "expected_failures.toml: {}:{} has no reason",
                row.file, row.line
            )),
            None => Ok(list),
        }
    }

    /// Turns expected failures into skips, and expected failures that passed into failures.
    pub fn apply(&self, file: &SpecFile, setup: &Setup, run: &mut FileRun) {
        let about = |row: &&Row| {
            row.suite == file.suite
                && row.file == file.name
                && row.tier.as_deref().is_none_or(|tier| tier == setup.tier_name())
        };
        for row in self.failure.iter().filter(about) {
            for record in run.records.iter_mut().filter(|record| record.line == row.line) {
                record.outcome = match &record.outcome {
                    Outcome::Failed(_) => Outcome::Skipped(format!("expected failure: {}", row.reason)),
                    Outcome::Passed => {
                        Outcome::Failed("was expected to fail: take it off the list".to_owned())
                    }
                    skipped => skipped.clone(),
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Check, Record};
    use arwen_engine::Tier;

    #[test]
    fn the_committed_list_is_sound() {
        ExpectedFailures::load().expect("parses");
    }

    #[test]
    fn a_reason_is_required() {
        let row = "[[failure]]\nsuite = \"wasm-v2\"\nfile = \"a.wast\"\nline = 3\nreason = \" \"";
        assert!(ExpectedFailures::parse(row).is_err());
    }

    #[test]
    fn listed_failures_are_skipped_and_listed_passes_fail() {
        let row = "[[failure]]\nsuite = \"wasm-v2\"\nfile = \"a.wast\"\nline = 3\nreason = \"known\"";
        let list = ExpectedFailures::parse(row).expect("parses");
        let file = SpecFile {
            suite: "wasm-v2".to_owned(),
            name: "a.wast".to_owned(),
            text: "",
        };
        let setup = Setup {
            tier: Tier::Jit,
            metered: false,
            stripped: false,
        };
        let outcome_of = |line: usize, outcome: Outcome| {
            let record = Record {
                line,
                check: Check::Executed,
                outcome,
            };
            let mut run = FileRun {
                records: vec![record],
                gas: 0,
            };
            list.apply(&file, &setup, &mut run);
            run.records.remove(0).outcome
        };
        let failed = || Outcome::Failed("x".to_owned());
        assert!(matches!(outcome_of(3, failed()), Outcome::Skipped(_)));
        assert!(matches!(outcome_of(3, Outcome::Passed), Outcome::Failed(_)));
        assert_eq!(outcome_of(4, failed()), failed());
    }
}
