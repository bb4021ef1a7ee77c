//! The commands, as people type them.

mod common;

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn command(args: &[&str]) -> Command {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut command = Command::new(common::program());
    command.args(args).current_dir(examples).stdin(Stdio::null());
    command
}

fn arwen(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_run_says_how_it_ended() {
    let output = arwen(&["run", "counter"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let text = text(&output.stdout);
    assert!(text.trim_end().ends_with("all as expected"), "{text}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    for (args, code) in [
        (&["scenario", "run", "counter"][..], 0),
        (&["scenario", "run", "--format", "json", "counter"], 0),
        (&["profile", "counter"], 0),
        (&["inspect", "counter/counter.wasm"], 0),
        (&["run", "counter"], 0),
        (&["completions", "bash"], 0),
        (&["version"], 0),
        (&["profile", "no-such-folder"], 2),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let errors = writer.try_clone().unwrap();
        let status = command(args).stdout(writer).stderr(errors).status().unwrap();
        assert_eq!(status.code(), Some(code), "{args:?}");
    }
}

#[test]
fn machines_get_one_json_object() {
    let output = arwen(&["run", "--json", "counter"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["passed"], true);
    let first = &report["steps"][0];
    assert_eq!(first["function"], "init");
    assert_eq!(first["storage"][0]["after"], "05");
    for step in report["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|step| step["returnCode"] == 0)
    {
        let gas = |key: &str| step["gas"][key].as_u64().unwrap();
        assert_eq!(
            gas("loading") + gas("operators") + gas("api"),
            gas("used"),
            "{step}"
        );
    }
}

#[test]
fn jobs_that_cannot_be_run_are_refused_with_their_place() {
    let folder = std::env::temp_dir().join(format!("arwen-run-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let job = |text: &str| {
        std::fs::write(folder.join("run.toml"), text).unwrap();
        let output = arwen(&["run", folder.to_str().unwrap()]);
        (output.status.code(), self::text(&output.stderr))
    };
    let check = |toml: &str, code: i32, part: &str| {
        let (status, stderr) = job(toml);
        assert!(
            status == Some(code) && stderr.contains(part),
            "{status:?} {stderr}"
        );
    };
    check("", 2, "missing field `wasm`");
    check("wasm = 'none.wasm'\ngas-limit = 1", 2, "none.wasm");
    check(
        "wasm = 'run.toml'\ngas-limit = 1\ngas-schedule = 'v9'",
        2,
        "no gas schedule \"v9\"",
    );
    check(
        "wasm = 'run.toml'\ngas-limit = 1\nspeed = 1",
        2,
        "unknown field `speed`",
    );
    check(
        "wasm = 'run.toml'\ngas-limit = 1\n[[call]]",
        2,
        "call 1: function is missing",
    );
    check(
        "wasm = 'run.toml'\ngas-limit = 1\n[[call]]\nfunction='f'\ncaller='5'",
        2,
        "caller \"5\" has 1 bytes",
    );
    check(
        "wasm = 'run.toml'\ngas-limit = 1\n[deploy]\narguments=['u8:256']",
        2,
        "argument \"u8:256\"",
    );
    // Not a contract: that is the VM's word, not the file's fault.
    let (status, _) = job("wasm = 'run.toml'\ngas-limit = 1000");
    assert_eq!(status, Some(1));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn without_arguments_it_is_a_child_that_misses_its_pipes() {
    let output = arwen(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), "Cannot get pipe file: [arwenInitFile]\n");
}

#[test]
fn help_and_version_are_there() {
    assert!(text(&arwen(&["--help"]).stdout).contains("VM child of a node"));
    assert!(text(&arwen(&["run", "--help"]).stdout).contains("arwen run examples/counter"));
    assert!(text(&arwen(&["version"]).stdout).starts_with("arwen "));
    assert_eq!(arwen(&["no-such-command"]).status.code(), Some(2));
}
