//! One side of the dialogue: numbered messages over a reader and a writer.

use std::io::{self, Read, Write};

use crate::error::WireError;
use crate::frame::{
    MAX_PAYLOAD, MESSAGE_HEADER, read_message, read_message_into, write_in_place, write_message,
};
use crate::json;
use crate::marshalizer::Marshalizer;
use crate::messages::{Body, Initialize, Kind, Message};
use crate::records::{Base, InitializeArguments};
use crate::wire::{Dialect, Record};

/// The largest buffer that is kept between two messages, in bytes.
const KEPT: usize = 64 << 10;

/// A message that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// What it says.
    pub body: Body,
    /// The error it reports; empty when none.
    pub error: String,
    /// The dialect it gave away, if it did.
    pub dialect: Option<Dialect>,
}

/// Sends and receives numbered messages.
///
/// Both directions share one counter: a request is 1, the first question about it 2, its answer 3, and so on. The
/// child counts anew after each final reply, the node after each dialogue.
#[derive(Debug)]
pub struct Channel<T> {
    transport: T,
    nonce: u32,
    /// The last frame that was written, or the last payload that was read.
    buffer: Vec<u8>,
    /// The encoding both sides use.
    pub marshalizer: Marshalizer,
    /// The message shapes that the other side understands.
    pub dialect: Dialect,
    /// The largest payload that is sent or accepted, in bytes.
    pub limit: u32,
}

/// A transport made of two ends.
#[derive(Debug)]
pub struct Pair<R, W> {
    /// What the other side wrote.
    pub reader: R,
    /// What the other side will read.
    pub writer: W,
}

impl<R: Read, W> Read for Pair<R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl<R, W: Write> Write for Pair<R, W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.writer.write(buffer)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl<T: Read + Write> Channel<T> {
    /// A channel at the start of a dialogue.
    pub fn new(transport: T) -> Self {
        Self {
            transport,
            nonce: 0,
            buffer: Vec::new(),
            marshalizer: Marshalizer::default(),
            dialect: Dialect::default(),
            limit: MAX_PAYLOAD,
        }
    }

    /// Starts the next dialogue.
    pub fn reset(&mut self) {
        self.nonce = 0;
    }

    /// What the messages travel over.
    pub fn transport(&mut self) -> &mut T {
        &mut self.transport
    }

    /// The end of the channel.
    pub fn into_transport(self) -> T {
        self.transport
    }

    /// Sends `message`, reporting `error` when it is not empty.
    ///
    /// # Errors
    /// The message is too long or has no place in the encoding, and then nothing was sent and the channel is as before;
    /// or the pipe failed.
    pub fn send<M: Message>(&mut self, message: &M, error: &str) -> Result<(), WireError> {
        self.send_record(M::KIND, message, error)
    }

    /// Sends a message of a kind known only now.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_body(&mut self, body: &Body, error: &str) -> Result<(), WireError> {
        self.send_record(body.kind(), body.record(), error)
    }

    /// Sends a message of which only the fields are known.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub(crate) fn send_record(
        &mut self,
        kind: Kind,
        message: &dyn Record,
        error: &str,
    ) -> Result<(), WireError> {
        let base = Base {
            nonce: self.nonce.wrapping_add(1),
            kind: kind as u32,
            error: error.to_owned(),
        };
        self.buffer.clear();
        self.buffer.resize(MESSAGE_HEADER, 0);
        self.marshalizer
            .encode_into(&mut self.buffer, &base, message, self.dialect)?;
        write_in_place(&mut self.transport, base.kind, &mut self.buffer, self.limit)?;
        self.nonce = base.nonce;
        self.tidy();
        Ok(())
    }

    /// Keeps the buffer for the next message, unless it is uncommonly large.
    fn tidy(&mut self) {
        self.buffer.clear();
        self.buffer.shrink_to(KEPT);
    }

    /// Waits for the next message.
    ///
    /// # Errors
    /// The pipe ended or failed; the message is too long, of no known kind, broken, or out of order.
    pub fn receive(&mut self) -> Result<Received, WireError> {
        let kind = read_message_into(&mut self.buffer, &mut self.transport, self.limit)?;
        let (base, body, dialect) = read_payload(self.marshalizer, kind, &self.buffer)?;
        self.tidy();
        let expected = self.nonce.wrapping_add(1);
        if base.nonce != expected {
            return Err(WireError::Nonce {
                expected,
                actual: base.nonce,
            });
        }
        self.nonce = expected;
        Ok(Received {
            body,
            error: base.error,
            dialect,
        })
    }
}

fn read_payload(
    marshalizer: Marshalizer,
    kind: u32,
    payload: &[u8],
) -> Result<(Base, Body, Option<Dialect>), WireError> {
    let known = |number| match Kind::from_number(number) {
        None | Some(Kind::FirstKind | Kind::LastKind) => Err(WireError::UnknownKind(number)),
        Some(kind) => Ok(kind),
    };
    let expected = known(kind)?;
    let mut body = Body::empty(expected);
    let mut base = Base {
        kind,
        ..Base::default()
    };
    let dialect = marshalizer
        .decode(payload, &mut base, body.record_mut())
        .map_err(|error| error.within(expected.name()))?;
    // The reference chooses the fields by the frame and the handler by the payload, and dies when they differ.
    known(base.kind)?;
    if base.kind != kind {
        return Err(WireError::KindMismatch {
            frame: kind,
            payload: base.kind,
        });
    }
    Ok((base, body, dialect))
}

/// Sends the message that starts a child. It is no part of a dialogue, and always JSON.
///
/// # Errors
/// The message is too long, or the pipe failed.
pub fn send_initialize(
    writer: &mut impl Write,
    arguments: InitializeArguments,
    dialect: Dialect,
) -> Result<(), WireError> {
    let base = Base {
        nonce: 0,
        kind: Kind::Initialize as u32,
        error: String::new(),
    };
    let payload = json::encode(&[&base, &Initialize { arguments }], dialect)?;
    write_message(writer, base.kind, &payload, MAX_PAYLOAD)
}

/// Reads the message that starts a child, and in which dialect the node wrote it.
///
/// # Errors
/// The pipe ended or failed, or something else came.
pub fn receive_initialize(reader: &mut impl Read) -> Result<(InitializeArguments, Dialect), WireError> {
    let (kind, payload) = read_message(reader, MAX_PAYLOAD)?;
    match read_payload(Marshalizer::Json, kind, &payload)? {
        (_, Body::Initialize(Initialize { arguments }), dialect) => {
            Ok((arguments, dialect.unwrap_or_default()))
        }
        (base, ..) => Err(WireError::UnknownKind(base.kind)),
    }
}
