//! What failed calls say of where they failed.

mod common;

use std::process::{Command, Output, Stdio};

fn arwen(args: &[&str]) -> Output {
    Command::new(common::program())
        .args(args)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// A division by zero that a scenario expects to end well.
const STOPS: &str = "cli/tests/data/stops.scen.json";

#[test]
fn a_failed_call_names_the_trap_the_functions_the_offsets_and_the_lines() {
    let wanted = [
        "execution failed: integer divide by zero in \"divide\" at 0xa3 (./lines.c:13)",
        "  called by \"ratio\" at 0x8c (./lines.c:19)",
    ];
    let indented: String = wanted.iter().map(|line| format!("      {line}\n")).collect();
    for tier in ["interpreter", "jit", "both"] {
        let output = arwen(&["scenario", "run", "--tier", tier, STOPS]);
        assert_eq!(output.status.code(), Some(1));
        let shown = text(&output.stdout);
        assert!(shown.contains(&indented), "{tier}: {shown}");
    }
    let profile = arwen(&["profile", STOPS]);
    assert!(text(&profile.stderr).contains(&indented), "{profile:?}");

    let json = arwen(&["scenario", "run", "--format", "json", STOPS]).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!(json["scenarios"][0]["stops"][0], wanted.join("\n"));
}

#[test]
fn a_step_that_fails_says_which_host_function_stopped_it() {
    let output = text(&arwen(&["run", "examples/counter"]).stdout);
    let stopped: Vec<&str> = output
        .lines()
        .filter(|line| line.contains("  stopped "))
        .collect();
    let [signalled, refused] = stopped[..] else {
        panic!("two steps fail: {output}")
    };
    assert!(
        signalled.contains("user error: stopped by signalError in \"decrement\" at 0x"),
        "{signalled}"
    );
    assert!(
        refused.contains("execution failed: stopped by checkNoPayment in \"increment\" at 0x"),
        "{refused}"
    );
}
