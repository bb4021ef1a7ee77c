//! What can be seen of a run, in words that any engine can write.

use arwen_engine::{Trap, Value};

use super::inputs::fingerprint;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What.
    pub text: String,
    /// The trap that it was, if it was one.
    pub trap: Option<Trap>,
    /// Bytes of memory that a host function saw, where the engine shows it one.
    pub memory: Option<usize>,
    /// Gas used when it happened; 0 where gas is not counted.
    pub gas: u64,
}

impl Event {
    /// A call of a host function, with raw slots.
    pub fn host_call(name: &str, args: &[u64], results: &[u64], memory: Option<usize>, gas: u64) -> Self {
        Self {
            text: format!("host {name}{args:x?} = {results:x?}"),
            trap: None,
            memory,
            gas,
        }
    }

    /// A call of an export that is over.
    pub fn returned(name: &str, args: &[Value], done: Result<Vec<String>, Trap>, gas: u64) -> Self {
        let args: Vec<String> = args.iter().map(show).collect();
        let args = args.join(", ");
        match done {
            Ok(results) => Self {
                text: format!("{name}({args}) = ({})", results.join(", ")),
                trap: None,
                memory: None,
                gas,
            },
            Err(trap) => Self {
                text: format!("{name}({args}) traps"),
                trap: Some(trap),
                memory: None,
                gas,
            },
        }
    }

    /// Of segments that do not fit, which one is met first is up to the ruleset.
    pub fn forget_which_segment(&mut self) {
        let at_instantiation = self.text == Self::not_instantiated(Ok(Trap::TableOutOfBounds), 0).text;
        if at_instantiation && self.trap == Some(Trap::MemoryOutOfBounds) {
            self.trap = Some(Trap::TableOutOfBounds);
        }
    }

    /// A module that did not become an instance: for a trap, or for the reason given.
    pub fn not_instantiated(why: Result<Trap, String>, gas: u64) -> Self {
        let reason = why.as_ref().map_or_else(String::as_str, |_| "trap");
        Self {
            text: format!("does not instantiate: {reason}"),
            trap: why.ok(),
            memory: None,
            gas,
        }
    }
}

/// A run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observation {
    /// Host calls, results and traps, in order.
    pub events: Vec<Event>,
    /// Memory, globals and tables at the end.
    pub state: Vec<String>,
    /// Gas used in the end.
    pub gas: u64,
}

impl Observation {
    /// The traps of everything that trapped, in order.
    pub fn traps(&self) -> impl Iterator<Item = Trap> {
        self.events.iter().filter_map(|event| event.trap)
    }

    /// The first thing in which two runs differ.
    pub fn difference(&self, other: &Self) -> Option<String> {
        first_difference(&self.events, &other.events)
            .or_else(|| first_difference(&self.state, &other.state))
            .or_else(|| (self != other).then(|| format!("{} gas against {}", self.gas, other.gas)))
    }
}

/// The first place where two lists differ, in words.
pub fn first_difference<T: PartialEq + std::fmt::Debug>(a: &[T], b: &[T]) -> Option<String> {
    if let Some((a, b)) = a.iter().zip(b).find(|(a, b)| a != b) {
        return Some(format!("{a:?} against {b:?}"));
    }
    (a.len() != b.len()).then(|| {
        let longer = if a.len() > b.len() { a } else { b };
        let next = &longer[a.len().min(b.len())];
        format!("{} entries against {}, the next is {next:?}", a.len(), b.len())
    })
}

/// A memory at the end.
pub fn memory(name: &str, bytes: &[u8]) -> String {
    format!("memory {name}: {} bytes, {:x}", bytes.len(), fingerprint(bytes))
}

/// A global at the end, its value as [`show`] has it.
pub fn global(name: &str, value: &str) -> String {
    format!("global {name}: {value}")
}

/// A table at the end.
pub fn table(name: &str, items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    format!("table {name}: {}", items.join(" "))
}

/// Any reference to a function: which one cannot be said across engines.
pub const FUNCTION: &str = "function";

/// A value.
pub fn show(value: &Value) -> String {
    match value {
        Value::I32(value) => format!("{value}"),
        Value::I64(value) => format!("{value}L"),
        Value::F32(bits) => format!("{bits:#x}"),
        Value::F64(bits) => format!("{bits:#x}L"),
        Value::FuncRef(None) | Value::ExternRef(None) => "null".to_owned(),
        Value::FuncRef(Some(_)) => FUNCTION.to_owned(),
        Value::ExternRef(Some(value)) => format!("extern {value}"),
    }
}
