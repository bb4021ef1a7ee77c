//! `arwen profile` and `arwen scenario run --coverage`, as people type them.

mod common;

use std::fs;
use std::path::PathBuf;
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

/// A file of this test, gone when it ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("arwen-{}-{name}", std::process::id())))
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("text")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

const LINES: &str = "cli/tests/data/lines.scen.json";

#[test]
fn every_format_holds_all_gas() {
    let json = arwen(&["profile", "--format", "json", LINES]);
    assert!(json.status.success(), "{}", text(&json.stderr));
    let profile: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    let total = profile["total"].as_u64().expect("a number");
    // The call that fails loses all its gas.
    assert!(total > 1_000_000, "{total}");
    let line = profile["lines"]
        .as_array()
        .expect("rows")
        .iter()
        .find(|row| row["name"] == "./lines.c:13");
    assert!(line.is_some_and(|row| row["gas"].as_u64() > Some(0)), "{profile}");

    let folded = text(&arwen(&["profile", "--format", "folded", LINES]).stdout);
    let weights = folded
        .lines()
        .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
    assert_eq!(weights.sum::<u64>(), total, "{folded}");
    assert!(folded.contains("sc:lines: ratio;ratio;divide "), "{folded}");

    let speedscope = arwen(&["profile", "--format", "speedscope", LINES]).stdout;
    let speedscope: serde_json::Value = serde_json::from_slice(&speedscope).expect("JSON");
    assert_eq!(speedscope["profiles"][0]["endValue"].as_f64(), Some(total as f64));

    let svg = text(&arwen(&["profile", "--format", "svg", LINES]).stdout);
    assert!(svg.contains("<svg") && svg.contains("loading code"), "{svg}");

    let table = text(&arwen(&["profile", "--top", "3", LINES]).stdout);
    assert!(
        table.contains("divide") && table.contains("loading code"),
        "{table}"
    );
}

#[test]
fn what_is_dearer_than_the_baseline_fails() {
    let file = Scratch::new("baseline.json");
    let baseline = text(&arwen(&["profile", "--format", "json", LINES]).stdout);
    fs::write(&file.0, &baseline).expect("writable");
    let same = arwen(&["profile", "--baseline", file.path(), LINES]);
    assert_eq!(
        (same.status.code(), text(&same.stdout).as_str()),
        (Some(0), "no gas has changed\n")
    );

    let mut cheaper: serde_json::Value = serde_json::from_str(&baseline).expect("JSON");
    let total = cheaper["total"].as_u64().expect("a number");
    cheaper["total"] = (total * 100 / 103).into();
    fs::write(&file.0, cheaper.to_string()).expect("writable");
    let compare = |threshold| {
        arwen(&[
            "profile",
            "--baseline",
            file.path(),
            "--threshold",
            threshold,
            LINES,
        ])
    };
    let strict = compare("2");
    assert_eq!(strict.status.code(), Some(1));
    assert!(
        text(&strict.stdout).contains("total  DEARER"),
        "{}",
        text(&strict.stdout)
    );
    assert_eq!(compare("5").status.code(), Some(0));
}

#[test]
fn coverage_counts_source_lines_or_offsets() {
    let file = Scratch::new("lcov.info");
    let run = |scenario: &str| {
        let output = arwen(&["scenario", "run", "--coverage", file.path(), scenario]);
        assert!(
            output.status.success(),
            "{}{}",
            text(&output.stdout),
            text(&output.stderr)
        );
        fs::read_to_string(&file.0).expect("written")
    };
    let lines = run(LINES);
    for wanted in ["SF:./lines.c\n", "FNDA:2,divide\n", "DA:13,2\n", "LH:"] {
        assert!(lines.contains(wanted), "{wanted} in {lines}");
    }
    // The second call does not come back from its division.
    assert!(lines.contains("DA:19,"), "{lines}");
    let offsets = run("examples/counter/scenarios/counter.scen.json");
    assert!(offsets.starts_with("SF:wasm:"), "{offsets}");
    assert!(
        offsets.contains(",increment\n") && offsets.contains(",0\n"),
        "{offsets}"
    );
}

#[test]
fn what_cannot_be_profiled_is_refused() {
    let cases: [(&[&str], &str); 5] = [
        (&["profile", "nowhere"], "nowhere"),
        (&["profile", "examples/counter/counter.wasm"], "not UTF-8"),
        (&["profile", "--filter", "nothing", "examples"], "no scenario"),
        (
            &["profile", "--baseline", "README.md", LINES],
            "not a gas profile",
        ),
        (&["profile", "--threshold", "2", LINES], "--baseline"),
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
