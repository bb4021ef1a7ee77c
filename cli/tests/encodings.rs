//! The same dialogues in every encoding: scenarios of the examples, and recorded ones where they are at hand.

mod common;

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use arwen_interface::{
    BigInt, BlockchainHook, Bytes, CallInput, CreateInput, OutputAccount, StorageUpdate, VmOutput,
};
use arwen_ipc_child::hooks::PipeHooks;
use arwen_ipc_host::channel::{Channel, receive_initialize};
use arwen_ipc_host::driver::{Driver, DriverConfig};
use arwen_ipc_host::frame::{MAX_PAYLOAD, read_message, write_message};
use arwen_ipc_host::known::{KnownAnswers, Shelf};
use arwen_ipc_host::marshalizer::Marshalizer;
use arwen_ipc_host::messages::*;
use arwen_ipc_host::records::Base;
use arwen_ipc_host::wire::Dialect;
use arwen_metering::Schedule;
use arwen_scenario::model::GasSchedule;
use arwen_scenario::run::{Machine, MachineError};
use arwen_scenario::suite::{Options, Outcome, discover, run};
use serde_json::Value;

use common::*;

/// A VM behind a driver, and all it ever answered.
struct Remote {
    driver: Driver,
    answers: Vec<Result<VmOutput, String>>,
}

impl Remote {
    fn start(config: DriverConfig) -> Self {
        Self {
            driver: Driver::start(config).unwrap(),
            answers: Vec::new(),
        }
    }

    fn keep(&mut self, answer: Result<VmOutput, String>) -> Result<VmOutput, MachineError> {
        self.answers.push(answer.clone().map(comparable));
        answer.map_err(MachineError)
    }
}

/// The output without what gob has no way to tell: absent from empty.
fn comparable(mut output: VmOutput) -> VmOutput {
    for log in &mut output.logs {
        log.data.take_if(|data| data.is_empty());
    }
    output
}

impl Machine for &mut Remote {
    fn set_schedule(&mut self, schedule: GasSchedule) -> Result<(), MachineError> {
        let prices = Schedule::bundled_raw(schedule.bundled_name()).unwrap();
        self.driver
            .change_gas_schedule(prices)
            .map_err(|error| MachineError(error.to_string()))
    }

    fn create(
        &mut self,
        node: &mut dyn BlockchainHook,
        input: &CreateInput,
    ) -> Result<VmOutput, MachineError> {
        let answer = self.driver.create(node, input).map_err(|error| error.to_string());
        self.keep(answer)
    }

    fn call(&mut self, node: &mut dyn BlockchainHook, input: &CallInput) -> Result<VmOutput, MachineError> {
        let answer = self.driver.call(node, input).map_err(|error| error.to_string());
        self.keep(answer)
    }
}

#[test]
fn the_examples_answer_alike_in_every_encoding() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let cases = discover(&[root]).unwrap();
    let options = Options {
        filter: None,
        fail_fast: false,
        jobs: 1,
    };
    let [json, gob, binary] = Marshalizer::ALL.map(|marshalizer| {
        let mut remote = Remote::start(DriverConfig {
            marshalizer,
            // The world of the scenarios computes built-in functions.
            delegate_builtins: true,
            ..config()
        });
        let once = std::sync::Mutex::new(Some(&mut remote));
        let machine = || once.lock().unwrap().take().ok_or("one thread is enough");
        let summary = run(&cases, &options, machine, |report| {
            assert_eq!(report.outcome, Outcome::Passed, "{marshalizer}: {}", report.name);
        });
        assert_eq!(summary.unwrap().passed, cases.len());
        remote.answers
    });
    assert!(!json.is_empty());
    assert_eq!(json, gob);
    assert_eq!(json, binary);
}

/// What a message says, apart from its place in a dialogue.
fn meaning(body: &Body) -> Vec<u8> {
    let base = Base {
        kind: body.kind() as u32,
        ..Base::default()
    };
    let sent = Marshalizer::Binary.encode(&base, body.record(), Dialect::Current);
    sent.unwrap()
}

fn read(kind: u64, payload: &str) -> (Base, Body) {
    let mut base = Base::default();
    let mut body = Body::empty(Kind::from_number(kind as u32).unwrap());
    let read = Marshalizer::Json.decode(payload.as_bytes(), &mut base, body.record_mut());
    read.unwrap();
    (base, body)
}

/// An account's address, and a key of its storage.
type Entry = (Bytes, Bytes);

/// The other end of a pipe: answers questions as they were answered when they were recorded. A question that came up
/// several times gets its answers in turn, and one that never came up an empty one.
#[derive(Clone, Default)]
struct Recorded {
    answers: BTreeMap<Vec<u8>, VecDeque<(String, Body)>>,
    /// What was read of storage.
    reads: BTreeMap<Entry, Bytes>,
    question: Vec<u8>,
    answer: VecDeque<u8>,
}

impl Recorded {
    fn new(hooks: &[Value], expand: impl Fn(&Value) -> String) -> Self {
        let mut recorded = Self::default();
        for hook in hooks {
            let (_, question) = read(hook[0].as_u64().unwrap(), &expand(&hook[1]));
            let (base, answer) = read(hook[2].as_u64().unwrap(), &expand(&hook[3]));
            if let (
                Body::BlockchainGetStorageDataRequest(question),
                Body::BlockchainGetStorageDataResponse(answer),
            ) = (&question, &answer)
            {
                let entry = (question.address.clone(), question.index.clone());
                recorded.reads.insert(entry, answer.data.clone());
            }
            let answers = recorded.answers.entry(meaning(&question)).or_default();
            answers.push_back((base.error, answer));
        }
        recorded
    }

    /// The output without what the recorded VM leaves random: the order of accounts and of their updates, and which
    /// updates and accounts are there that change nothing.
    fn orderly(&self, output: VmOutput) -> VmOutput {
        let mut output = comparable(output);
        output.gas_refund.get_or_insert_default();
        for account in &mut output.output_accounts {
            let address = &account.address;
            let changes = |update: &StorageUpdate| {
                self.reads.get(&(address.clone(), update.offset.clone())) != Some(&update.data)
            };
            account.storage_updates.retain(changes);
            account
                .storage_updates
                .sort_by(|one, other| one.offset.cmp(&other.offset));
        }
        let zero = BigInt::ZERO;
        output.output_accounts.retain(|account| {
            let nothing = OutputAccount {
                address: account.address.clone(),
                balance: account.balance.clone().filter(|balance| *balance == zero),
                balance_delta: account.balance_delta.clone().filter(|delta| *delta == zero),
                ..OutputAccount::default()
            };
            *account != nothing
        });
        output
            .output_accounts
            .sort_by(|one, other| one.address.cmp(&other.address));
        output
    }

    fn answer_to(&mut self, question: &Body) -> (String, Body) {
        if let Some(answers) = self.answers.get_mut(&meaning(question)) {
            let next = answers.pop_front().unwrap();
            if answers.is_empty() {
                answers.push_back(next.clone());
            }
            return next;
        }
        let mut body = Body::empty(question.kind().reply().unwrap());
        if let Body::BlockchainIsPayableResponse(answer) = &mut body {
            answer.result = true;
        }
        (String::new(), body)
    }
}

impl Write for Recorded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.question.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        let (kind, payload) = read_message(&mut &self.question[..], MAX_PAYLOAD).unwrap();
        self.question.clear();
        let (asked, question) = read(u64::from(kind), str::from_utf8(&payload).unwrap());
        let (error, body) = self.answer_to(&question);
        let base = Base {
            nonce: asked.nonce + 1,
            kind: body.kind() as u32,
            error,
        };
        let payload = Marshalizer::Json
            .encode(&base, body.record(), Dialect::Current)
            .unwrap();
        write_message(&mut self.answer, base.kind, &payload, MAX_PAYLOAD).unwrap();
        Ok(())
    }
}

impl Read for Recorded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.answer.read(buffer)
    }
}

fn records(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            records(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "jsonl") {
            found.push(path);
        }
    }
}

/// A recorded text, with `@init:` and `@blob:` replaced by the contents of the files they stand for.
fn expand(root: &Path, text: &Value) -> String {
    let mut parts = text.as_str().unwrap().split('@');
    let mut expanded = parts.next().unwrap().to_owned();
    for part in parts {
        let file = |name: &str, hash: &str| fs::read_to_string(root.join(name.replace('*', hash))).unwrap();
        match (part.split_at_checked(5), part.get(5..21)) {
            (Some(("init:", _)), Some(hash)) => expanded += &file("initialize/*.json", hash),
            (Some(("blob:", _)), Some(hash)) => expanded += &file("blobs/*.b64", hash),
            _ => {
                expanded.push('@');
                expanded += part;
                continue;
            }
        }
        expanded += &part[21..];
    }
    expanded
}

#[test]
fn recorded_dialogues_are_answered_alike_in_every_encoding() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let shared =
        ["../shared", "../../shared"].map(|shared| workspace.join(shared).join("conformance/dialogues"));
    let Some(root) = shared.into_iter().find(|root| root.is_dir()) else {
        eprintln!("skipped: no ../shared/conformance/dialogues");
        return;
    };
    let mut files = Vec::new();
    records(&root, &mut files);
    files.sort();
    let mut players = Players::default();
    for file in files {
        players.play(&root, &file);
    }
}

/// A driver for each encoding, for as long as the node initializes them alike.
#[derive(Default)]
struct Players {
    initialize: String,
    drivers: Vec<(Marshalizer, Driver)>,
}

impl Players {
    fn start(&mut self, initialize: String) {
        if self.initialize == initialize {
            return;
        }
        let mut frame = Vec::new();
        let kind = Kind::Initialize as u32;
        write_message(&mut frame, kind, initialize.as_bytes(), MAX_PAYLOAD).unwrap();
        let (arguments, dialect) = receive_initialize(&mut &frame[..]).unwrap();
        let start = |marshalizer| {
            Driver::start(DriverConfig {
                arguments: arguments.clone(),
                dialect,
                marshalizer,
                ..config()
            })
        };
        self.drivers = Marshalizer::ALL
            .map(|marshalizer| (marshalizer, start(marshalizer).unwrap()))
            .into();
        self.initialize = initialize;
    }

    fn play(&mut self, root: &Path, file: &Path) {
        for (number, line) in fs::read_to_string(file).unwrap().lines().enumerate() {
            let place = format!("{}:{}", file.display(), number + 1);
            let record: Value = serde_json::from_str(line).unwrap();
            if let Some(initialize) = record.get("initialize") {
                self.start(expand(root, initialize));
                continue;
            }
            let hooks = record["hooks"].as_array().unwrap();
            // Built-in functions and snapshots of the node, which nodes of then could not be asked for.
            if hooks.iter().any(|hook| hook[0].as_u64() > Some(57)) {
                continue;
            }
            let (_, request) = read(
                record["kind"].as_u64().unwrap(),
                &expand(root, &record["request"]),
            );
            let (_, reply) = read(
                record["reply_kind"].as_u64().unwrap(),
                &expand(root, &record["reply"]),
            );
            let recorded = Recorded::new(hooks, |text| expand(root, text));
            for (marshalizer, driver) in &mut self.drivers {
                let mut channel = Channel::new(recorded.clone());
                let lost = || ();
                let mut shelf = Shelf::default();
                let known = KnownAnswers::new(&[], &mut shelf);
                let mut node = PipeHooks::new(&mut channel, false, &lost, known);
                let output = match &request {
                    Body::GasScheduleChangeRequest(GasScheduleChangeRequest { gas_schedule }) => {
                        driver.change_gas_schedule(gas_schedule.clone()).unwrap();
                        continue;
                    }
                    Body::ContractDeployRequest(ContractDeployRequest {
                        create_input: Some(input),
                        ..
                    }) => driver.create(&mut node, input).unwrap(),
                    Body::ContractCallRequest(ContractCallRequest {
                        call_input: Some(input),
                        ..
                    }) => driver.call(&mut node, input).unwrap(),
                    Body::VersionRequest(_) => continue,
                    other => panic!("{place}: {other:?}"),
                };
                let Body::ContractResponse(ContractResponse {
                    output: Some(expected),
                    ..
                }) = &reply
                else {
                    panic!("{place}: {reply:?}")
                };
                let [output, expected] = [output, expected.clone()].map(|output| recorded.orderly(output));
                assert_eq!(output, expected, "{place}, {marshalizer}");
            }
        }
    }
}
