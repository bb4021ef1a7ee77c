//! The part of `docs/ipc.md` about the lock-down, printed from its tables.

use std::fmt::Write as _;

use super::calls::{CALLS, Call, Need, Verdict};
use super::limits::{LIMITS, UNLIMITED};
use super::{CACHE_VARIABLE, Layer, MODE_VARIABLE, Mode, Sandbox};
use crate::cache::KEY_FILE;
use crate::run::CACHE_BYTES;

const INTRODUCTION: &str = "
## Lock-down

Between taking its pipes and reading the first byte from them, while it has a single thread, the child gives up \
everything it does not need. A contract that broke out of the engine would find a process that can talk to its node \
and do nothing else. The layers do not rely on each other, but for one: system calls on \
files are allowed only where all files but those of the cache are closed, so without Landlock there is no cache.
";

const SETTINGS: &str = "
A warning goes to the log, from `arwen/sandbox`, for each layer that is missing, and when none is asked for. Code becomes executable when it is \
complete and is never writable and executable at once; where only the interpreter is asked for, nothing can become \
executable at all. The child is not killed when a thread of its node ends (`PR_SET_PDEATHSIG` means the thread, and \
nodes end threads at will): it ends by itself when nobody reads its replies any longer.
";

const FAILING: &str = "
A call that no row allows fails with `EPERM`: libraries try things and can do without, and a panic or an abort must \
still be reported. The calls of the last table kill the process with `SIGSYS` instead: nothing in the child ever makes \
them, so somebody else has taken over. The node sees the death at once, nothing is applied, and the next call is served \
by another child.
";

fn cache() -> String {
    format!(
        "
### Compiled code on disk

With `{CACHE_VARIABLE}` set, a child keeps the native code of contracts in that folder, and a child that is started \
later takes it from there instead of compiling. Children may share a folder; together their files take at most {} MiB \
(and, while several write, a file more each), those used longest ago are removed first. A new gas schedule leaves the \
files as they are: they hold no prices.

A file is used only if it was made by the same build for the same contract, ruleset and processor, and only whole: its \
first bytes are a message authentication code of its name and of everything after them (AEGIS-256X4). The key is the \
file `{KEY_FILE}` in the folder, 32 random bytes that the first child makes. What is damaged, cut off, renamed or made \
with another key is removed and the contract compiled, with a warning from `arwen/cache`; no reply depends on it.

Who can read the key and write to the folder can make children run any code. So the folder must belong to the user of \
the child and be writable by nobody else, and the key be readable by nobody else; otherwise the folder is not used, with \
a warning. What remains is that user, root, and a contract that broke out of the engine: locked in as it is, it could \
still leave code for children after it. After a suspected breakout remove the folder; it holds nothing that is not made \
again.
",
        CACHE_BYTES >> 20,
    )
}

/// The section, headings included.
pub fn section() -> String {
    let mut text = INTRODUCTION.to_owned();
    text += "\n| layer | Linux | what it does |\n|---|---|---|\n";
    for layer in Layer::ALL {
        line(&mut text, &[layer.name(), layer.kernel(), layer.doc()]);
    }
    text += "\n| variable | value | effect |\n|---|---|---|\n";
    for mode in Mode::ALL {
        let note = if mode == Mode::default() {
            " The default."
        } else {
            ""
        };
        let (variable, value) = (format!("`{MODE_VARIABLE}`"), format!("`{}`", mode.name()));
        line(&mut text, &[&variable, &value, &format!("{}{note}", mode.doc())]);
    }
    let variable = format!("`{CACHE_VARIABLE}`");
    line(
        &mut text,
        &[
            &variable,
            "a folder",
            "The one folder that a locked child may use: compiled code is kept there.",
        ],
    );
    text += SETTINGS;
    text += &cache();

    text += "\n### Limits of a locked child\n\n| limit | without cache | with cache | reason |\n|---|---|---|---|\n";
    let with_cache = Sandbox {
        cache: Some("/".into()),
        ..Sandbox::default()
    };
    for limit in LIMITS {
        let amounts =
            [Sandbox::default(), with_cache.clone()].map(|sandbox| (limit.amount)(&sandbox).to_string());
        line(
            &mut text,
            &[&format!("`{}`", limit.name), &amounts[0], &amounts[1], limit.why],
        );
    }
    for (names, why) in UNLIMITED {
        let names: Vec<String> = names.split(", ").map(|name| format!("`{name}`")).collect();
        line(&mut text, &[&names.join(", "), "as it was", "as it was", why]);
    }

    text += "\n### System calls of a locked child\n";
    text += FAILING;
    type Filter = fn(&Call) -> bool;
    let tables: [(&str, Filter); 5] = [
        ("Allowed:", |call| {
            call.verdict == Verdict::Allow && call.need == Need::Always
        }),
        ("Allowed where contracts may be compiled:", |call| {
            call.need == Need::Native
        }),
        ("Allowed where there is a cache folder:", |call| {
            call.need == Need::Cache
        }),
        ("Absent (`ENOSYS`):", |call| call.verdict == Verdict::Absent),
        ("Killing:", |call| call.verdict == Verdict::Kill),
    ];
    for (title, filter) in tables {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{title}\n\n| call | only | reason |\n|---|---|---|\n");
        for call in CALLS.iter().filter(|call| filter(call)) {
            line(&mut text, &[&format!("`{}`", call.name), call.only, call.why]);
        }
    }
    text
}

fn line(text: &mut String, cells: &[&str]) {
    text.push('|');
    for cell in cells {
        // Writing to a string cannot fail.
        let _ = write!(text, " {cell} |");
    }
    text.push('\n');
}
