//! The loop, on a thread, over real pipes.

use std::io::{PipeReader, PipeWriter, Write};
use std::thread::{self, JoinHandle};

use arwen_eei::{GasBreakdown, Interrupt};
use arwen_interface::{BlockchainHook, CallInput, CreateInput, EsdtTransfer, VmInput, VmOutput};
use arwen_ipc_child::interrupt::Interrupts;
use arwen_ipc_child::logger::Logger;
use arwen_ipc_child::machine::Machine;
use arwen_ipc_child::serve::serve;
use arwen_ipc_host::binary::fingerprint;
use arwen_ipc_host::channel::{Channel, Pair};
use arwen_ipc_host::frame::{MAX_PAYLOAD, read_message};
use arwen_ipc_host::marshalizer::Marshalizer;
use arwen_ipc_host::messages::*;
use arwen_ipc_host::records::GasSchedule;

/// Longer than a frame under [`LIMIT`], in bytes.
const LONG: usize = 10_000;

/// A limit that every other message keeps, in bytes.
const LIMIT: u32 = 5_000;

/// Does what the called function's name says.
#[derive(Default)]
struct Script {
    interrupt: Interrupt,
    recovered: u8,
    given_back: u8,
}

impl Machine for Script {
    fn create(&mut self, hook: &mut dyn BlockchainHook, input: &CreateInput) -> Result<VmOutput, String> {
        let address = hook
            .new_address(&input.vm_input.caller, 7, &[5, 0])
            .map_err(|error| error.0)?;
        Ok(VmOutput {
            return_data: vec![address],
            ..VmOutput::default()
        })
    }

    fn call(&mut self, hook: &mut dyn BlockchainHook, input: &CallInput) -> Result<VmOutput, String> {
        let data = match input.function.as_str() {
            "storage" => match hook.storage_data(b"account", b"key") {
                Ok(data) => data,
                Err(error) => error.0.into_bytes(),
            },
            "long answer" => vec![7; LONG],
            "long question" => match hook.storage_data(b"account", &[7; LONG]) {
                Ok(data) => data,
                Err(error) => error.0.into_bytes(),
            },
            "epoch" => hook.current_epoch().to_string().into_bytes(),
            "builtin" => {
                let output = hook.process_builtin_function(input).map_err(|error| error.0)?;
                return Ok(output);
            }
            "panic" => panic!("a bug"),
            "fail" => return Err("runtime error: index out of range [-1]".into()),
            "recovered" => vec![self.recovered],
            "given back" => vec![self.given_back],
            "until interrupted" => {
                while !self.interrupt.is_raised() {
                    hook.last_nonce();
                }
                vec![]
            }
            _ => vec![],
        };
        Ok(VmOutput {
            return_data: vec![data],
            ..VmOutput::default()
        })
    }

    fn set_schedule(&mut self, schedule: &GasSchedule) -> Result<Vec<String>, String> {
        if schedule.is_empty() {
            Err("no prices".into())
        } else {
            Ok(vec![])
        }
    }

    fn recover(&mut self) -> Result<(), String> {
        self.recovered += 1;
        Ok(())
    }

    fn give_back(&mut self) {
        self.given_back += 1;
    }

    fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    fn last_run_gas(&self) -> Option<GasBreakdown> {
        None
    }
}

/// The node's side; the child's loop runs on a thread and returns why it ended.
struct Node {
    channel: Channel<Pair<PipeReader, PipeWriter>>,
    child: JoinHandle<String>,
}

impl Node {
    fn start(delegate: bool) -> Self {
        Self::start_limited(delegate, MAX_PAYLOAD)
    }

    /// A child that sends no longer payloads than this.
    fn start_limited(delegate: bool, limit: u32) -> Self {
        let (from_node, to_child) = std::io::pipe().unwrap();
        let (from_child, to_node) = std::io::pipe().unwrap();
        let child = thread::spawn(move || {
            let mut channel = Channel::new(Pair {
                reader: from_node,
                writer: to_node,
            });
            channel.limit = limit;
            serve(
                &mut channel,
                &mut Script::default(),
                delegate,
                "test",
                &Logger::silent(),
                &Interrupts::default(),
            )
            .to_string()
        });
        Self {
            channel: Channel::new(Pair {
                reader: from_child,
                writer: to_child,
            }),
            child,
        }
    }

    /// A dialogue: `request`, the expected questions with their answers, the reply and its error.
    fn ask(&mut self, request: impl Into<Body>, questions: &[(Body, Body, &str)]) -> (Body, String) {
        self.channel.reset();
        self.channel.send_body(&request.into(), "").unwrap();
        for (question, answer, error) in questions {
            assert_eq!(self.channel.receive().unwrap().body, *question);
            self.channel.send_body(answer, error).unwrap();
        }
        let reply = self.channel.receive().unwrap();
        (reply.body, reply.error)
    }

    /// The return data of a call, as text.
    fn call(&mut self, function: &str, questions: &[(Body, Body, &str)]) -> String {
        let (body, error) = self.ask(call(function), questions);
        let output = ContractResponse::from_body(body).unwrap().output.unwrap();
        match output.return_data.first() {
            Some(data) if error.is_empty() => String::from_utf8_lossy(data).into_owned(),
            _ => format!("error: {error}"),
        }
    }

    /// Closes the pipes and returns why the loop ended.
    fn end(self) -> String {
        drop(self.channel);
        self.child.join().unwrap()
    }
}

fn call(function: &str) -> Body {
    let input = CallInput {
        function: function.into(),
        ..CallInput::default()
    };
    ContractCallRequest {
        call_input: Some(input),
        ..ContractCallRequest::default()
    }
    .into()
}

fn storage(data: &[u8], error: &'static str) -> (Body, Body, &'static str) {
    let question = BlockchainGetStorageDataRequest {
        address: b"account".into(),
        index: b"key".into(),
    };
    (
        question.into(),
        BlockchainGetStorageDataResponse { data: data.to_vec() }.into(),
        error,
    )
}

#[test]
fn binary_is_spoken_after_the_version_agreed_on_it() {
    let mut node = Node::start(false);
    for (binary_tables, agreed) in [(1, 0), (fingerprint(), fingerprint())] {
        let (version, _) = node.ask(VersionRequest { binary_tables }, &[]);
        let expected = VersionResponse {
            version: "test".into(),
            binary_tables: agreed,
        };
        assert_eq!(version, expected.into());
    }
    node.channel.marshalizer = Marshalizer::Binary;
    assert_eq!(node.call("storage", &[storage(b"value", "")]), "value");
}

#[test]
fn requests_are_answered_one_after_the_other() {
    let mut node = Node::start(false);
    let (version, _) = node.ask(VersionRequest::default(), &[]);
    assert_eq!(
        version,
        VersionResponse {
            version: "test".into(),
            binary_tables: 0
        }
        .into()
    );
    assert_eq!(node.call("storage", &[storage(b"value", "")]), "value");
    let question = BlockchainNewAddressRequest {
        creator: b"c".into(),
        creator_nonce: 7,
        vm_type: vec![5, 0],
    };
    let answer = BlockchainNewAddressResponse {
        result: b"address".into(),
    };
    let vm_input = VmInput {
        caller: b"c".into(),
        ..VmInput::default()
    };
    let input = CreateInput {
        vm_input,
        ..CreateInput::default()
    };
    let request = ContractDeployRequest {
        create_input: Some(input),
        ..ContractDeployRequest::default()
    };
    let (reply, _) = node.ask(request, &[(question.into(), answer.into(), "")]);
    let output = ContractResponse::from_body(reply).unwrap().output.unwrap();
    assert_eq!(output.return_data, [b"address"]);
    assert_eq!(
        node.ask(DiagnoseWaitRequest { milliseconds: 1 }, &[]).0,
        DiagnoseWaitResponse {}.into()
    );
    assert_eq!(node.end(), "EOF");
}

#[test]
fn what_is_too_long_is_not_sent_and_not_counted() {
    let mut node = Node::start_limited(false, LIMIT);
    let error = node.call("long answer", &[]);
    assert!(
        error.starts_with("error: frame of ") && error.ends_with("at most 5000 are accepted"),
        "{error}"
    );
    assert_eq!(
        node.call("long question", &[]),
        "critical error: cannot send hook call request"
    );
    assert_eq!(node.call("storage", &[storage(b"value", "")]), "value");
    assert_eq!(node.end(), "EOF");
}

#[test]
fn stop_ends_the_loop() {
    let mut node = Node::start(false);
    node.channel.send(&Stop {}, "").unwrap();
    assert_eq!(
        node.child.join().unwrap(),
        "critical error: arwen will stop, as requested"
    );
}

#[test]
fn a_bad_gas_schedule_is_answered_with_its_error() {
    let mut node = Node::start(false);
    let (reply, error) = node.ask(GasScheduleChangeRequest::default(), &[]);
    assert_eq!(
        (reply, error.as_str()),
        (GasScheduleChangeResponse {}.into(), "no prices")
    );
    let gas_schedule = GasSchedule::from([("Section".into(), Default::default())]);
    let (_, error) = node.ask(GasScheduleChangeRequest { gas_schedule }, &[]);
    assert_eq!(error, "");
    assert_eq!(node.end(), "EOF");
}

#[test]
fn kinds_that_are_no_requests_get_the_undefined_answer() {
    let mut node = Node::start(false);
    for kind in Kind::ALL {
        let served = matches!(*kind as u32, 0 | 2 | 3 | 4 | 6 | 58 | 60 | 73);
        if !served {
            assert_eq!(
                node.ask(Body::empty(*kind), &[]).0,
                UndefinedRequestOrResponse {}.into(),
                "{kind}"
            );
        }
    }
    assert_eq!(node.end(), "EOF");
}

#[test]
fn a_vm_error_or_panic_costs_one_call() {
    let mut node = Node::start(false);
    assert_eq!(
        node.call("fail", &[]),
        "error: runtime error: index out of range [-1]"
    );
    assert_eq!(node.call("panic", &[]), "error: internal error: a bug");
    assert_eq!(node.call("recovered", &[]), "\u{1}");
    // After each of the three replies.
    assert_eq!(node.call("given back", &[]), "\u{3}");
    let (_, error) = node.ask(ContractCallRequest::default(), &[]);
    assert_eq!(error, "the request has no input");
    assert_eq!(node.end(), "EOF");
}

#[test]
fn hook_errors_are_the_contracts_business() {
    let mut node = Node::start(false);
    assert_eq!(
        node.call("storage", &[storage(b"", "no 100% trie")]),
        "no 100%!t(MISSING)rie"
    );
    // A response of another kind, and a hook without an error result.
    let (question, ..) = storage(b"", "");
    let wrong: Body = BlockchainCurrentEpochResponse { result: 5 }.into();
    let answers = [(question, wrong.clone(), "")];
    assert_eq!(
        node.call("storage", &answers),
        "critical error: bad hook response from node"
    );
    assert_eq!(
        node.call(
            "epoch",
            &[(BlockchainCurrentEpochRequest {}.into(), wrong, "no matter")]
        ),
        "5"
    );
    let undefined = (
        BlockchainCurrentEpochRequest {}.into(),
        UndefinedRequestOrResponse {}.into(),
        "",
    );
    assert_eq!(node.call("epoch", &[undefined]), "0");
    assert_eq!(node.end(), "EOF");
}

#[test]
fn built_in_functions_are_asked_of_the_node_only_when_told_to() {
    let mut node = Node::start(false);
    assert!(node.call("builtin", &[]).starts_with("error: critical error"));
    let mut node = Node::start(true);
    // The question comes in the dialect of the request.
    for legacy in [false, true] {
        let transfer = EsdtTransfer {
            token_name: b"T".into(),
            ..EsdtTransfer::default()
        };
        let vm_input = VmInput {
            esdt_transfers: vec![transfer],
            ..VmInput::default()
        };
        let input = CallInput {
            vm_input,
            function: "builtin".into(),
            ..CallInput::default()
        };
        let question = BlockchainProcessBuiltInFunctionRequest {
            input: Some(input.clone()),
        };
        let output = VmOutput {
            return_data: vec![b"done".into()],
            ..VmOutput::default()
        };
        let answer = BlockchainProcessBuiltInFunctionResponse {
            output: Some(output.clone()),
        };
        if legacy {
            node.channel.dialect = arwen_ipc_host::wire::Dialect::Legacy;
        }
        let request = ContractCallRequest {
            call_input: Some(input),
            ..ContractCallRequest::default()
        };
        let (reply, _) = node.ask(request, &[(question.into(), answer.into(), "")]);
        assert_eq!(
            reply,
            ContractResponse {
                output: Some(output),
                ..ContractResponse::default()
            }
            .into()
        );
    }
}

#[test]
fn anything_that_is_no_message_ends_the_loop_with_an_error() {
    let ended_by = |bytes: &[u8]| {
        let mut node = Node::start(false);
        node.channel.transport().writer.write_all(bytes).unwrap();
        node.end()
    };
    let version = br#"{"DialogueNonce":9,"Kind":60,"ErrorMessage":""}"#;
    let frame = |length: u32, kind: u32, payload: &[u8]| {
        [&length.to_le_bytes()[..], &kind.to_le_bytes(), payload].concat()
    };
    assert_eq!(
        ended_by(b"GET / HTTP/1.1\r\n"),
        "frame of 542393671 bytes, at most 268435456 are accepted"
    );
    assert_eq!(ended_by(b"\x01\0"), "unexpected EOF");
    assert_eq!(ended_by(&frame(100, 60, version)), "unexpected EOF");
    assert_eq!(
        ended_by(&frame(47, 60, version)),
        "critical error: invalid dialogue nonce"
    );
    assert_eq!(ended_by(&frame(47, 73, version)), "unknown message kind 73");
    assert_eq!(
        ended_by(&frame(2, 60, b"{]")),
        "cannot decode VersionRequest at byte 1: expected a key"
    );
}

#[test]
fn a_node_that_leaves_in_the_middle_of_a_run_interrupts_it() {
    let mut node = Node::start(false);
    node.channel.send_body(&call("until interrupted"), "").unwrap();
    assert_eq!(
        node.channel.receive().unwrap().body,
        BlockchainLastNonceRequest {}.into()
    );
    let end = node.end();
    assert!(end == "EOF" || end.contains("pipe"), "{end}");
}

#[test]
fn a_replayed_answer_fails_the_question_and_not_the_child() {
    let mut node = Node::start(false);
    node.channel.send_body(&call("storage"), "").unwrap();
    node.channel.receive().unwrap();
    node.channel.reset();
    let (question, answer, _) = storage(b"stale", "");
    node.channel.send_body(&answer, "").unwrap();
    // The question failed, and the reply has the number that follows the question's.
    let (kind, payload) = read_message(&mut node.channel.transport().reader, MAX_PAYLOAD).unwrap();
    assert_eq!(kind, Kind::ContractResponse as u32);
    assert!(payload.starts_with(br#"{"DialogueNonce":3,"#));
    let mut reply = ContractResponse::default();
    arwen_ipc_host::json::decode_one(&payload, &mut reply).unwrap();
    let text = b"critical error: cannot receive hook call response".to_vec();
    assert_eq!(reply.output.unwrap().return_data, [text]);
    assert_eq!(node.call("storage", &[(question, answer, "")]), "stale");
}
