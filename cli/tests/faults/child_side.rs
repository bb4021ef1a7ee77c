//! Faulty nodes and the real child.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use arwen_interface::UserAccount;
use arwen_ipc_host::channel::{Channel, Pair, send_initialize};
use arwen_ipc_host::fds;
use arwen_ipc_host::frame::{MAX_PAYLOAD, write_log};
use arwen_ipc_host::json;
use arwen_ipc_host::log::LogProfile;
use arwen_ipc_host::messages::*;
use arwen_ipc_host::wire::Dialect;

use super::common::{COUNTER, arguments, call_input, program};
use super::driver_side::matches;
use super::rows::{NodeFault, NodeStep, StartFault};
use super::traces::{memory, traces};

/// How long a child may take to end; far more than it needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node without the driver.
struct RawNode {
    child: Child,
    init: Option<File>,
    requests: Option<File>,
    replies: Option<File>,
    profiles: Option<File>,
    lines: Option<File>,
    /// The number of the last message.
    nonce: u32,
}

impl RawNode {
    fn start() -> io::Result<Self> {
        let mut command = Command::new(program());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let ends = fds::pass(&mut command, None)?;
        Ok(Self {
            child: command.spawn()?,
            init: Some(ends.init),
            requests: Some(ends.requests),
            replies: Some(ends.replies),
            profiles: Some(ends.profiles),
            lines: Some(ends.lines),
            nonce: 0,
        })
    }

    fn initialize(&mut self) {
        let init = self.init.as_mut().unwrap();
        send_initialize(init, arguments(), Dialect::Current).unwrap();
        self.profile("*:NONE");
    }

    fn profile(&mut self, patterns: &str) {
        let profile = LogProfile {
            patterns: patterns.into(),
            ..LogProfile::default()
        };
        if let Some(pipe) = &mut self.profiles {
            write_log(pipe, &json::encode_one(&profile), MAX_PAYLOAD).unwrap();
        }
    }

    /// Writes what a child that has ended need not take.
    fn write(&mut self, bytes: &[u8]) {
        let _ = self.requests.as_mut().unwrap().write_all(bytes);
    }

    fn send(&mut self, nonce: u32, body: impl Into<Body>) {
        let (body, mut bytes) = (body.into(), Vec::new());
        let mut channel = Channel::new(Pair {
            reader: io::empty(),
            writer: &mut bytes,
        });
        for _ in 0..nonce {
            // The number of a message is how many came before it.
            channel.transport().writer.clear();
            channel.send_body(&body, "").unwrap();
        }
        self.write(&bytes);
        self.nonce = nonce;
    }

    fn read(&mut self, kind: u32) -> Vec<u8> {
        let replies = self.replies.as_mut().unwrap();
        let (found, payload) = arwen_ipc_host::frame::read_message(replies, MAX_PAYLOAD).unwrap();
        assert_eq!(found, kind, "{}", String::from_utf8_lossy(&payload));
        payload
    }

    /// Answers the questions before the contract runs, up to the one of this kind, which is read.
    fn until(&mut self, last: Kind) {
        loop {
            let replies = self.replies.as_mut().unwrap();
            let (kind, payload) = arwen_ipc_host::frame::read_message(replies, MAX_PAYLOAD).unwrap();
            let kind = Kind::from_number(kind).unwrap();
            self.nonce += 1;
            if kind == last {
                return;
            }
            let answer: Body = match kind {
                Kind::BlockchainCurrentEpochRequest => BlockchainCurrentEpochResponse { result: 1 }.into(),
                Kind::BlockchainGetUserAccountRequest => {
                    let account = UserAccount {
                        address: vec![1; 32],
                        code_hash: vec![7; 32],
                        ..UserAccount::default()
                    };
                    BlockchainGetUserAccountResponse {
                        result: Some(account),
                    }
                    .into()
                }
                Kind::BlockchainGetCodeRequest => BlockchainGetCodeResponse {
                    code: wat::parse_str(COUNTER).unwrap(),
                }
                .into(),
                Kind::BlockchainGetCompiledCodeRequest => BlockchainGetCompiledCodeResponse::default().into(),
                Kind::ContractResponse => panic!("{}", String::from_utf8_lossy(&payload)),
                other => Body::empty(Kind::from_number(other as u32 + 1).unwrap()),
            };
            let next = self.nonce + 1;
            self.send(next, answer);
        }
    }

    fn ask_for_call(&mut self, function: &str, change: impl FnOnce(&mut arwen_interface::CallInput)) {
        let mut input = call_input(&[1; 32], function, u64::MAX / 2);
        change(&mut input);
        self.send(
            1,
            ContractCallRequest {
                call_input: Some(input),
                ..ContractCallRequest::default()
            },
        );
    }

    fn take(&mut self, step: NodeStep) {
        match step {
            NodeStep::Send(length, kind, payload) => {
                self.write(&[&length.to_le_bytes(), &kind.to_le_bytes(), payload].concat());
            }
            NodeStep::Part(bytes) => {
                let payload = br#"{"DialogueNonce":1,"Kind":60,"ErrorMessage":""}"#;
                let frame = [&47u32.to_le_bytes(), &60u32.to_le_bytes(), &payload[..]].concat();
                self.write(&frame[..bytes]);
            }
            NodeStep::Brackets(count) => {
                self.write(&[count.to_le_bytes(), 4u32.to_le_bytes()].concat());
                self.write(&vec![b'['; count as usize]);
            }
            NodeStep::Version(nonce) => self.send(nonce, VersionRequest::default()),
            NodeStep::Call => {
                self.ask_for_call("increment", |_| ());
                self.until(Kind::BlockchainCurrentEpochRequest);
            }
            NodeStep::Answer(kind, nonce) => {
                let answer = Body::empty(Kind::from_number(kind).unwrap());
                self.send(nonce, answer);
            }
            NodeStep::Endless => {
                self.ask_for_call("forever", |_| ());
                self.until(Kind::BlockchainGetCodeRequest);
                let code = wat::parse_str(COUNTER).unwrap();
                let next = self.nonce + 1;
                self.send(next, BlockchainGetCodeResponse { code });
                // Whether the run has begun when the pipes are closed makes no difference to the end.
                thread::sleep(Duration::from_millis(50));
            }
            NodeStep::Arguments(bytes) => {
                self.ask_for_call("increment", |input| {
                    input.vm_input.arguments = vec![vec![7; bytes]]
                });
                self.until(Kind::BlockchainGetStorageDataRequest);
                let next = self.nonce + 1;
                self.send(next, BlockchainGetStorageDataResponse::default());
                self.finish();
            }
            NodeStep::Read(kind) => drop(self.read(kind)),
            NodeStep::LogLines(count) => {
                self.profile("*:TRACE");
                for _ in 0..count {
                    let kind = Kind::BlockchainCurrentEpochResponse;
                    self.send(1, Body::empty(kind));
                    self.read(Kind::UndefinedRequestOrResponse as u32);
                }
            }
            NodeStep::PeakBelow(megabytes) => {
                let peak = memory(&self.child.id().to_string(), "VmHWM:") >> 10;
                assert!(peak < megabytes, "{peak} MiB");
            }
            NodeStep::CloseRequests => self.requests = None,
            NodeStep::CloseReplies => self.replies = None,
            NodeStep::CloseLogs => (self.profiles, self.lines) = (None, None),
            NodeStep::Stop => self.send(1, Stop {}),
        }
    }

    /// Answers what is asked until the reply comes.
    fn finish(&mut self) {
        self.until(Kind::ContractResponse);
    }

    /// Waits for the end: exit code, last line on stderr.
    fn end(mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait().unwrap().is_none() {
            assert!(
                Instant::now() < deadline,
                "the child goes on: {}",
                self.child.kill().is_ok()
            );
            thread::sleep(Duration::from_millis(1));
        }
        let mut text = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        let code = self.child.wait().unwrap().code();
        (
            code,
            text.trim_end().lines().last().unwrap_or_default().to_owned(),
        )
    }
}

impl Drop for RawNode {
    fn drop(&mut self) {
        // Errors mean that it has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn check_end((code, line): (Option<i32>, String), wanted: (i32, &str)) {
    assert_eq!(code, Some(wanted.0), "{line}");
    assert!(matches(&line, wanted.1), "{line}");
}

/// Runs a row.
pub fn run(fault: &NodeFault) {
    let before = traces();
    let mut node = RawNode::start().unwrap();
    node.initialize();
    for step in fault.steps {
        node.take(*step);
    }
    match fault.end {
        Some(end) => check_end(node.end(), end),
        None => {
            // What was begun comes to its end, and the child serves the next request.
            if matches!(fault.steps, [NodeStep::Call, ..]) {
                node.nonce = 3;
                node.finish();
            }
            node.take(NodeStep::Version(1));
            node.take(NodeStep::Read(Kind::VersionResponse as u32));
            node.requests = None;
            check_end(node.end(), (3, "Ended Arwen loop: EOF"));
        }
    }
    before.check();
}

/// Runs a row about the start.
pub fn run_start(fault: &StartFault) {
    let before = traces();
    match fault.bytes {
        Some(bytes) => {
            let mut node = RawNode::start().unwrap();
            // A child that has ended need not take it.
            let _ = node.init.take().unwrap().write_all(bytes);
            check_end(node.end(), fault.end);
        }
        None => {
            let mut command = Command::new(program());
            let output = command.stdin(Stdio::null()).arg0("arwen").output().unwrap();
            let text = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
            check_end((output.status.code(), text), fault.end);
        }
    }
    before.check();
}

/// A child without stdout and stderr serves as ever.
pub fn closed_output() {
    let mut node = RawNode::start().unwrap();
    drop(node.child.stderr.take());
    node.initialize();
    for _ in 0..3 {
        node.take(NodeStep::Version(1));
        node.take(NodeStep::Read(Kind::VersionResponse as u32));
    }
    node.requests = None;
    let deadline = Instant::now() + PATIENCE;
    while node.child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline);
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(node.child.wait().unwrap().code(), Some(3));
}
