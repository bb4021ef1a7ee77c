//! `docs/debugging.md` shows what the commands in it print.

mod common;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// What begins a block of commands.
const BLOCK: &str = "```console";

/// Runs a line of shell in a folder, with `arwen` in its path.
fn run(line: &str, folder: &Path) -> String {
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1\n{line}")])
        .current_dir(folder)
        .env(
            "PATH",
            format!(
                "{}:{}",
                folder.display(),
                std::env::var("PATH").unwrap_or_default()
            ),
        )
        .output()
        .expect("a shell");
    String::from_utf8(output.stdout).expect("text")
}

/// The page with the commands of its blocks run again, in one folder and in their order.
fn played(page: &str, folder: &Path) -> String {
    let mut text = String::new();
    let mut command = String::new();
    let mut in_block = false;
    for line in page.lines() {
        let first = line.strip_prefix("$ ");
        if in_block && !line.starts_with("> ") && !command.is_empty() {
            text += &run(&std::mem::take(&mut command), folder);
        }
        if !in_block || line == "```" || first.is_some() || line.starts_with("> ") {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{line}");
        }
        if in_block && let Some(part) = first.or(line.strip_prefix("> ")) {
            command += part;
            command.push('\n');
        }
        in_block = line == BLOCK || (in_block && line != "```");
    }
    text
}

#[test]
fn the_sessions_on_the_page_are_what_the_commands_print() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = tempfile::tempdir().expect("a folder");
    for (name, target) in [
        ("arwen", common::program()),
        ("examples", root.join("examples")),
        ("cli", root.join("cli")),
    ] {
        let target = std::fs::canonicalize(target).expect("there");
        std::os::unix::fs::symlink(target, folder.path().join(name)).expect("a link");
    }
    let path = root.join("docs/debugging.md");
    let page = std::fs::read_to_string(&path).expect("the page");
    let played = played(&page, folder.path());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &played).expect("writable");
    } else {
        assert!(
            played == page,
            "docs/debugging.md is out of date; run with BLESS=1\n{played}"
        );
    }
}
