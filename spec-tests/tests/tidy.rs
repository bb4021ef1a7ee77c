//! The rules of the house that a compiler does not check. Each test names what breaks its rule, with file and line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Files that may contain `unsafe`, each with what it needs it for. Nothing else may.
#[rustfmt::skip]
const UNSAFE_FILES: &[(&str, &str)] = &[
    ("benches/src/alloc.rs", "counts what is allocated"),
    ("engine/src/interp/machine.rs", "registers, memory and context by address"),
    ("engine/src/jit/arch.rs", "enters and leaves compiled code"),
    ("engine/src/jit/enter.rs", "the activations on the native stack"),
    ("engine/src/jit/libcalls.rs", "called by compiled code"),
    ("engine/src/jit/native_stack.rs", "maps and guards a stack"),
    ("engine/src/jit/traps.rs", "signal handlers"),
    ("engine/src/runtime/context.rs", "the layout that compiled code reads"),
    ("engine/src/runtime/instance.rs", "moves with what the context points to"),
    ("engine/src/runtime/mapping.rs", "maps, protects and resets pages"),
    ("engine/src/runtime/memory.rs", "reads and writes what is mapped"),
    ("engine/src/runtime/table.rs", "shares its elements with compiled code"),
    ("engine/src/runtime/wiring.rs", "moves with what the context points to"),
    ("examples/crowdfunding/src/env.rs", "calls host functions"),
    ("ipc-host/child/tests/sandbox.rs", "makes system calls that are refused"),
    ("ipc-host/src/fds.rs", "hands file descriptors to a child, and closes others"),
    ("ipc-host/src/mailbox.rs", "reads and writes memory that two processes share"),
];

/// What lets time, randomness or the surroundings of the process in.
const NON_DETERMINISTIC: &[&str] = &[
    "HashMap",
    "HashSet",
    "SystemTime",
    "Instant",
    "env::var",
    "thread_rng",
    "RandomState",
];

/// Crates whose results are consensus.
const CONSENSUS_CRATES: &[&str] = &["metering/src", "engine/src", "eei/src", "eei/interface/src"];

/// Uses of the above that no result can depend on, each with the reason.
const DETERMINISTIC_ANYHOW: &[(&str, &str, &str)] = &[];

/// Which of our crates a crate may be built from. Dependencies of tests are free.
const MAY_USE: &[(&str, &[&str])] = &[
    ("metering", &[]),
    ("engine", &["arwen-metering"]),
    ("eei/interface", &[]),
    ("eei", &["arwen-engine", "arwen-interface", "arwen-metering"]),
    ("ipc-host", &["arwen-interface"]),
    (
        "ipc-host/child",
        &["arwen-eei", "arwen-interface", "arwen-ipc-host", "arwen-metering"],
    ),
    ("scenario", &["arwen-eei", "arwen-interface", "arwen-metering"]),
    ("world", &["arwen-interface", "arwen-scenario"]),
    (
        "tools",
        &[
            "arwen-eei",
            "arwen-engine",
            "arwen-interface",
            "arwen-metering",
            "arwen-scenario",
        ],
    ),
];

/// The lines a file may have.
const MAX_LINES: usize = 600;

/// What unfinished or switched-off code looks like. Split, so that this file does not break its own rule.
const UNFINISHED: &[&str] = &[
    concat!("#[", "ignore"),
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("dbg", "!("),
];

#[test]
fn unsafe_is_only_in_the_listed_files() {
    let allowed: BTreeSet<&str> = UNSAFE_FILES.iter().map(|(file, _)| *file).collect();
    let found: BTreeMap<String, Vec<String>> = sources(&[""])
        .into_iter()
        .map(|source| (source.name.clone(), source.lines_with_word("unsafe")))
        .filter(|(_, lines)| !lines.is_empty())
        .collect();
    let strangers: Vec<&String> = found
        .iter()
        .filter(|(file, _)| !allowed.contains(file.as_str()))
        .flat_map(|(_, lines)| lines)
        .collect();
    let unused: Vec<&&str> = allowed
        .iter()
        .filter(|file| !found.contains_key(**file))
        .collect();
    assert!(
        strangers.is_empty(),
        "`unsafe` in files that are not listed: {strangers:#?}"
    );
    assert!(unused.is_empty(), "listed, but without `unsafe`: {unused:#?}");
}

#[test]
fn nothing_non_deterministic_in_consensus_code() {
    let mut found = Vec::new();
    for source in sources(CONSENSUS_CRATES) {
        for word in NON_DETERMINISTIC {
            let excused = |file: &str, what: &str| file == source.name && what == *word;
            if !DETERMINISTIC_ANYHOW
                .iter()
                .any(|(file, what, _)| excused(file, what))
            {
                found.extend(source.lines_with_word(word));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
    for (file, word, _) in DETERMINISTIC_ANYHOW {
        let source = Source::read(&root().join(file));
        assert!(
            !source.lines_with_word(word).is_empty(),
            "{file} is excused for `{word}`, which it does not use"
        );
    }
}

#[test]
fn the_engine_knows_nothing_of_blockchains() {
    let words = [
        "account",
        "accounts",
        "blockchain",
        "balance",
        "esdt",
        "transaction",
        "shard",
    ];
    let found: Vec<String> = sources(&["engine/src"])
        .iter()
        .flat_map(|source| words.iter().flat_map(|word| source.lines_with_word(word)))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn crates_depend_in_one_direction() {
    for (name, allowed) in MAY_USE {
        let used = own_dependencies(name);
        let strangers: Vec<&String> = used
            .iter()
            .filter(|used| !allowed.contains(&used.as_str()))
            .collect();
        assert!(strangers.is_empty(), "{name} must not depend on {strangers:?}");
    }
}

#[test]
fn the_driver_of_a_node_has_no_engine_in_it() {
    let folders = own_crates();
    let mut open = vec!["ipc-host".to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(folder) = open.pop() {
        let manifest = manifest(&folder);
        let names = dependency_names(&manifest);
        let heavy: Vec<&String> = names
            .iter()
            .filter(|name| {
                name.starts_with("cranelift") || ["arwen-engine", "wasmparser"].contains(&name.as_str())
            })
            .collect();
        assert!(
            heavy.is_empty(),
            "{folder}, built into every node, depends on {heavy:?}"
        );
        open.extend(
            names
                .iter()
                .filter_map(|name| folders.get(name))
                .filter(|folder| seen.insert((*folder).clone()))
                .cloned(),
        );
    }
}

#[test]
fn nothing_is_unfinished_or_switched_off() {
    let found: Vec<String> = sources(&[""])
        .iter()
        .flat_map(|source| UNFINISHED.iter().flat_map(|text| source.lines_with(text)))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_file_is_long() {
    let long: Vec<String> = sources(&[""])
        .iter()
        .filter(|source| source.text.lines().count() > MAX_LINES)
        .map(|source| format!("{}: {} lines", source.name, source.text.lines().count()))
        .collect();
    assert!(long.is_empty(), "longer than {MAX_LINES} lines: {long:#?}");
}

#[test]
fn the_architecture_fits_on_a_few_pages() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let lines = text.lines().count();
    assert!(lines <= 150, "ARCHITECTURE.md has {lines} lines, at most 150");
}

/// A Rust file.
struct Source {
    /// Path from the root of the workspace, with slashes.
    name: String,
    text: String,
}

impl Source {
    fn read(path: &Path) -> Self {
        let name = path
            .strip_prefix(root())
            .unwrap_or(path)
            .to_string_lossy()
            .replace('\\', "/");
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name, text }
    }

    /// Lines of code that contain `word` as a word of its own, comments and strings aside.
    fn lines_with_word(&self, word: &str) -> Vec<String> {
        self.find(|line| has_word(&code_of(line), word))
    }

    fn lines_with(&self, text: &str) -> Vec<String> {
        self.find(|line| line.contains(text))
    }

    fn find(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let lines = self.text.lines().enumerate().filter(|(_, line)| wanted(line));
        lines
            .map(|(index, line)| format!("{}:{}: {}", self.name, index + 1, line.trim()))
            .collect()
    }
}

/// A line without its comment and without the contents of its strings.
fn code_of(line: &str) -> String {
    let mut code = String::new();
    let mut in_string = false;
    let mut chars = line.chars().peekable();
    while let Some(next) = chars.next() {
        match next {
            '\\' if in_string => drop(chars.next()),
            '"' => in_string = !in_string,
            '/' if !in_string && chars.peek() == Some(&'/') => break,
            other if !in_string => code.push(other),
            _ => {}
        }
    }
    code
}

fn has_word(code: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a workspace around this crate")
        .to_owned()
}

/// Every Rust file below these folders, in a fixed order.
fn sources(folders: &[&str]) -> Vec<Source> {
    let mut paths = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a folder entry").path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                if !name.starts_with('.') && name != "target" && name != "node_modules" {
                    open.push(path);
                }
            } else if name.ends_with(".rs") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    assert!(!paths.is_empty(), "no sources below {folders:?}");
    paths.iter().map(|path| Source::read(path)).collect()
}

fn manifest(folder: &str) -> toml::Table {
    let path = root().join(folder).join("Cargo.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse()
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Names of everything that a crate is built from, for any target.
fn dependency_names(manifest: &toml::Table) -> BTreeSet<String> {
    let mut tables = vec![manifest];
    if let Some(targets) = manifest.get("target").and_then(toml::Value::as_table) {
        tables.extend(targets.values().filter_map(toml::Value::as_table));
    }
    tables
        .iter()
        .filter_map(|table| table.get("dependencies").and_then(toml::Value::as_table))
        .flat_map(|dependencies| dependencies.keys().cloned())
        .collect()
}

/// Our crates by name: the folder of each.
fn own_crates() -> BTreeMap<String, String> {
    let workspace = manifest("");
    let dependencies = workspace["workspace"]["dependencies"]
        .as_table()
        .expect("workspace.dependencies");
    let path_of = |value: &toml::Value| Some(value.get("path")?.as_str()?.to_owned());
    dependencies
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), path_of(value)?)))
        .collect()
}

fn own_dependencies(folder: &str) -> BTreeSet<String> {
    let own = own_crates();
    dependency_names(&manifest(folder))
        .into_iter()
        .filter(|name| own.contains_key(name))
        .collect()
}

#[test]
fn the_tidy_tests_can_read_code() {
    assert_eq!(code_of("call(\"unsafe \\\" // x\", y) // unsafe"), "call(, y) ");
    assert!(has_word("x = unsafe { y }", "unsafe"));
    assert!(!has_word("#![allow(unsafe_code)]", "unsafe"));
    assert!(has_word("std::time::Instant::now()", "Instant"));
    assert!(!has_word("InstantiateError", "Instant"));
}
