//! A faulty child: follows the steps of a row when it is first asked for a call, and behaves otherwise. Started again,
//! it is the real child.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};
use std::time::Duration;
use std::{env, thread};

use arwen_interface::VmOutput;
use arwen_ipc_child::transport::Transport;
use arwen_ipc_host::binary;
use arwen_ipc_host::channel::{Channel, Pair, receive_initialize};
use arwen_ipc_host::fds::{End, inherit, inherit_mailbox};
use arwen_ipc_host::frame::{MAX_PAYLOAD, write_log, write_message};
use arwen_ipc_host::mailbox::Mailbox;
use arwen_ipc_host::marshalizer::Marshalizer;
use arwen_ipc_host::messages::*;
use arwen_ipc_host::records::Base;
use rustix::process::{Signal, getpid, kill_process};

use super::rows::Step;

/// The variable that says how to misbehave: the number of a row, or `cut N`.
pub const SCRIPT: &str = "ARWEN_TEST_SCRIPT";
/// The variable that names a file which is made by the first child.
pub const MARK: &str = "ARWEN_TEST_MARK";

/// The file that is made when the steps are done.
pub fn done(mark: &Path) -> PathBuf {
    mark.with_extension("done")
}

/// What a child replies to every call.
pub fn output() -> VmOutput {
    VmOutput {
        return_data: vec![vec![6]],
        ..VmOutput::default()
    }
}

/// The script of a child that has no binary encoding, as [`SCRIPT`] has it.
pub const STRANGER: &str = "stranger";

/// Before the number of a row: as [`SCRIPT`] has it when the child uses the memory that the driver shares with it.
pub const IN_MEMORY: &str = "in memory ";

/// The script of a child that dies after so many bytes, as [`SCRIPT`] has it.
pub fn cut_script(bytes: usize) -> String {
    format!("cut {bytes}")
}

fn steps(script: &str) -> Vec<Step> {
    if script == STRANGER {
        return vec![Step::Ask, Step::Reply];
    }
    match script.strip_prefix("cut ") {
        Some(bytes) => {
            let bytes = bytes.parse().unwrap();
            vec![Step::CutAfter(bytes), Step::Ask, Step::Ask, Step::Reply]
        }
        None => super::rows::CHILD_FAULTS[script.parse::<usize>().unwrap()]
            .steps
            .to_vec(),
    }
}

/// The pipe of replies, which can be made to end.
struct Replies {
    pipe: Option<File>,
    /// How many bytes are still written; then the process dies.
    left: usize,
}

impl Write for Replies {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(pipe) = &mut self.pipe else {
            return Ok(bytes.len());
        };
        let part = &bytes[..bytes.len().min(self.left)];
        pipe.write_all(part)?;
        self.left -= part.len();
        if self.left == 0 {
            kill_process(getpid(), Signal::KILL)?;
        }
        Ok(part.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What messages travel over, with the faults of a pipe.
trait Way: Read + Write {
    /// Dies when so many more bytes are written.
    fn cut_after(&mut self, bytes: usize);
    /// Closes the pipe of replies.
    fn close(&mut self);
}

impl Way for Pair<BufReader<File>, Replies> {
    fn cut_after(&mut self, bytes: usize) {
        self.writer.left = bytes;
    }
    fn close(&mut self) {
        self.writer.pipe = None;
    }
}

impl Way for Transport {
    fn cut_after(&mut self, _: usize) {
        unreachable!("what is in memory is there at once");
    }
    fn close(&mut self) {
        unreachable!("memory is not closed");
    }
}

/// Is the child, until it ends.
pub fn main(script: &str) -> ! {
    let (in_memory, script) = match script.strip_prefix(IN_MEMORY) {
        Some(script) => (true, script),
        None => (false, script),
    };
    let mark = PathBuf::from(env::var_os(MARK).unwrap());
    if mark.exists() {
        let error = Command::new(env!("CARGO_BIN_EXE_arwen")).exec();
        panic!("{error}");
    }
    fs::write(&mark, "").unwrap();
    let [mut init, requests, replies, _profiles, lines] = End::ALL.map(|end| inherit(end).unwrap());
    let (arguments, dialect) = receive_initialize(&mut init).unwrap();
    let way: Box<dyn Way> = if in_memory {
        let mailbox = inherit_mailbox().and_then(|file| Mailbox::open(&file));
        assert!(mailbox.is_some(), "the driver shares no memory");
        Box::new(Transport::new(requests, replies, mailbox).unwrap())
    } else {
        Box::new(Pair {
            reader: BufReader::new(requests),
            writer: Replies {
                pipe: Some(replies),
                left: usize::MAX,
            },
        })
    };
    let mut channel = Channel::new(way);
    channel.dialect = dialect;
    // Binary is agreed on by the version question; until then it means JSON.
    if arguments.messages_marshalizer != Marshalizer::Binary {
        channel.marshalizer = arguments.messages_marshalizer;
    }
    let mut child = Child { channel, lines };
    // A stranger does not know the question's field.
    let own_tables = (script != STRANGER).then(binary::fingerprint);
    let mut script = Some(steps(script));
    loop {
        child.channel.reset();
        match child.channel.receive().map(|received| received.body) {
            Ok(Body::VersionRequest(VersionRequest { binary_tables })) => {
                let agreed = own_tables.filter(|own| *own == binary_tables).unwrap_or(0);
                let reply = VersionResponse {
                    version: "fake".into(),
                    binary_tables: agreed,
                };
                child.channel.send(&reply, "").unwrap();
                if agreed != 0 {
                    child.channel.marshalizer = Marshalizer::Binary;
                }
            }
            Ok(Body::ContractCallRequest(_)) => match script.take() {
                Some(steps) => {
                    steps.into_iter().for_each(|step| child.take(step));
                    fs::write(done(&mark), "").unwrap();
                }
                None => child.take(Step::Reply),
            },
            _ => exit(3),
        }
    }
}

struct Child {
    channel: Channel<Box<dyn Way>>,
    lines: File,
}

impl Child {
    fn send(&mut self, body: impl Into<Body>) {
        if self.channel.send_body(&body.into(), "").is_err() {
            exit(3);
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Reply => self.send(ContractResponse {
                output: Some(output()),
                ..ContractResponse::default()
            }),
            Step::ReplyVersion => self.send(VersionResponse::default()),
            Step::ReplyNumbered(nonce) => {
                let kind = Kind::ContractResponse as u32;
                let base = Base {
                    nonce,
                    kind,
                    error: String::new(),
                };
                let reply = ContractResponse {
                    output: Some(output()),
                    ..ContractResponse::default()
                };
                let payload = self
                    .channel
                    .marshalizer
                    .encode(&base, &reply, self.channel.dialect)
                    .unwrap();
                let _ = write_message(self.channel.transport(), kind, &payload, MAX_PAYLOAD);
            }
            Step::Ask => {
                self.send(BlockchainCurrentEpochRequest {});
                if self.channel.receive().is_err() {
                    exit(3);
                }
            }
            Step::AskOf(kind) => self.send(Body::empty(Kind::from_number(kind).unwrap())),
            Step::AskForEver => loop {
                self.take(Step::Ask);
            },
            Step::Request => self.send(ContractDeployRequest::default()),
            Step::Frame(length, kind, payload) => {
                let frame = [&length.to_le_bytes(), &kind.to_le_bytes(), payload].concat();
                let _ = self.channel.transport().write_all(&frame);
            }
            Step::Bytes(bytes) => drop(self.channel.transport().write_all(bytes)),
            Step::CutAfter(bytes) => self.channel.transport().cut_after(bytes),
            Step::CloseReplies => self.channel.transport().close(),
            Step::Chatter(bytes) => {
                let text = "chatter\n".repeat(bytes / 8);
                let _ = io::stdout().write_all(text.as_bytes());
                let _ = io::stderr().write_all(text.as_bytes());
                for _ in 0..bytes / 1024 {
                    let _ = write_log(&mut self.lines, &[b'x'; 1020], MAX_PAYLOAD);
                }
            }
            Step::Log(length, payload) => {
                let _ = self.lines.write_all(&[&length.to_le_bytes(), payload].concat());
            }
            Step::Exit(code) => exit(code),
            Step::Wait(milliseconds) => thread::sleep(Duration::from_millis(milliseconds)),
            Step::Hang => loop {
                thread::sleep(Duration::from_secs(3600));
            },
        }
    }
}
