//! The manual of the protocol, printed from the tables.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use arwen_interface::MAX_OUTPUT_SIZE;

use crate::fds::{End, MAILBOX};
use crate::frame::MAX_PAYLOAD;
use crate::mailbox::LONGEST;
use crate::messages::Kind;
use crate::patience::{HOPE, PATIENCE, SELDOM};
use crate::records::Base;
use crate::wire::{Declared, Dialect, Field, RecordType, Type};

const INTRODUCTION: &str = "\
# The pipe protocol

Generated from `ipc-host/src/messages.rs` and its neighbours; do not edit.

A node starts `arwen` without arguments, writes one Initialize on the first pipe, and then asks: a request on one pipe, \
the reply on another. Until the reply comes, the child may ask the node in turn, one question at a time. The child \
changes nothing: a reply says what a run would change, and the node applies it. Between requests it keeps its prices, \
compiled code, up to 32 MiB of answers that a driver of this project sent ahead, and, where Initialize says \
`UseWarmInstance`, the instance of the contract that ran last.

A node in Rust uses `arwen_ipc_host::driver::Driver`, which does all of this. `arwen run` is an example of its use.
";

const FRAMES: &str = "\
A message is the length of its payload, its kind, and the payload; both numbers are 4 bytes, little-endian. The log \
pipes have no kind. A payload is JSON as Go's `encoding/json` writes it: bytes in base64, big integers as bare numbers, \
`null` for what is absent. Keys are matched in any case when the exact one is missing; unknown keys are ignored.

Initialize, always in JSON itself, chooses another encoding by number, for messages and for log lines: 1 is gob, Go's \
own. Each payload is a whole gob stream, definitions and one value. A reader goes by the definitions: it finds fields by \
name, skips those it does not know, and takes those that are missing for zero, so that absent and empty are the same. \
The fields that every message begins with are a struct `Message` here, and a record whose fields JSON writes in place \
of it is a field like others. Big integers are what `big.Int` writes: a byte 2, or 3 below zero, and the magnitude. \
BlockchainGetBuiltinFunctionNamesResponse does not exist in gob, which has no type for its map; the child never asks \
for it. Every other number is JSON; log profiles are JSON always.

A driver and a child of the same build speak a binary encoding, postcard's: fields in the order of the tables without \
names, and nothing in a payload that describes it. The driver, unless it is told otherwise, asks the version first, with a digest of its tables; a \
child with the same digest answers with it, and every message after that answer is binary. A peer that knows nothing \
of this ignores the field, and the dialogue stays in JSON.

Both directions share one counter per dialogue: the request has nonce 1, the first question 2, its answer 3, and so on. \
Initialize has nonce 0.
";

const ENDS: &str = "\
The child ends with code 1 when a pipe is missing, 2 when it cannot follow Initialize, 3 when the loop ends: the node \
asked it to stop, closed its pipe, or sent something that is no message. The reason is one line on stderr. An error of \
the VM, a refused gas schedule, an error of a hook or a panic in a run is answered, and the child goes on.

| variable | value | effect |
|---|---|---|
| `ARWEN_BUILTIN_FUNCTIONS` | `node` | built-in functions are asked of the node, with kinds 62 to 71; nodes of 2021 take those for the end of the dialogue, so by default the VM computes them itself |
| `ARWEN_TIER` | `interpreter`, `jit`, `tiered` | how contracts are run, by default `tiered`; no reply depends on it |

Another value of these is refused, with code 2. Half of the processors the child may use, 1 to 4, compile contracts in the \
background.

The driver finds the program where it is told, else at `./arwen`, else where `ARWEN_PATH` says. A child that dies, says \
something that is no message, or overruns the deadline of an operation is killed and reaped; the operation fails with a \
clear error, nothing is applied, and the next operation starts another child.

The driver can also stop a run and keep the child. It sends `{\"InterruptDialogue\":N}` on descriptor 6, where N counts \
the requests since the child started, from 1; another number stops nothing. The contract stops at its next check of gas \
(and a DiagnoseWait at once), and the reply reports the error `execution interrupted`, without an output. A child of 2021 ignores the order. Nothing it sends on descriptor 6 is longer than 4096 bytes, which a pipe takes whole or not at all.
";

/// `docs/ipc.md`. A test compares it with the committed file.
pub fn manual() -> String {
    let mut text = INTRODUCTION.to_owned();
    text.push_str("\n## Pipes\n\n| descriptor | name | purpose |\n|---|---|---|\n");
    for end in End::ALL {
        line(
            &mut text,
            format_args!("| {} | `{}` | {} |", end as u32, end.name(), end.doc()),
        );
    }
    text.push_str("\n## Frames\n\n");
    text.push_str(FRAMES);
    line(
        &mut text,
        format_args!(
            "\nPayloads of more than {} MiB are refused, before memory is allocated. An output of more than {} MiB, as \
             `VmOutput::decoded_size` counts, is an error of the VM, in process as over the pipe: whatever fits that fits a \
             payload, in every encoding.",
            MAX_PAYLOAD >> 20,
            MAX_OUTPUT_SIZE >> 20,
        ),
    );
    line(
        &mut text,
        format_args!(
            "\nA driver and a child that wait for a message look for it for up to {} µs before they sleep, unless there is but \
             one processor. After {HOPE} waits in vain they sleep at once, and look once in {SELDOM} waits: when both sides \
             share a processor, or an answer takes longer, looking would only keep the other side waiting.",
            PATIENCE.as_micros()
        ),
    );
    line(
        &mut text,
        format_args!(
            "\nA driver that means to speak binary shares memory with its child, which finds it under descriptor {MAILBOX} and \
             closes that once it has mapped it: a `memfd` that is sealed, so that neither side can take it from the other. When \
             they have agreed on binary, a frame of up to {} KiB goes there instead of the pipe whenever the other side is just \
             looking for it, without a system call. Whoever looks says so before it sends what it wants an answer to; whoever \
             has looked in vain says so and sleeps on the pipe. A child that does not know of the memory never uses it.",
            LONGEST >> 10
        ),
    );
    text.push_str("\n## Starting and ending\n\n");
    text.push_str(ENDS);
    text.push_str("\n## Messages\n\nEvery message begins with these fields.\n\n");
    let mut records = BTreeMap::new();
    fields(&mut text, &Base::TABLE, &mut records);
    for kind in Kind::ALL {
        line(
            &mut text,
            format_args!("\n### {} {}\n", *kind as u32, kind.name()),
        );
        let doc = kind.doc();
        match kind.reply() {
            Some(reply) => line(&mut text, format_args!("{doc} Answered by {}.", reply as u32)),
            None => line(&mut text, format_args!("{doc}")),
        }
        if !kind.table().fields.is_empty() {
            text.push('\n');
            fields(&mut text, kind.table(), &mut records);
        }
    }
    text.push_str("\n## Records\n");
    let mut printed: Vec<&str> = Vec::new();
    while let Some((name, table)) = records.iter().find(|(name, _)| !printed.contains(name)) {
        let (name, table) = (*name, *table);
        printed.push(name);
        line(&mut text, format_args!("\n### {name}\n"));
        fields(&mut text, table, &mut records);
    }
    text
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{arguments}");
}

/// The fields of a record; the records they are made of are put on the list.
fn fields(text: &mut String, table: &RecordType, records: &mut BTreeMap<&'static str, &'static RecordType>) {
    text.push_str("| field | type | |\n|---|---|---|\n");
    for field in table.fields {
        let ty = type_name(field.ty, records);
        line(
            text,
            format_args!("| `{}` | {ty} | {} |", field.json, note(field)),
        );
    }
}

fn note(field: &Field) -> &'static str {
    match field.dialect {
        _ if field.embedded => "its fields stand in place of it",
        Some(Dialect::Current) => "not in the older dialect",
        Some(Dialect::Legacy) => "only in the older dialect",
        None if field.own => "left out when 0; only between a driver and a child of this project",
        None => "",
    }
}

fn type_name(ty: Type, records: &mut BTreeMap<&'static str, &'static RecordType>) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::Int => "signed number".to_owned(),
        Type::Uint => "number".to_owned(),
        Type::Text => "text".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::MaybeBytes => "bytes or null".to_owned(),
        Type::Big => "big integer".to_owned(),
        Type::List(item) => format!("list of {}", type_name(*item, records)),
        Type::Map(item) => format!("map of {}", type_name(*item, records)),
        Type::Record(table) | Type::Pointer(table) => {
            records.insert(table.go, table);
            let absent = if matches!(ty, Type::Pointer(_)) {
                " or null"
            } else {
                ""
            };
            format!("[{0}](#{1}){absent}", table.go, table.go.to_ascii_lowercase())
        }
        Type::Interface => "`{}` or null".to_owned(),
    }
}
