//! What can go wrong on the pipe, and the texts the reference prints for it.

use std::io;

use thiserror::Error;

/// Why a payload could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// Not what the marshalizer's grammar allows.
    #[error("{0}")]
    Syntax(&'static str),
    /// A value of another type, or out of range.
    #[error("expected {0}")]
    Type(&'static str),
    /// The payload ended early.
    #[error("unexpected end of input")]
    End,
    /// Something follows the message.
    #[error("trailing data after the message")]
    Trailing,
}

/// A payload that could not be read: what, where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("cannot decode{}{field} at byte {offset}: {problem}", if field.is_empty() { "" } else { " " })]
pub struct DecodeError {
    /// What is wrong.
    pub problem: Problem,
    /// How many bytes of the payload were read.
    pub offset: usize,
    /// The path of the field, outermost first; empty outside of one.
    pub field: String,
}

impl DecodeError {
    /// An error at `offset`.
    #[cold]
    pub fn new(problem: Problem, offset: usize) -> Self {
        Self {
            problem,
            offset,
            field: String::new(),
        }
    }

    /// The same, inside of `field`.
    #[cold]
    pub fn within(mut self, field: &str) -> Self {
        if self.field.is_empty() {
            self.field.push_str(field);
        } else {
            self.field = format!("{field}.{}", self.field);
        }
        self
    }
}

/// A record that an encoding has no way to write, because of a field.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("cannot express {record}: {field} {why}")]
pub struct Inexpressible {
    /// The record's name in Go.
    pub record: &'static str,
    /// The field's name in Go.
    pub field: &'static str,
    /// What is the matter with it.
    pub why: &'static str,
}

/// Why a message could not be sent or received.
#[derive(Debug, Error)]
pub enum WireError {
    /// The other side closed the pipe between messages.
    #[error("EOF")]
    Closed,
    /// The other side closed the pipe within a message.
    #[error("unexpected EOF")]
    Truncated,
    /// The pipe failed.
    #[error("{0}")]
    Io(#[source] io::Error),
    /// A frame longer than this side accepts; nothing was allocated for it.
    #[error("frame of {length} bytes, at most {limit} are accepted")]
    TooLong {
        /// The announced payload length, in bytes.
        length: u64,
        /// The most this side accepts, in bytes.
        limit: u64,
    },
    /// A kind that is no message.
    #[error("unknown message kind {0}")]
    UnknownKind(u32),
    /// A frame of one kind around a message of another.
    #[error("message kind {payload} in a frame of kind {frame}")]
    KindMismatch {
        /// The frame's kind.
        frame: u32,
        /// The message's kind.
        payload: u32,
    },
    /// A payload that is no message of its kind.
    #[error("{0}")]
    Decode(#[from] DecodeError),
    /// A message that the marshalizer has no way to write in this dialect.
    #[error("{0}")]
    Inexpressible(#[from] Inexpressible),
    /// A message out of order.
    #[error("critical error: invalid dialogue nonce")]
    Nonce {
        /// The nonce that was due.
        expected: u32,
        /// The nonce that came.
        actual: u32,
    },
}

impl WireError {
    /// Whether an error of sending means that nothing was written, and the channel is as before.
    pub fn is_unsent(&self) -> bool {
        matches!(self, Self::TooLong { .. } | Self::Inexpressible(_))
    }
}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            _ => Self::Io(error),
        }
    }
}

macro_rules! critical_texts {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// The reference's texts for broken dialogues; nodes and contracts can see them.
        pub mod critical {
            $($(#[$doc])* pub const $name: &str = concat!("critical error: ", $text);)*
        }
    };
}

critical_texts! {
    /// The node asked the child to stop.
    STOP = "arwen will stop, as requested";
    /// Neither a path, nor `./arwen`, nor `ARWEN_PATH` leads to a program.
    BINARY_NOT_FOUND = "arwen binary not found";
    /// The child used its time.
    TIME_EXPIRED = "arwen time expired";
    /// The child is gone.
    CLOSED = "arwen closed";
    /// The child sent something that is no question and no answer.
    BAD_MESSAGE_FROM_ARWEN = "bad message from arwen";
    /// A question to the node could not be sent.
    CANNOT_SEND_HOOK_CALL = "cannot send hook call request";
    /// An answer from the node could not be received.
    CANNOT_RECEIVE_HOOK_RESPONSE = "cannot receive hook call response";
    /// The node answered another question.
    BAD_HOOK_RESPONSE = "bad hook response from node";
}
