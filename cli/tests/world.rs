//! `arwen world`, as people type it.

mod common;

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs in a folder of its own, where the world is too.
struct Session(tempfile::TempDir);

impl Session {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// One with a counter that alice has deployed.
    fn with_counter() -> Self {
        let session = Self::new();
        let counter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/counter/counter.wasm");
        std::fs::copy(counter, session.0.path().join("counter.wasm")).expect("a copy");
        for line in [
            "init",
            "create-account address:alice --balance 1,000",
            "deploy counter.wasm 5 --from address:alice --at sc:counter",
        ] {
            session.run(line, 0);
        }
        session
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(common::program());
        command
            .arg("world")
            .args(line.split_whitespace())
            .current_dir(self.0.path())
            .env_remove("ARWEN_WORLD")
            .stdin(Stdio::null());
        command
    }

    /// What a command says, and on which of the two outputs depends on its exit code.
    fn run(&self, line: &str, code: i32) -> String {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(line).output().expect("the binary runs");
        let (out, error) = (text(&stdout), text(&stderr));
        assert_eq!(status.code(), Some(code), "{line}: {out}{error}");
        if code > 1 { error } else { out }
    }

    fn json(&self, line: &str, code: i32) -> serde_json::Value {
        serde_json::from_str(&self.run(&format!("{line} --json"), code)).expect("JSON")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn people_and_machines_are_told_what_changed() {
    let session = Session::with_counter();
    let called = session.run("call sc:counter increment 10 --from address:alice", 0);
    for wanted in [
        "sc:counter.increment(10) by address:alice [tx-2]",
        "result    ok",
        "log       sc:counter: ",
        "str:value): 0x05 (5) -> 0x0f (15)",
        "account   address:alice, nonce 1 -> 2",
    ] {
        assert!(called.contains(wanted), "{wanted} in {called}");
    }
    let asked = session.json("query sc:counter get", 0);
    assert_eq!(asked["result"]["returnData"], serde_json::json!(["0f"]));
    assert_eq!(asked["kept"], true);
    let called = session.json("call sc:counter increment --from address:alice --id mine", 0);
    assert_eq!(called["id"], "mine");
    assert_eq!(called["accounts"][0]["storage"][0]["after"], "10");
    assert_eq!(called["accounts"][1]["nonce"]["after"], "3");
    let advanced = session.json("advance --time 600 --epochs 2", 0);
    let block = serde_json::json!({"nonce": 100, "round": 100, "timestamp": 600, "epoch": 2});
    assert_eq!(advanced["block"], block);
    let shown = session.json("show sc:counter", 0);
    assert_eq!(shown["storage"][0]["value"], "10");
    assert!(
        session
            .run("show", 0)
            .contains("address:alice: nonce 3, balance 1000")
    );
}

#[test]
fn an_export_passes_as_a_scenario() {
    let session = Session::with_counter();
    session.run("call sc:counter increment 10 --from address:alice", 0);
    session.run("call sc:counter decrement 100 --from address:alice", 1);
    session.run("export session.scen.json", 0);
    let output = Command::new(common::program())
        .args(["scenario", "run", "--tier", "both", "session.scen.json"])
        .current_dir(session.0.path())
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{}", text(&output.stdout));
    let printed = session.run("export", 0);
    assert!(printed.contains("\"name\": \"session\""), "{printed}");
}

#[test]
fn failures_are_told_with_what_might_help() {
    let session = Session::with_counter();
    let refused = session.run("call sc:counter decrement 100 --from address:alice", 1);
    assert!(
        refused.contains("user error (4): the counter cannot go below zero") && refused.contains("stopped "),
        "{refused}"
    );
    let unknown = session.run("call sc:counter reset --from address:alice", 1);
    assert!(
        unknown.contains("sc:counter has no function \"reset\"; it has init, increment, decrement, get"),
        "{unknown}"
    );
    let writing = session.run("query sc:counter increment", 0);
    assert!(writing.contains("this function writes"), "{writing}");
    std::fs::write(session.0.path().join("bad.wasm"), b"\0asm\x01\0\0\0\x01").expect("writable");
    let invalid = session.run("deploy bad.wasm --from address:alice", 1);
    assert!(invalid.contains("arwen inspect"), "{invalid}");
    let path = session.0.path().join("call.trace.json");
    session.run(
        "call sc:counter increment --from address:alice --trace call.trace.json",
        0,
    );
    let replayed = Command::new(common::program())
        .arg("replay")
        .arg(&path)
        .output()
        .expect("the binary runs");
    assert!(replayed.status.success(), "{}", text(&replayed.stderr));
    let profiled = session.run("call sc:counter increment --from address:alice --profile", 0);
    assert!(profiled.contains("loading code"), "{profiled}");
}

#[test]
fn what_cannot_be_done_has_an_exit_code_and_a_reason() {
    let session = Session::with_counter();
    std::fs::write(session.0.path().join("notes.txt"), "no module").expect("writable");
    for (line, code, wanted) in [
        (
            "deploy none.wasm --from address:alice",
            2,
            "cannot read none.wasm",
        ),
        (
            "deploy notes.txt --from address:alice",
            2,
            "notes.txt is no WebAssembly module",
        ),
        (
            "call sc:counter increment u8:256 --from address:alice",
            2,
            "argument 1 \"u8:256\"",
        ),
        ("call sc:counter increment --from alice", 2, "from \"alice\""),
        (
            "call sc:counter increment --from address:bob",
            2,
            "there is no such account",
        ),
        ("call sc:counter", 2, "--from"),
        (
            "init --world other --gas-schedule v9",
            2,
            "no gas schedule is called \"v9\"",
        ),
        (
            "call sc:counter increment --from address:alice --gas-price 1",
            2,
            "not enough balance to pay gas",
        ),
        ("init", 3, "there is a world here already"),
        (
            "show --world nowhere",
            3,
            "there is no world here\n  `arwen world init` makes one",
        ),
    ] {
        let error = session.run(line, code);
        assert!(error.contains(wanted), "{line}: {error}");
    }
    std::fs::create_dir(session.0.path().join("broken")).expect("a folder");
    std::fs::write(session.0.path().join("broken/world.redb"), [1; 9000]).expect("writable");
    assert!(
        session
            .run("show --world broken", 3)
            .contains("no world, or a damaged one")
    );
    let held = arwen_world::LocalWorld::open(&session.0.path().join("world")).expect("a world");
    assert!(
        session
            .run("show", 3)
            .contains("another command is using this world")
    );
    drop(held);
    session.run("show", 0);
}

#[test]
fn a_killed_command_has_happened_or_not_and_a_second_try_happens_once() {
    let session = Session::with_counter();
    let value = |session: &Session| {
        let shown = session.json("show sc:counter", 0);
        u64::from_str_radix(shown["storage"][0]["value"].as_str().expect("hex"), 16).expect("a number")
    };
    let mut expected = value(&session);
    for attempt in 0..24_u64 {
        let line = format!("call sc:counter increment --from address:alice --id try-{attempt}");
        let mut child = session
            .command(&line)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        // Anywhere between its first and its last breath.
        std::thread::sleep(std::time::Duration::from_micros(attempt * 700));
        child.kill().expect("still ours");
        child.wait().expect("an end");
        let again = session.command(&line).output().expect("the binary runs");
        let happened = value(&session);
        expected += 1;
        assert_eq!(happened, expected, "{attempt}: {}", text(&again.stderr));
    }
    session.run("export session.scen.json", 0);
}
