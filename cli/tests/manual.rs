//! `docs/ipc.md` is what the tables print: the protocol's, the lock-down's and the faults'.

#[path = "faults/rows.rs"]
#[allow(dead_code, reason = "the steps are for the tests of faults")]
mod rows;

use std::fmt::Write as _;
use std::path::Path;

use arwen_ipc_child::sandbox;
use arwen_ipc_host::manual::manual;

use rows::{After, CHILD_FAULTS, ChildFault, NODE_FAULTS, NodeFault, START_FAULTS, StartFault};

const INTRODUCTION: &str = "
## Faults

What each side sees when the other is broken, killed or hostile; `cli/tests/faults` runs the rows. After each of them \
nothing was applied to the state, the next call works, and no process, descriptor or memory is left.

### A faulty child, seen by a node with this driver

In every encoding, and also: a child that dies after any number of bytes of its messages, or between calls, is killed at every question, \
while it computes, or at any moment, is stopped (`SIGSTOP`), cannot be started, or is no child at all; and thousands of \
restarts in a row.

| what the child does when it is asked for a call | what the call returns | the next call is served by |
|---|---|---|
";

#[test]
fn the_manual_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/ipc.md");
    let text = manual() + &sandbox::manual::section() + &faults();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "docs/ipc.md is not what the tables print; run with BLESS=1"
    );
}

/// The section about faults, headings included.
fn faults() -> String {
    let mut text = INTRODUCTION.to_owned();
    // Writing to a string cannot fail.
    for ChildFault {
        fault, error, after, ..
    } in CHILD_FAULTS
    {
        let error = if error.is_empty() {
            "its result".to_owned()
        } else {
            format!("`{error}`")
        };
        let next = match after {
            After::SameChild => "the same child",
            After::NextChild => "another child",
        };
        let _ = writeln!(text, "| {fault} | {error} | {next} |");
    }
    text +=
        "\n### A faulty node, seen by the child\n\n| what the node does | how the child ends |\n|---|---|\n";
    for NodeFault { fault, end, .. } in NODE_FAULTS {
        let end = match end {
            Some((code, line)) => format!("{code}: `{line}`"),
            None => "it replies, and goes on".to_owned(),
        };
        let _ = writeln!(text, "| {fault} | {end} |");
    }
    text += "\n| what the node does at the start | how the child ends |\n|---|---|\n";
    for StartFault {
        fault,
        end: (code, line),
        ..
    } in START_FAULTS
    {
        let _ = writeln!(text, "| {fault} | {code}: `{line}` |");
    }
    text
}
