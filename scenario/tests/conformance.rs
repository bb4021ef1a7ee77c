//! The reference's scenarios, where they lie beside the repository.

use std::path::{Path, PathBuf};

use arwen_scenario::run::VmMachine;
use arwen_scenario::suite::{Options, Outcome, discover, run};

/// Scenarios that the reference does not pass either, and how they fail.
const EXPECTED_FAILURES: [(&str, &str); 5] = [
    // Left out of the reference's own runs, no reason given.
    (
        "delegation/v0_3/test/integration/genesis/genesis.scen.json",
        "result code mismatch. Tx delegator 2 unstake",
    ),
    // Left out of the reference's own runs, to be repaired some day.
    (
        "features/composability/mandos/recursive_caller_esdt_2.scen.json",
        "wrong number of logs. Tx 1. Want:6. Got:8",
    ),
    // Left out of the reference's own runs: a built-in function as a transaction of its own.
    (
        "mandos-self-test/builtin-func-esdt-transfer.scen.json",
        "tx recipient (address: 425f",
    ),
    // Errors that the reference's own runs expect.
    (
        "mandos-self-test/esdt-non-zero-balance-check-err.scen.json",
        "mismatch for account \"address:B\":\n  for token: TOK-123, nonce: 0: Bad balance. Want: \"100\". Have: \"0\"",
    ),
    (
        "mandos-self-test/esdt-zero-balance-check-err.scen.json",
        "mismatch for account \"address:A\":\n  for token: TOK-123, nonce: 0: Bad balance. Want: \"\". Have: \"150\"",
    ),
];

/// The folder of the reference's scenarios, if it is there.
fn shared() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    ["../shared", "../../shared"]
        .iter()
        .map(|shared| root.join(shared).join("conformance/scenarios"))
        .find(|path| path.is_dir())
}

#[test]
fn what_the_reference_passes_passes() {
    let Some(folder) = shared() else { return };
    let cases = discover(&[folder]).expect("a readable folder");
    let options = Options {
        filter: None,
        fail_fast: false,
        jobs: 2,
    };
    let mut surprises = Vec::new();
    run(&cases, &options, VmMachine::interpreter, |report| {
        let expected = EXPECTED_FAILURES
            .iter()
            .find(|(name, _)| report.name.ends_with(name));
        match (&report.outcome, expected) {
            (Outcome::Passed, None) => {}
            (Outcome::Failed(failure), Some((_, message))) if failure.message.starts_with(message) => {}
            (outcome, _) => surprises.push(format!("{}: {outcome:?}", report.name)),
        }
    })
    .expect("a machine");
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}
