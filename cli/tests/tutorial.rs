//! `docs/tutorial.md`, command by command: each prints what the page shows.

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Stands for any text.
const ANYTHING: char = '…';

/// What the page has readers do first. Here the binary is built, and the folder is another one.
const SETUP: &str = "cargo build --release
export ARWEN=$PWD PATH=$PWD/target/release:$PATH
mkdir ../first && cd ../first
";

struct Step {
    command: String,
    shown: String,
}

/// The contents of the blocks of a kind.
fn blocks<'a>(page: &'a str, kind: &str) -> Vec<&'a str> {
    let (mut blocks, mut rest) = (Vec::new(), page);
    let start = format!("\n```{kind}\n");
    while let Some((_, after)) = rest.split_once(&start) {
        let (block, further) = after.split_once("```").expect("an end of the block");
        blocks.push(block);
        rest = further;
    }
    blocks
}

/// `$ ` begins a command, `> ` continues it; what follows is what it prints.
fn steps(block: &str) -> Vec<Step> {
    let mut steps = Vec::<Step>::new();
    for line in block.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                command: command.to_owned(),
                shown: String::new(),
            });
            continue;
        }
        let step = steps.last_mut().expect("a command first");
        match line.strip_prefix("> ") {
            Some(more) => step.command += &format!("\n{more}"),
            None => step.shown += &format!("{line}\n"),
        }
    }
    steps
}

/// Whether a text is what is shown, [`ANYTHING`] being anything.
fn matches(shown: &str, text: &str) -> bool {
    let mut parts = shown.split(ANYTHING);
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut parts = parts.peekable();
    let mut ended = !shown.contains(ANYTHING) && rest.is_empty();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            ended = rest.ends_with(part);
            break;
        }
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    ended
}

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().expect("the repository")
}

#[test]
fn every_command_prints_what_is_shown() {
    let page = std::fs::read_to_string(root().join("docs/tutorial.md")).expect("the page");
    assert_eq!(blocks(&page, "sh"), [SETUP]);
    let folder = tempfile::tempdir().expect("a folder");
    let program = common::program();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = program.parent().map(Path::to_owned).into_iter();
    let path = std::env::join_paths(folders.chain(std::env::split_paths(&path))).expect("a path");
    let steps: Vec<Step> = blocks(&page, "console").into_iter().flat_map(steps).collect();
    assert!(steps.len() > 25, "{} commands", steps.len());
    for Step { command, shown } in steps {
        let output = Command::new("sh")
            .args(["-c", &format!("exec 2>&1\n{command}")])
            .current_dir(folder.path())
            .env("PATH", &path)
            .env("ARWEN", root())
            .env_remove("ARWEN_WORLD")
            .stdin(Stdio::null())
            .output()
            .expect("a shell");
        let printed = String::from_utf8(output.stdout).expect("text");
        // A line of its own also stands for no line at all.
        let shown = shown.replace("…\n", "…");
        assert!(
            matches(&shown, &printed),
            "$ {command}\nprints\n{printed}\nand the page shows\n{shown}"
        );
    }
    assert!(folder.path().join("gas.svg").exists());
}

#[test]
fn anything_stands_for_any_text_and_all_else_for_itself() {
    for (shown, text, wanted) in [
        ("a\n", "a\n", true),
        ("a\n", "a\nb\n", false),
        ("a…\n", "abc\n", true),
        ("…b\n", "a\nb\n", true),
        ("…b\n", "b\na\n", false),
        ("a…c…e\n", "abcde\n", true),
        ("a…c…e\n", "abde\n", false),
        ("", "a\n", false),
        ("…", "", true),
    ] {
        assert_eq!(matches(shown, text), wanted, "{shown:?} {text:?}");
    }
}
