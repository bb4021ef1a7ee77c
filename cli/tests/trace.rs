//! What failed calls say of where they failed; traces, replays and the stepper, as people type them.

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

/// A folder of this test, gone when it ends.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Writes the trace of a call to a file, and gives its path.
fn traced(folder: &tempfile::TempDir, scenario: &str, number: &str) -> String {
    let path = folder
        .path()
        .join("call.trace.json")
        .to_string_lossy()
        .into_owned();
    let output = arwen(&["trace", "--step-index", number, "-o", &path, scenario]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    path
}

const LINES: &str = "cli/tests/data/lines.scen.json";

#[test]
fn a_scenario_lists_its_calls() {
    assert_eq!(
        text(&arwen(&["trace", LINES]).stdout),
        "   1  scCall    \"six by two\"  ratio\n   2  scCall    \"six by nothing\"  ratio\n"
    );
}

#[test]
fn a_trace_is_the_same_in_every_tier_and_a_changed_one_is_told_apart_field_by_field() {
    let folder = scratch();
    let path = traced(&folder, LINES, "1");
    let same = arwen(&["replay", &path]);
    assert_eq!(same.status.code(), Some(0));
    assert_eq!(
        text(&same.stdout),
        "cli/tests/data/lines.scen.json, transaction 1: scCall \"six by two\"\nrecorded: ok (0)\n\
         interpreter: the same\njit: the same\ntiered: the same\nobserved: the same\n"
    );
    let file = std::fs::read_to_string(&path).expect("a file");
    assert!(file.contains("\"0x0bb8\""), "3000 is returned: {file}");
    std::fs::write(&path, file.replace("\"0x0bb8\"", "\"0x0bb9\"")).expect("writable");
    let changed = arwen(&["replay", "--tier", "jit", &path]);
    assert_eq!(changed.status.code(), Some(1));
    assert!(
        text(&changed.stdout)
            .ends_with("jit: DIFFERENT\n  ok.returnData[0]: recorded \"0x0bb9\", replayed \"0x0bb8\"\n"),
        "{}",
        text(&changed.stdout)
    );
}

#[test]
fn stepping_stops_where_it_is_told_and_shows_the_state_there() {
    let folder = scratch();
    let path = traced(&folder, LINES, "2");
    let mut args = vec!["replay", "--step", &path];
    for command in [
        "break div",
        "break host nothing",
        "break 0x1",
        "break lines.c:99",
        "break lines.c:13",
        "break trap",
        "continue",
        "where",
        "delete 2",
        "continue",
    ] {
        args.extend(["--command", command]);
    }
    let wanted = [
        "cli/tests/data/lines.scen.json, transaction 2: scCall \"six by nothing\", 10 operators",
        "#1 \"ratio\" at 0x7c (./lines.c:16)",
        "  i32.const 0                      gas 0",
        "(arwen) break div",
        "no function is called \"div\"; there are divide",
        "(arwen) break host nothing",
        "no host function is called \"nothing\"",
        "(arwen) break 0x1",
        "no code is at 0x1",
        "(arwen) break lines.c:99",
        "no code comes from lines.c:99",
        "(arwen) break lines.c:13",
        "break point 1: lines.c:13",
        "(arwen) break trap",
        "break point 2: trap",
        "(arwen) continue",
        "break point 1: lines.c:13",
        "#9 \"divide\" at 0xa1 (./lines.c:13)",
        "  local.get 1                      gas 211  stack 6000",
        "(arwen) where",
        "  \"divide\" at 0xa1 (./lines.c:13)",
        "  \"ratio\" at 0x8c (./lines.c:19)",
        "in sc:lines: ratio",
        "(arwen) delete 2",
        "break point 2 removed",
        "(arwen) continue",
        "ended: execution failed (10): execution failed",
        "gas: 5,000,000 of 5,000,000",
        "execution failed: integer divide by zero in \"divide\" at 0xa3 (./lines.c:13)",
        "  called by \"ratio\" at 0x8c (./lines.c:19)",
        "replayed: the same",
    ];
    let output = arwen(&args);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout).lines().collect::<Vec<_>>(), wanted);

    let quit = arwen(&[
        "trace",
        "--step",
        "--id",
        "six by nothing",
        "--command",
        "q",
        LINES,
    ]);
    assert_eq!(quit.status.code(), Some(0));
    assert!(
        text(&quit.stdout).ends_with("(arwen) q\n"),
        "{}",
        text(&quit.stdout)
    );
}

#[test]
fn what_cannot_be_traced_or_replayed_is_refused() {
    let folder = scratch();
    let other = folder
        .path()
        .join("other.trace.json")
        .to_string_lossy()
        .into_owned();
    std::fs::write(&other, r#"{"format": "arwen-call-trace", "version": 99}"#).expect("writable");
    let cases: [(&[&str], &str); 9] = [
        (&["trace", "nowhere.scen.json"], "nowhere.scen.json"),
        (&["trace", "README.md"], "README.md"),
        (
            &["trace", "--step-index", "3", LINES],
            "no such call: cli/tests/data/lines.scen.json has 2",
        ),
        (
            &["trace", "--id", "seven", LINES],
            "no call has the id \"seven\"; there are \"six by two\", \"six by nothing\"",
        ),
        (
            &["trace", "--step", LINES],
            "--step needs a call: give --step-index or --id",
        ),
        (
            &["replay", "nowhere.trace.json"],
            "nowhere.trace.json: No such file",
        ),
        (&["replay", "README.md"], "README.md: not a trace of a call"),
        (
            &["replay", LINES],
            "lines.scen.json: not a trace of a call: its format is not arwen-call-trace",
        ),
        (
            &["replay", &other],
            "a trace of version 99; this program reads version 1",
        ),
    ];
    for (args, wanted) in cases {
        let output = arwen(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            text(&output.stderr).contains(wanted),
            "{args:?}: {}",
            text(&output.stderr)
        );
    }
}

#[test]
fn a_trace_shrinks_to_a_scenario_with_its_contracts_beside_it() {
    let folder = scratch();
    let path = traced(&folder, LINES, "2");
    let small = folder
        .path()
        .join("small.scen.json")
        .to_string_lossy()
        .into_owned();
    let output = arwen(&["replay", "--shrink", "-o", &small, &path]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(
        text(&output.stdout),
        format!("{small}: 2 of 2 accounts, 0 of 0 storage entries\n")
    );
    assert!(folder.path().join("small-1.wasm").is_file());
    let run = arwen(&["scenario", "run", "--tier", "both", &small]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stdout));

    // A trace that does not do what it says is no ground for a scenario.
    let file = std::fs::read_to_string(&path).expect("a file");
    std::fs::write(&path, file.replace("str:execution failed", "str:all is well")).expect("writable");
    let stale = arwen(&["replay", "--shrink", "-o", &small, &path]);
    assert_eq!(stale.status.code(), Some(1));
    assert!(
        text(&stale.stderr).contains("does not end as it says"),
        "{}",
        text(&stale.stderr)
    );
}
