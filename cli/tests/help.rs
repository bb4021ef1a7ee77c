//! `--help`, and what is made of the same definition.

mod common;

use std::process::{Command, Output};

fn arwen(args: &[&str]) -> Output {
    let output = Command::new(common::program())
        .args(args)
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{args:?}: {output:?}");
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn help(path: &[&str]) -> String {
    let args = [path, &["--help"]].concat();
    text(&arwen(&args).stdout)
}

/// The names under `Commands:`, `help` aside.
fn subcommands(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// Every command with its help, groups before what is in them.
fn all() -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    let mut open = vec![Vec::<String>::new()];
    while let Some(path) = open.pop() {
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        let help = help(&words);
        for name in subcommands(&help) {
            open.push([path.clone(), vec![name]].concat());
        }
        found.push((path, help));
    }
    found
}

#[test]
fn every_command_has_an_example_and_tells_its_exit_codes() {
    let all = all();
    assert!(all.len() > 15, "{all:?}");
    for (path, help) in all {
        let name = path.join(" ");
        let example = format!("  arwen {name}");
        let lines = help.lines().skip_while(|line| !line.starts_with("Example"));
        assert!(
            lines.clone().any(|line| line.starts_with(&example)),
            "arwen {name} --help has no example:\n{help}"
        );
        assert!(
            help.contains("Exit codes:"),
            "arwen {name} --help tells no exit codes"
        );
    }
}

#[test]
fn shells_complete_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = text(&arwen(&["completions", shell]).stdout);
        for word in ["create-account", "gas-limit", "inspect"] {
            assert!(script.contains(word), "{word} in the script for {shell}");
        }
    }
}

#[test]
fn every_command_has_a_manual_page_with_its_example() {
    let folder = tempfile::tempdir().expect("a folder");
    arwen(&["man", folder.path().to_str().expect("text")]);
    for (path, _) in all() {
        let name = [vec!["arwen".to_owned()], path].concat().join("-");
        let page = std::fs::read_to_string(folder.path().join(format!("{name}.1")));
        let page = page.unwrap_or_else(|error| panic!("{name}.1: {error}"));
        assert!(page.contains("Example"), "{name}.1 has no example");
    }
}
