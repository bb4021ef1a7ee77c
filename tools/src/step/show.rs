//! What the stepper shows.

use std::fmt::Write as _;

use arwen_engine::Step;
use arwen_scenario::expr::{Hint, reconstruct};

use super::command::Value;
use super::stepper::{Call, JournalEntry, Stepper};
use crate::profile::units;
use crate::record::CodePlace;

/// Operands shown beside an operator.
const OPERANDS_SHOWN: usize = 8;

/// Operands and locals listed.
const MAX_LISTED: usize = 100;

/// Functions listed of one call; a stack that has run full has thousands.
const MAX_FRAMES: usize = 50;

/// Bytes in a line of memory.
const LINE: u64 = 16;

/// Where the run is.
pub(super) fn here(stepper: &Stepper<'_>, step: &Step<'_>, number: u64) -> String {
    let mut text = format!("#{number} ");
    if let Some(call) = stepper.calls.last() {
        if stepper.calls.len() > 1 {
            text += &format!("{}: ", contract(call));
        }
        text += &place(stepper, call, step.place.into());
    }
    let operator = stepper
        .calls
        .last()
        .and_then(|call| stepper.codes.get(call.code?));
    let operator = operator.map_or_else(String::new, |code| code.operator(step.place.offset));
    let shown: Vec<String> = step
        .operands
        .iter()
        .rev()
        .take(OPERANDS_SHOWN)
        .map(u64::to_string)
        .collect();
    let more = match step.operands.len() > OPERANDS_SHOWN {
        true => " …",
        false => "",
    };
    // Writing to a string cannot fail.
    let _ = write!(text, "\n  {operator:<32} gas {}", units(step.used.into()));
    if !shown.is_empty() {
        let _ = write!(text, "  stack {}{more}", shown.join(" "));
    }
    text + "\n"
}

fn place(stepper: &Stepper<'_>, call: &Call, place: CodePlace) -> String {
    match call.code.and_then(|code| stepper.codes.get(code)) {
        Some(code) => code.place(place).to_string(),
        None => format!("function {} at {:#x}", place.function, place.offset),
    }
}

fn contract(call: &Call) -> String {
    match call.address.is_empty() {
        true => "deployment".to_owned(),
        false => reconstruct(&call.address, Hint::Address),
    }
}

/// The functions and calls under way.
pub(super) fn stack_of_calls(stepper: &Stepper<'_>) -> String {
    let mut text = String::new();
    for call in stepper.calls.iter().rev() {
        for frame in call.frames.iter().rev().take(MAX_FRAMES) {
            text += &format!("  {}\n", place(stepper, call, *frame));
        }
        if let Some(more) = call.frames.len().checked_sub(MAX_FRAMES).filter(|more| *more > 0) {
            text += &format!("  and {more} more functions\n");
        }
        let function = String::from_utf8_lossy(&call.function);
        text += &format!("in {}: {function}\n", contract(call));
    }
    text
}

/// Gas of the contract that runs.
pub(super) fn gas(stepper: &Stepper<'_>, step: &Step<'_>) -> String {
    let provided = stepper.calls.last().map_or(0, |call| call.gas_provided);
    let (used, provided) = (units(step.used.into()), units(provided.into()));
    format!("{used} used by this contract since it was loaded; its call may use {provided}\n")
}

/// A slot as a number, and how else it may be meant.
fn slot(value: u64) -> String {
    let mut text = format!("{value} ({value:#x}");
    let signed = match u32::try_from(value) {
        Ok(word) => i64::from(word.cast_signed()),
        Err(_) => value.cast_signed(),
    };
    if signed < 0 {
        let _ = write!(text, ", {signed}");
    }
    text + ")"
}

/// The number that is meant, if there is one.
fn number(value: Value, step: &Step<'_>) -> Option<u64> {
    let index = |index: u64| usize::try_from(index).ok();
    match value {
        Value::Number(number) => Some(number),
        Value::Gas => Some(step.used),
        Value::Local(local) => step.locals.get(index(local)?).copied(),
        Value::Global(global) => step.global(u32::try_from(global).ok()?),
        Value::Stack(depth) => step.operands.iter().rev().nth(index(depth)?).copied(),
    }
}

const NO_VALUE: &str = "there is no such value here\n";

pub(super) fn value(value: Value, step: &Step<'_>) -> String {
    number(value, step).map_or_else(|| NO_VALUE.to_owned(), |value| slot(value) + "\n")
}

pub(super) fn stack(step: &Step<'_>) -> String {
    list(step.operands.iter().rev(), "the stack is empty\n")
}

pub(super) fn locals(step: &Step<'_>) -> String {
    list(step.locals.iter(), "this function has no locals\n")
}

fn list<'s>(slots: impl ExactSizeIterator<Item = &'s u64>, none: &str) -> String {
    let count = slots.len();
    if count == 0 {
        return none.to_owned();
    }
    let line = |(index, value): (usize, &u64)| format!("{index:>4}  {}\n", slot(*value));
    let mut text: String = slots.enumerate().take(MAX_LISTED).map(line).collect();
    if count > MAX_LISTED {
        let _ = writeln!(text, "  and {} more", count - MAX_LISTED);
    }
    text
}

/// A window of the memory, in lines of 16 bytes.
pub(super) fn memory(at: Value, len: u64, step: &Step<'_>) -> String {
    let Some(start) = number(at, step) else {
        return NO_VALUE.to_owned();
    };
    let memory = step.memory();
    let size = memory.len() as u64;
    if start >= size {
        return format!("the memory ends at {size:#x}\n");
    }
    let end = start.saturating_add(len).min(size);
    let mut text = String::new();
    for line in (start..end).step_by(LINE as usize) {
        // Within the memory, so within what can be indexed.
        let bytes = &memory[line as usize..end.min(line + LINE) as usize];
        let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let plain = |byte: &u8| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        };
        let plain: String = bytes.iter().map(plain).collect();
        let _ = writeln!(text, "{line:#08x}  {:<47}  {plain}", hex.join(" "));
    }
    text
}

/// What has been read and written.
pub(super) fn storage(journal: &[JournalEntry]) -> String {
    if journal.is_empty() {
        return "nothing has been read or written\n".to_owned();
    }
    let show = |value: &[u8]| match value.is_empty() {
        true => "nothing".to_owned(),
        false => reconstruct(value, Hint::None),
    };
    let mut text = String::new();
    for entry in journal {
        let account = reconstruct(&entry.account, Hint::Address);
        let (key, before) = (show(&entry.key), show(&entry.before));
        let line = match &entry.after {
            None => format!("read   {account}  {key}: {before}"),
            Some(after) => format!("write  {account}  {key}: {before} -> {}", show(after)),
        };
        let undone = match entry.undone {
            true => "  (undone: its call failed)",
            false => "",
        };
        let _ = writeln!(text, "{line}{undone}");
    }
    text
}
