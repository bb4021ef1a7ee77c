//! The examples, run by the binary as their `run.toml` says, and what the table of examples tells of them.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// Every folder with a `run.toml`, in order.
fn examples() -> Vec<String> {
    let mut found: Vec<String> = fs::read_dir(root())
        .expect("the examples")
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|folder| folder.join("run.toml").is_file())
        .map(|folder| folder.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

/// Runs an example; its report.
fn report(name: &str) -> serde_json::Value {
    let output = Command::new(common::program())
        .args(["run", "--json", name])
        .current_dir(root())
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{name}:\n{text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// 1234567 → 1,234,567.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Sizes of the contracts in a folder: `2,415 + 934`.
fn sizes(name: &str) -> String {
    let mut files: Vec<PathBuf> = fs::read_dir(root().join(name))
        .expect("an example")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .collect();
    files.sort();
    let sizes: Vec<String> = files
        .iter()
        .map(|path| grouped(fs::metadata(path).expect("a contract").len()))
        .collect();
    sizes.join(" + ")
}

/// `BLESS=1` writes the columns that are measured.
#[test]
fn every_example_runs_as_its_job_says_and_costs_what_the_table_says() {
    let path = root().join("README.md");
    let committed = fs::read_to_string(&path).expect("the table of examples");
    let mut table = committed.clone();
    for name in examples() {
        let report = report(&name);
        assert_eq!(report["passed"], true, "{name}");
        let call = report["steps"]
            .as_array()
            .expect("steps")
            .iter()
            .find(|step| step["function"] != "init" && step["returnCode"] == 0)
            .unwrap_or_else(|| panic!("{name}: no call succeeds"));
        let function = call["function"].as_str().expect("a name");
        let gas = grouped(call["gas"]["used"].as_u64().expect("a number"));

        let start = format!("| `{name}/` |");
        let row = committed
            .lines()
            .find(|line| line.starts_with(&start))
            .unwrap_or_else(|| panic!("{name} is not in the table"));
        let mut cells: Vec<&str> = row.split('|').collect();
        let (bytes, cost) = (format!(" {} ", sizes(&name)), format!(" {function} {gas} "));
        (cells[3], cells[4]) = (&bytes, &cost);
        table = table.replace(row, &cells.join("|"));
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &table).expect("the examples are writable");
    }
    let committed = fs::read_to_string(&path).expect("the table of examples");
    assert!(
        committed == table,
        "run with BLESS=1; the table would be:\n{table}"
    );
}
