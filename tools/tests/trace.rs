//! Traces hold all that a run depends on: replayed in any tier, or stepped through, it ends as it did.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arwen_eei::Tier;
use arwen_interface::{BlockchainHook, Bytes, CallInput, CallType, CreateInput, ReturnCode, VmOutput};
use arwen_scenario::files::Files;
use arwen_scenario::model::GasSchedule;
use arwen_scenario::run::{MachineError, VmMachine};
use arwen_scenario::{Machine, Parser, Runner, suite};
use arwen_tools::RunInput;
use arwen_tools::shrink::{ShrinkError, Shrunk, shrink};
use arwen_tools::step::{Console, session};
use arwen_tools::trace::{Answer, CallTrace, Question, TraceError, TracedVm};

const TIERS: [Tier; 4] = [Tier::Interpreter, Tier::Jit, Tier::Tiered, Tier::Observed];

/// Traces every call of a scenario, and compares it with compiled code that nobody watches.
struct Tracing {
    plain: VmMachine,
    schedule: GasSchedule,
    traces: Vec<CallTrace>,
}

impl Tracing {
    fn new() -> Self {
        Self {
            plain: VmMachine::jit().expect("a VM"),
            schedule: GasSchedule::Default,
            traces: Vec::new(),
        }
    }

    fn check(
        &mut self,
        node: &mut dyn BlockchainHook,
        input: RunInput,
        plain: Result<VmOutput, MachineError>,
    ) -> Result<VmOutput, MachineError> {
        let vm = TracedVm::of_scenarios(self.schedule);
        let trace = CallTrace::record("a call", vm, input, node).expect("a VM");
        let traced = trace
            .outcome
            .clone()
            .map_err(|error| MachineError(error.to_string()));
        assert_eq!(traced, plain, "recording changes the output");
        self.traces.push(trace);
        plain
    }
}

impl Machine for Tracing {
    fn set_schedule(&mut self, schedule: GasSchedule) -> Result<(), MachineError> {
        self.schedule = schedule;
        self.plain.set_schedule(schedule)
    }

    fn create(
        &mut self,
        node: &mut dyn BlockchainHook,
        input: &CreateInput,
    ) -> Result<VmOutput, MachineError> {
        let plain = self.plain.create(node, input);
        self.check(node, RunInput::Create(input.clone()), plain)
    }

    fn call(&mut self, node: &mut dyn BlockchainHook, input: &CallInput) -> Result<VmOutput, MachineError> {
        let plain = self.plain.call(node, input);
        self.check(node, RunInput::Call(input.clone()), plain)
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The traces of all calls in the scenarios below a folder, as a file holds them, with the scenario's name.
fn traces_of(folder: &Path) -> Vec<(String, CallTrace)> {
    let cases = suite::discover(&[folder.to_owned()]).expect("scenarios");
    let mut all = Vec::new();
    for case in cases {
        let mut runner = Runner::new(Tracing::new());
        // Some of the shared scenarios are there to fail.
        let _ = runner.run_file(&case.path, case.schedule);
        for trace in runner.into_machine().traces {
            let file = trace.to_json().expect("JSON");
            let read = CallTrace::from_json(&file).expect("a trace");
            assert_eq!(
                (&read.input, &read.asked, &read.outcome),
                (&trace.input, &trace.asked, &trace.outcome),
                "{}",
                case.name
            );
            all.push((case.name.clone(), read));
        }
    }
    all
}

fn replay_all(traces: &[(String, CallTrace)], tiers: &[Tier]) {
    for (name, trace) in traces {
        for tier in tiers {
            let replay = trace.replay(*tier).expect("a VM");
            assert!(replay.is_same(), "{name}, {tier:?}: {replay:?}");
            assert_eq!(replay.outcome, trace.outcome);
        }
    }
}

/// Gives the same commands at every stop.
struct Script(Vec<&'static str>, String);

impl Console for Script {
    fn command(&mut self) -> Option<String> {
        match self.0.len() {
            0 => None,
            _ => Some(self.0.remove(0).to_owned()),
        }
    }

    fn print(&mut self, text: &str) {
        self.1 += text;
    }
}

#[test]
fn every_call_of_the_examples_is_replayed_in_every_tier_and_stepped_through_to_the_same_output() {
    let traces = traces_of(&root().join("examples"));
    assert!(traces.len() > 50, "{} calls", traces.len());
    replay_all(&traces, &TIERS);
    for (name, trace) in &traces {
        let commands = vec![
            "step 5",
            "storage",
            "where",
            "break trap",
            "continue",
            "mem 0",
            "locals",
            "stack",
        ];
        let stepped = session(trace, &mut Script(commands, String::new())).expect("a VM");
        assert!(
            stepped.is_some_and(|replay| replay.is_same()),
            "{name}: stepping changes the output"
        );
    }
}

#[test]
fn a_break_point_on_out_of_gas_stops_before_it_with_everything_there_to_look_at() {
    let mut trace = transfer();
    let RunInput::Call(call) = &mut trace.input else {
        panic!("a call")
    };
    // Enough to load the code, and not to end.
    call.vm_input.gas_provided = 2_500_000;
    let mut script = Script(
        vec!["break out-of-gas", "continue", "where", "storage"],
        String::new(),
    );
    let replay = session(&trace, &mut script).expect("a VM").expect("not quit");
    let output = replay.outcome.expect("an output");
    assert_eq!(output.return_code, ReturnCode::OutOfGas, "{}", script.1);
    for wanted in [
        "break point 1: out-of-gas\n#",
        "in sc:token: transfer\n",
        "ended: out of gas (5)",
    ] {
        assert!(script.1.contains(wanted), "{wanted} in {}", script.1);
    }
}

#[test]
fn calls_of_shared_scenarios_are_replayed_to_the_same_output() {
    for folder in [
        "adder",
        "crowdfunding-esdt",
        "dns",
        "erc20-c",
        "erc20-rust",
        "features",
    ] {
        let shared = root().join("../shared/conformance/scenarios").join(folder);
        // The data are not part of the project; without them the examples must do.
        if shared.is_dir() {
            replay_all(&traces_of(&shared), &[Tier::Interpreter, Tier::Observed]);
        }
    }
}

/// The files of a scenario, by name.
struct Memory<'f>(&'f BTreeMap<String, Bytes>);

impl Files for Memory<'_> {
    fn read(&self, path: &str) -> Result<Bytes, String> {
        self.0.get(path).cloned().ok_or_else(|| format!("no file {path}"))
    }
}

fn passes(shrunk: &Shrunk) -> Result<(), String> {
    let files = Memory(&shrunk.files);
    let scenario = Parser::new(&files)
        .scenario(&shrunk.scenario)
        .map_err(|error| error.to_string())?;
    let mut runner = Runner::new(VmMachine::both().expect("a VM"));
    runner
        .run_scenario(&scenario, Path::new(""), None)
        .map_err(|failure| failure.to_string())
}

#[test]
fn every_call_of_the_examples_shrinks_to_a_scenario_that_passes() {
    for (name, trace) in traces_of(&root().join("examples")) {
        match shrink(&trace, "small") {
            Ok(shrunk) => {
                assert_eq!(passes(&shrunk), Ok(()), "{name}: {}", shrunk.scenario);
                assert!(shrunk.accounts.1 <= shrunk.accounts.0 && shrunk.entries.1 <= shrunk.entries.0);
            }
            Err(ShrinkError::Inexpressible(_)) => {
                assert_ne!(trace.input.vm_input().call_type, CallType::Direct, "{name}");
            }
            Err(error) => panic!("{name}: {error}\n{}", trace.to_json().expect("JSON")),
        }
    }
}

#[test]
fn what_does_not_matter_is_not_in_the_scenario() {
    let traces = traces_of(&root().join("examples/token/scenarios/transfer.scen.json"));
    // A transfer of more than the sender has fails as well when it has nothing.
    let shrunk = shrink(&traces[3].1, "small").expect("a scenario");
    assert_eq!(shrunk.accounts.1, 2, "{}", shrunk.scenario);
    assert_eq!(shrunk.entries, (1, 0), "{}", shrunk.scenario);
    assert_eq!(shrunk.files.keys().collect::<Vec<_>>(), ["small-1.wasm"]);
}

fn transfer() -> CallTrace {
    let mut traces = traces_of(&root().join("examples/token/scenarios/transfer.scen.json"));
    traces.remove(1).1
}

#[test]
fn another_answer_shows_field_by_field_and_a_missing_one_by_its_question() {
    let mut trace = transfer();
    for asked in &mut trace.asked {
        if let Question::StorageData { .. } = asked.question {
            asked.answers = vec![Answer::StorageData(Ok(vec![7]))];
        }
    }
    let replay = trace.replay(Tier::Interpreter).expect("a VM");
    let fields: Vec<&str> = replay.differences.iter().map(|it| it.field.as_str()).collect();
    assert!(replay.unanswered.is_empty());
    assert!(
        fields.contains(&"ok.returnCode") && fields.contains(&"ok.returnMessage"),
        "seven tokens are not enough: {fields:?}"
    );

    let mut trace = transfer();
    trace
        .asked
        .retain(|asked| !matches!(asked.question, Question::StorageData { .. }));
    let replay = trace.replay(Tier::Interpreter).expect("a VM");
    assert!(!replay.is_same());
    assert!(
        replay
            .unanswered
            .iter()
            .all(|question| question.name() == "storageData")
    );
    assert!(!replay.unanswered.is_empty());
}

#[test]
fn files_that_are_no_traces_of_this_version_are_refused() {
    let good = transfer().to_json().expect("JSON");
    for (text, error) in [
        ("{", "not a trace of a call: EOF"),
        ("{}", "not a trace of a call: its format is not arwen-call-trace"),
        (
            &good.replace("\"version\": 1", "\"version\": 2"),
            "a trace of version 2; this program reads version 1",
        ),
        (
            &good.replace("\"storageData\"", "\"storage\""),
            "].hook: expected the name of a hook",
        ),
        (
            &good.replace("\"gasProvided\": ", "\"gasProvided\": -"),
            "broken trace: input.call.vmInput.gasProvided: expected a number from 0 to 2^64-1",
        ),
        (
            &good.replace("\"outcome\"", "\"result\""),
            "broken trace: outcome: expected an object",
        ),
    ] {
        let found = CallTrace::from_json(text)
            .map(|_| ())
            .map_err(|error: TraceError| error.to_string());
        assert!(
            found.as_ref().is_err_and(|found| found.contains(error)),
            "{found:?} instead of {error}"
        );
    }
    let unpriced = good.replace("\"gasSchedule\": \"v3\"", "\"gasSchedule\": \"v9\"");
    let unpriced = CallTrace::from_json(&unpriced).expect("a trace");
    let error = unpriced
        .replay(Tier::Interpreter)
        .expect_err("no prices")
        .to_string();
    assert_eq!(
        error,
        "no gas schedule is called \"v9\"; there are v1, v2, v3, dummy"
    );
}

#[test]
fn what_fails_inside_a_called_contract_names_that_contract_and_what_was_handled_is_not_told() {
    // The shop sells nothing that the warehouse refuses; its transaction ends well all the same.
    let folder = root().join("examples/async-pair/scenarios/same-shard.scen.json");
    for (_, trace) in traces_of(&folder) {
        let mut recorder = arwen_tools::record::Recorder::default();
        let replay = trace.replay_observed(&mut recorder).expect("a VM");
        let output = replay.outcome.expect("an output");
        let stops = arwen_tools::stop::stops(&recorder);
        if output.return_code == ReturnCode::Ok {
            assert!(stops.is_empty(), "{stops:?}");
        } else {
            assert!(!stops.is_empty());
        }
    }
}
