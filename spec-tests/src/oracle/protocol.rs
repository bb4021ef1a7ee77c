//! The pipe protocol, each side against whatever the other one may send.
//!
//! The first byte of an input says in which encoding and how; the others are what comes through the pipe.

use arwen_eei::{GasBreakdown, Interrupt};
use arwen_interface::{BlockchainHook, CallInput, CreateInput, VmInput, VmOutput};
use arwen_ipc_child::interrupt::Interrupts;
use arwen_ipc_child::logger::Logger;
use arwen_ipc_child::machine::Machine;
use arwen_ipc_child::serve::serve;
use arwen_ipc_host::binary;
use arwen_ipc_host::channel::{Channel, Pair};
use arwen_ipc_host::dialogue::converse;
use arwen_ipc_host::frame::{MAX_PAYLOAD, read_message, write_message};
use arwen_ipc_host::marshalizer::Marshalizer;
use arwen_ipc_host::messages::*;
use arwen_ipc_host::records::{Base, GasSchedule};
use arwen_ipc_host::wire::Dialect;
use arwen_scenario::{Account, World};

use super::Verdict;

/// The account that seeds call from and ask about.
const ADDRESS: [u8; 32] = [1; 32];

/// A channel that reads from an input and writes to memory.
type Memory<'a> = Channel<Pair<&'a [u8], Vec<u8>>>;

/// How an input is read.
#[derive(Clone, Copy)]
struct How {
    marshalizer: Marshalizer,
    dialect: Dialect,
    /// Built-in functions are the node's.
    delegate: bool,
    /// The node asks for a deployment, a call, or something else.
    request: u8,
}

impl How {
    /// The first byte, and the rest. None without bytes.
    fn of(data: &[u8]) -> Option<(Self, &[u8])> {
        let (byte, rest) = data.split_first()?;
        let marshalizer = Marshalizer::ALL[usize::from(byte % 3)];
        let dialect = if byte / 3 % 2 == 0 {
            Dialect::Current
        } else {
            Dialect::Legacy
        };
        let how = Self {
            marshalizer,
            dialect,
            delegate: byte / 6 % 2 == 1,
            request: byte / 12 % 4,
        };
        Some((how, rest))
    }

    fn byte(self) -> u8 {
        let marshalizer = Marshalizer::ALL
            .iter()
            .position(|m| *m == self.marshalizer)
            .unwrap_or(0) as u8;
        marshalizer
            + 3 * u8::from(self.dialect == Dialect::Legacy)
            + 6 * u8::from(self.delegate)
            + 12 * self.request
    }

    fn channel<'a>(&self, input: &'a [u8]) -> Memory<'a> {
        let mut channel = Channel::new(Pair {
            reader: input,
            writer: Vec::new(),
        });
        channel.marshalizer = self.marshalizer;
        channel.dialect = self.dialect;
        channel
    }

    /// Appends a message to a stream.
    fn write(self, stream: &mut Vec<u8>, nonce: u32, body: &Body) {
        let kind = body.kind() as u32;
        let base = Base {
            nonce,
            kind,
            error: String::new(),
        };
        // What an encoding cannot express is no seed; and writing to memory does not fail.
        if let Ok(payload) = self.marshalizer.encode(&base, body.record(), self.dialect) {
            let _ = write_message(stream, kind, &payload, MAX_PAYLOAD);
        }
    }
}

/// A question by its kind, and how it is asked.
type Question = (Kind, fn(&mut dyn BlockchainHook, &CallInput));

/// Questions of every shape, by the letters of the function that is called.
const QUESTIONS: &[Question] = &[
    (Kind::BlockchainCurrentEpochRequest, |hook, _| {
        hook.current_epoch();
    }),
    (Kind::BlockchainGetStorageDataRequest, |hook, input| {
        drop(hook.storage_data(&input.recipient, b"key"))
    }),
    (Kind::BlockchainGetUserAccountRequest, |hook, input| {
        drop(hook.user_account(&input.recipient))
    }),
    (Kind::BlockchainNewAddressRequest, |hook, input| {
        drop(hook.new_address(&input.recipient, 1, &[5, 0]))
    }),
    (Kind::BlockchainGetESDTTokenRequest, |hook, input| {
        drop(hook.esdt_token(&input.recipient, b"T", 1))
    }),
    (Kind::BlockchainGetAllStateRequest, |hook, input| {
        drop(hook.all_state(&input.recipient))
    }),
    (Kind::BlockchainIsPayableRequest, |hook, input| {
        drop(hook.is_payable(&input.recipient))
    }),
    (Kind::BlockchainCurrentRandomSeedRequest, |hook, _| {
        drop(hook.current_random_seed())
    }),
    (Kind::BlockchainGetCompiledCodeRequest, |hook, input| {
        drop(hook.compiled_code(&input.recipient))
    }),
    (Kind::BlockchainProcessBuiltInFunctionRequest, |hook, input| {
        drop(hook.process_builtin_function(input))
    }),
];

/// A VM that asks what the function's letters say, and counts how often the loop thought that it had panicked.
#[derive(Default)]
struct Asker {
    interrupt: Interrupt,
    panics: u32,
}

impl Machine for Asker {
    fn create(&mut self, hook: &mut dyn BlockchainHook, input: &CreateInput) -> Result<VmOutput, String> {
        let call = CallInput {
            vm_input: input.vm_input.clone(),
            function: "a".into(),
            ..CallInput::default()
        };
        self.call(hook, &call)
    }

    fn call(&mut self, hook: &mut dyn BlockchainHook, input: &CallInput) -> Result<VmOutput, String> {
        for letter in input.function.bytes().take(64) {
            if self.interrupt.is_raised() {
                return Err("interrupted".into());
            }
            let (_, ask) = QUESTIONS[usize::from(letter) % QUESTIONS.len()];
            ask(hook, input);
        }
        Ok(VmOutput {
            return_data: input.vm_input.arguments.clone(),
            ..VmOutput::default()
        })
    }

    fn set_schedule(&mut self, schedule: &GasSchedule) -> Result<Vec<String>, String> {
        if schedule.is_empty() {
            Err("no prices".into())
        } else {
            Ok(schedule.keys().cloned().collect())
        }
    }

    fn recover(&mut self) -> Result<(), String> {
        self.panics += 1;
        Ok(())
    }

    fn give_back(&mut self) {}

    fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    fn last_run_gas(&self) -> Option<GasBreakdown> {
        None
    }
}

/// Whatever a node sends, the child's loop ends without a panic, and everything it has sent is a message that a node
/// understands: a question it may ask, or a reply.
///
/// # Errors
/// What is wrong, in words.
pub fn protocol_child(data: &[u8]) -> Verdict {
    let Some((how, stream)) = How::of(data) else {
        return Ok(());
    };
    if asks_to_wait(stream) {
        return Ok(());
    }
    let mut channel = how.channel(stream);
    let mut machine = Asker::default();
    // The loop ends with the input.
    let _ = serve(
        &mut channel,
        &mut machine,
        how.delegate,
        "oracle",
        &Logger::silent(),
        &Interrupts::default(),
    );
    if machine.panics > 0 {
        return Err(format!("{} panics", machine.panics));
    }
    let written = channel.into_transport().writer;
    let may_come = |kind: Kind| {
        let number = kind as u32;
        let question = number.is_multiple_of(2) && (8..=57).contains(&number);
        let delegated = how.delegate && number.is_multiple_of(2) && (62..=70).contains(&number);
        question || delegated || matches!(number, 5 | 7 | 59 | 61 | 72)
    };
    let mut encoding = how.marshalizer;
    let mut left = &written[..];
    while !left.is_empty() {
        let (body, _) = take(&mut left, encoding)?;
        if !may_come(body.kind()) {
            return Err(format!("the child sent {}", body.kind()));
        }
        if let Body::VersionResponse(VersionResponse { binary_tables, .. }) = body
            && binary_tables == binary::fingerprint()
        {
            encoding = Marshalizer::Binary;
        }
    }
    Ok(())
}

/// Whatever a child sends, a node's side of a dialogue ends without a panic; it has sent its request and answers to
/// questions, nothing else; and its state is what it was.
///
/// # Errors
/// What is wrong, in words.
pub fn protocol_driver(data: &[u8]) -> Verdict {
    let Some((how, stream)) = How::of(data) else {
        return Ok(());
    };
    let mut world = World::new();
    world.put(ADDRESS, Account::with_balance(5));
    let before = world.accounts.clone();
    let mut channel = how.channel(stream);
    let asked = match how.request {
        0 => ask(&mut channel, &request(""), Some(&mut world), how),
        1 => {
            let create_input = Some(CreateInput::default());
            ask(
                &mut channel,
                &ContractDeployRequest {
                    create_input,
                    ..ContractDeployRequest::default()
                },
                Some(&mut world),
                how,
            )
        }
        2 => ask(&mut channel, &VersionRequest::default(), None, how),
        _ => ask(&mut channel, &GasScheduleChangeRequest::default(), None, how),
    };
    if world.accounts != before {
        return Err("the state has changed".into());
    }
    let written = channel.into_transport().writer;
    let mut left = &written[..];
    let mut due = 1;
    while !left.is_empty() {
        let (body, nonce) = take(&mut left, how.marshalizer)?;
        let kind = body.kind();
        let answers = how.request < 2 && (kind as u32 % 2 == 1 || kind == Kind::UndefinedRequestOrResponse);
        let fits = if due == 1 { kind == asked } else { answers };
        if nonce != due || !fits {
            return Err(format!("the node sent {kind} as number {nonce}, {due} was due"));
        }
        due += 2;
    }
    Ok(())
}

/// Has a dialogue, whatever comes of it; returns what was asked.
fn ask<Q: Request>(
    channel: &mut Memory<'_>,
    request: &Q,
    hook: Option<&mut dyn BlockchainHook>,
    how: How,
) -> Kind {
    // Every end is right but a panic.
    let _ = converse(channel, request, hook, how.delegate);
    Q::KIND
}

/// Takes a message off the front.
fn take(left: &mut &[u8], encoding: Marshalizer) -> Result<(Body, u32), String> {
    let (kind, payload) =
        read_message(left, MAX_PAYLOAD).map_err(|error| format!("what was sent: {error}"))?;
    let known = Kind::from_number(kind).ok_or_else(|| format!("kind {kind} was sent"))?;
    let (mut base, mut body) = (
        Base {
            kind,
            ..Base::default()
        },
        Body::empty(known),
    );
    let read = encoding.decode(&payload, &mut base, body.record_mut());
    read.map_err(|error| format!("{known} was sent, and cannot be read: {error}"))?;
    Ok((body, base.nonce))
}

/// Does the stream ask the child to wait? It would, for up to 49 days.
fn asks_to_wait(mut stream: &[u8]) -> bool {
    while let Ok((kind, _)) = read_message(&mut stream, MAX_PAYLOAD) {
        if kind == Kind::DiagnoseWaitRequest as u32 {
            return true;
        }
    }
    false
}

fn request(function: &str) -> ContractCallRequest {
    let input = CallInput {
        vm_input: VmInput {
            caller: ADDRESS.to_vec(),
            arguments: vec![vec![7; 3]],
            ..VmInput::default()
        },
        recipient: ADDRESS.to_vec(),
        function: function.into(),
        ..CallInput::default()
    };
    ContractCallRequest {
        call_input: Some(input),
        ..ContractCallRequest::default()
    }
}

/// Every way to read an input.
fn every_way() -> impl Iterator<Item = How> {
    (0..48).filter_map(|byte| How::of(&[byte]).map(|(how, _)| how))
}

/// What a node sends: requests of every kind, and calls with questions of every kind and their answers.
pub fn node_streams() -> Vec<Vec<u8>> {
    let mut streams = Vec::new();
    for how in every_way().filter(|how| how.request == 0) {
        for kind in Kind::ALL {
            let mut stream = vec![how.byte()];
            how.write(&mut stream, 1, &Body::empty(*kind));
            streams.push(stream);
        }
        let letters: String = (0..QUESTIONS.len())
            .map(|index| char::from(b'Z' + index as u8))
            .collect();
        let mut stream = vec![how.byte()];
        how.write(&mut stream, 1, &request(&letters).into());
        let asked = QUESTIONS.iter().map(|(kind, _)| *kind);
        let asked =
            asked.filter(|kind| how.delegate || *kind != Kind::BlockchainProcessBuiltInFunctionRequest);
        for (index, kind) in asked.enumerate() {
            if let Some(answer) = kind.reply() {
                how.write(&mut stream, 3 + 2 * index as u32, &Body::empty(answer));
            }
        }
        how.write(&mut stream, 1, &Body::from(Stop {}));
        streams.push(stream);
    }
    streams
}

/// What a child sends: questions of every kind, and replies of every kind.
pub fn child_streams() -> Vec<Vec<u8>> {
    let mut streams = Vec::new();
    for how in every_way() {
        let mut stream = vec![how.byte()];
        let questions = Kind::ALL
            .iter()
            .filter(|kind| (8..=57).contains(&(**kind as u32)));
        for (index, kind) in questions.filter(|_| how.request < 2).enumerate() {
            how.write(&mut stream, 2 + 2 * index as u32, &Body::empty(*kind));
        }
        streams.push(stream);
        let output = VmOutput {
            return_data: vec![vec![1; 40]],
            ..VmOutput::default()
        };
        let replies: [Body; 3] = [
            ContractResponse {
                output: Some(output),
                ..ContractResponse::default()
            }
            .into(),
            VersionResponse::default().into(),
            GasScheduleChangeResponse {}.into(),
        ];
        for reply in replies {
            let mut stream = vec![how.byte()];
            how.write(&mut stream, 2, &reply);
            streams.push(stream);
        }
    }
    streams
}
