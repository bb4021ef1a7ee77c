//! What can be said to the stepper.

use std::fmt::Write as _;

/// Bytes that `mem` shows when nothing else is said.
const MEMORY_WINDOW: u64 = 64;

/// Bytes that `mem` shows at most.
const MAX_WINDOW: u64 = 4096;

/// A command, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Step(u64),
    Next(u64),
    Out,
    Continue,
    Break(String),
    Breaks,
    Delete(usize),
    Print(Value),
    Memory { at: Value, len: u64 },
    Stack,
    Locals,
    Storage,
    Where,
    Gas,
    Help,
    Quit,
}

/// A number, or where one is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Number(u64),
    Local(u64),
    Global(u64),
    /// Counted from the top.
    Stack(u64),
    Gas,
}

type Read = fn(&str, &[&str]) -> Option<Command>;

/// A command: its names, its arguments, what it does, how its arguments are read.
struct Row {
    names: &'static [&'static str],
    arguments: &'static str,
    doc: &'static str,
    read: Read,
}

#[rustfmt::skip]
const COMMANDS: &[Row] = &[
    row(&["step", "s"], "[N]", "run N operators (1), into functions and called contracts",
        |_, words| count(words).map(Command::Step)),
    row(&["next", "n"], "[N]", "run N operators (1) of this function, over what it calls",
        |_, words| count(words).map(Command::Next)),
    row(&["out", "o"], "", "run until this function has returned", |_, words| alone(words, Command::Out)),
    row(&["continue", "c"], "", "run to the next break point, or to the end", |_, words| alone(words, Command::Continue)),
    row(&["break", "b"], "[WHERE]", "stop there: see below; without WHERE, list the break points",
        |text, _| Some(match text { "" => Command::Breaks, text => Command::Break(text.to_owned()) })),
    row(&["delete", "d"], "N", "remove break point N",
        |_, words| match words { [number] => number.parse().ok().map(Command::Delete), _ => None }),
    row(&["print", "p"], "VALUE", "a value: gas, local N, global N, stack N (0 is the top), or a number",
        |_, words| value(words).filter(|(_, rest)| rest.is_empty()).map(|(value, _)| Command::Print(value))),
    row(&["stack"], "", "the operands of this function, the top first", |_, words| alone(words, Command::Stack)),
    row(&["locals", "l"], "", "parameters and locals of this function", |_, words| alone(words, Command::Locals)),
    row(&["mem", "x"], "VALUE [LEN]", "LEN bytes (64, at most 4096) of memory from that address on", |_, words| memory(words)),
    row(&["storage"], "", "what contracts have read and written so far", |_, words| alone(words, Command::Storage)),
    row(&["where", "w"], "", "the functions and contracts under way, innermost first", |_, words| alone(words, Command::Where)),
    row(&["gas", "g"], "", "gas used by this contract, and what its call may use", |_, words| alone(words, Command::Gas)),
    row(&["help", "h"], "", "this text", |_, words| alone(words, Command::Help)),
    row(&["quit", "q"], "", "stop here", |_, words| alone(words, Command::Quit)),
];

const fn row(names: &'static [&'static str], arguments: &'static str, doc: &'static str, read: Read) -> Row {
    Row {
        names,
        arguments,
        doc,
        read,
    }
}

impl Command {
    /// Reads a line.
    ///
    /// # Errors
    /// A text that says what could be said instead.
    pub fn read(line: &str) -> Result<Self, String> {
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let known = COMMANDS.iter().find(|row| row.names.contains(&name));
        let row = known.ok_or_else(|| format!("no command is called \"{name}\"; try help"))?;
        let rest = rest.trim();
        let words: Vec<&str> = rest.split_whitespace().collect();
        (row.read)(rest, &words).ok_or_else(|| {
            format!("usage: {} {}", row.names[0], row.arguments)
                .trim_end()
                .to_owned()
        })
    }
}

/// All commands.
pub(super) fn help() -> String {
    let mut text = String::new();
    for Row {
        names,
        arguments,
        doc,
        ..
    } in COMMANDS
    {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  {:<22} {doc}",
            format!("{} {arguments}", names.join(", "))
        );
    }
    text += "An empty line repeats the last command.\n";
    for (place, doc) in super::breaks::PLACES {
        let _ = writeln!(text, "  break {place:<16} {doc}");
    }
    text
}

fn alone(words: &[&str], command: Command) -> Option<Command> {
    words.is_empty().then_some(command)
}

fn count(words: &[&str]) -> Option<u64> {
    match words {
        [] => Some(1),
        [count] => number(count).filter(|count| *count > 0),
        _ => None,
    }
}

/// A number, decimal or hex.
pub(super) fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// A value, and the words after it.
fn value<'w, 't>(words: &'w [&'t str]) -> Option<(Value, &'w [&'t str])> {
    let of = match words.first().copied()? {
        "gas" => return Some((Value::Gas, &words[1..])),
        "local" => Value::Local,
        "global" => Value::Global,
        "stack" => Value::Stack,
        text => return Some((Value::Number(number(text)?), &words[1..])),
    };
    Some((of(number(words.get(1)?)?), &words[2..]))
}

fn memory(words: &[&str]) -> Option<Command> {
    let (at, rest) = value(words)?;
    let len = match rest {
        [] => MEMORY_WINDOW,
        [len] => number(len).filter(|len| (1..=MAX_WINDOW).contains(len))?,
        _ => return None,
    };
    Some(Command::Memory { at, len })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_with_their_arguments() {
        for (line, command) in [
            ("step", Command::Step(1)),
            ("s 12", Command::Step(12)),
            (
                "b host storageStore",
                Command::Break("host storageStore".to_owned()),
            ),
            ("break", Command::Breaks),
            ("print stack 0", Command::Print(Value::Stack(0))),
            (
                "x local 2 0x10",
                Command::Memory {
                    at: Value::Local(2),
                    len: 16,
                },
            ),
            (
                "mem 1024",
                Command::Memory {
                    at: Value::Number(1024),
                    len: 64,
                },
            ),
        ] {
            assert_eq!(Command::read(line), Ok(command), "{line}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_what_could() {
        for (line, error) in [
            ("fly", "no command is called \"fly\"; try help"),
            ("step 0", "usage: step [N]"),
            ("out now", "usage: out"),
            ("print local", "usage: print VALUE"),
            ("mem 0 5000", "usage: mem VALUE [LEN]"),
            ("delete x", "usage: delete N"),
        ] {
            assert_eq!(Command::read(line), Err(error.to_owned()), "{line}");
        }
    }
}
