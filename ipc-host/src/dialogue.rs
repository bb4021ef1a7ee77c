//! One dialogue, seen from the node: a request, questions, a reply.

use std::io::{self, Read, Write};

use arwen_interface::BlockchainHook;

use crate::binary;
use crate::channel::{Channel, Received};
use crate::error::{WireError, critical};
use crate::interrupt::Orders;
use crate::marshalizer::Marshalizer;
use crate::messages::{Body, ContractResponse, Kind, Message, Request, VersionRequest};
use crate::node::answer;
use crate::outgoing::{RunInput, RunRequest};
use crate::process::Process;
use crate::wire::Record;

/// Why a dialogue was cut short.
pub(crate) enum Broken {
    /// The child closed its pipes.
    Closed,
    /// The deadline has passed.
    TimeExpired,
    /// The child said something that makes no sense.
    BadMessage(String),
    /// The request was not sent, and the child is as before.
    Unsent(WireError),
}

impl From<WireError> for Broken {
    fn from(error: WireError) -> Self {
        match error {
            WireError::Io(error) if error.kind() == io::ErrorKind::TimedOut => Self::TimeExpired,
            WireError::Closed | WireError::Truncated | WireError::Io(_) => Self::Closed,
            error => Self::BadMessage(error.to_string()),
        }
    }
}

/// Who answers the child's questions.
pub(crate) struct Answering<'a> {
    /// The node.
    pub hook: &'a mut dyn BlockchainHook,
    /// Whether it computes built-in functions.
    pub delegated: bool,
    /// Hears each question before it is answered.
    pub asked: &'a mut dyn FnMut(&Body),
}

/// Asks the version, and goes on in binary if the child has the same tables. A stranger does not know the question's
/// field, and the dialogue stays in JSON.
pub(crate) fn agree_on_binary(channel: &mut Channel<Process>, orders: &Orders) -> Result<(), Broken> {
    let binary_tables = binary::fingerprint();
    let (reply, _) = dialogue(channel, orders, &VersionRequest { binary_tables })?;
    if reply.binary_tables == binary_tables {
        channel.marshalizer = Marshalizer::Binary;
        channel.transport().share_memory();
    }
    Ok(())
}

/// Sends `request`, and returns the reply and the error it reports.
pub(crate) fn dialogue<Q: Request>(
    channel: &mut Channel<Process>,
    orders: &Orders,
    request: &Q,
) -> Result<(Q::Reply, String), Broken> {
    over(channel, Q::KIND, request, None, || orders.sent())
}

/// Sends a request to run something, has questions answered, and returns the reply and the error it reports.
pub(crate) fn run<I: RunInput>(
    channel: &mut Channel<Process>,
    orders: &Orders,
    request: &RunRequest<'_, I>,
    answering: Answering<'_>,
) -> Result<(ContractResponse, String), Broken> {
    let kind = RunRequest::<I>::KIND;
    over(channel, kind, request, Some(answering), || orders.sent())
}

/// A dialogue over any transport, for those who reach a child in another way than
/// [`Driver`](crate::driver::Driver) does: sends `request`, has `hook` answer the questions, and returns the reply and
/// the error it reports. There is no deadline but the transport's.
///
/// # Errors
/// The other side is gone, too slow, or said something that is no answer and no question, in words.
pub fn converse<T: Read + Write, Q: Request>(
    channel: &mut Channel<T>,
    request: &Q,
    hook: Option<&mut dyn BlockchainHook>,
    delegated: bool,
) -> Result<(Q::Reply, String), String> {
    let mut asked = |_: &Body| ();
    let answering = hook.map(|hook| Answering {
        hook,
        delegated,
        asked: &mut asked,
    });
    over(channel, Q::KIND, request, answering, || ()).map_err(|broken| match broken {
        Broken::Closed => critical::CLOSED.to_owned(),
        Broken::TimeExpired => critical::TIME_EXPIRED.to_owned(),
        Broken::BadMessage(text) => text,
        Broken::Unsent(error) => error.to_string(),
    })
}

fn over<T: Read + Write, R: Message>(
    channel: &mut Channel<T>,
    kind: Kind,
    request: &dyn Record,
    mut answering: Option<Answering<'_>>,
    sent: impl FnOnce(),
) -> Result<(R, String), Broken> {
    channel.reset();
    match channel.send_record(kind, request, "") {
        Err(error) if error.is_unsent() => return Err(Broken::Unsent(error)),
        result => result?,
    }
    sent();
    loop {
        let Received { body, error, .. } = channel.receive()?;
        let kind = body.kind();
        if kind == R::KIND {
            return match R::from_body(body) {
                Some(reply) => Ok((reply, error)),
                None => Err(Broken::BadMessage(kind.to_string())),
            };
        }
        let answer = answering.as_mut().and_then(|answering| {
            (answering.asked)(&body);
            answer(answering.hook, &body, answering.delegated)
        });
        let Some((reply, error)) = answer else {
            return Err(Broken::BadMessage(kind.to_string()));
        };
        match channel.send_body(&reply, &error) {
            // The child must get some answer to go on.
            Err(unsent) if unsent.is_unsent() => {
                channel.send_body(&Body::empty(reply.kind()), &unsent.to_string())?;
            }
            result => result?,
        }
    }
}
