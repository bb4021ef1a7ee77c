//! Runs a case, and tells what matters of what came out.

use std::collections::BTreeMap;
use std::path::Path;

use arwen_eei::{RunObserver, StorageAccess, Tier, Vm};
use arwen_engine::Observer;
use arwen_interface::{
    BigInt, BlockchainHook, Bytes, CallInput, CreateInput, LogEntry, OutputTransfer, ReturnCode, VmOutput,
};
use arwen_scenario::files::Files;
use arwen_scenario::model::GasSchedule;
use arwen_scenario::run::{MachineError, scenario_prices, scenario_vm};
use arwen_scenario::{Machine, Parser, Runner};

use crate::both::Both;
use crate::input::RunInput;
use crate::record::Recorder;
use crate::stop::stops;

/// What a run does that others can see, and where it failed. What it looked at is no part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Effects {
    return_code: ReturnCode,
    return_message: Bytes,
    return_data: Vec<Bytes>,
    logs: Vec<LogEntry>,
    gas_remaining: u64,
    gas_refund: Option<BigInt>,
    /// By account: what it gains, new code, what it is sent.
    accounts: Vec<(Bytes, BigInt, Bytes, Vec<OutputTransfer>)>,
    /// What was written to storage, by account and key.
    written: BTreeMap<(Bytes, Bytes), Bytes>,
    stops: Vec<String>,
}

/// What a run did.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    /// The gas that the VM was given.
    pub gas_provided: u64,
    pub output: VmOutput,
    pub effects: Effects,
}

/// What a run wrote to storage.
#[derive(Default)]
pub(super) struct Written(BTreeMap<(Bytes, Bytes), Bytes>);

impl Observer for Written {}

impl RunObserver for Written {
    fn storage(&mut self, access: &StorageAccess<'_>) {
        if let Some(after) = access.after {
            let place = (access.account.to_vec(), access.key.to_vec());
            self.0.insert(place, after.to_vec());
        }
    }
}

/// Hears of a run what its effects need.
pub(super) type Watcher = Both<Recorder, Written>;

impl Watcher {
    pub(super) fn effects(&self, output: &VmOutput) -> Effects {
        let Self(recorder, Written(written)) = self;
        let failed = output.return_code != ReturnCode::Ok;
        let accounts = output.output_accounts.iter().filter_map(|account| {
            let gained = account.balance_delta.clone().unwrap_or_default();
            let (code, transfers) = (account.code.clone(), account.transfers.clone());
            let touched = gained != BigInt::ZERO || !code.is_empty() || !transfers.is_empty();
            touched.then(|| (account.address.clone(), gained, code, transfers))
        });
        Effects {
            return_code: output.return_code,
            return_message: output.return_message.clone(),
            return_data: output.return_data.clone(),
            logs: output.logs.clone(),
            gas_remaining: output.gas_remaining,
            gas_refund: output.gas_refund.clone(),
            accounts: accounts.collect(),
            written: match failed {
                true => BTreeMap::new(),
                false => written.clone(),
            },
            stops: stops(recorder).iter().map(ToString::to_string).collect(),
        }
    }
}

/// Runs scenarios of one transaction, again and again.
pub(super) struct Trials(Runner<TrialMachine>);

struct TrialMachine {
    vm: Vm,
    schedule: GasSchedule,
    /// What the last run did.
    ended: Option<Ended>,
}

impl Trials {
    /// # Errors
    /// When the VM cannot be set up.
    pub fn new() -> Result<Self, MachineError> {
        let schedule = GasSchedule::Default;
        let machine = TrialMachine {
            vm: scenario_vm(Tier::Observed, schedule)?,
            schedule,
            ended: None,
        };
        Ok(Self(Runner::new(machine)))
    }

    /// Runs the text of a scenario, with the files it names.
    ///
    /// # Errors
    /// In the scenario runner's words, when there is no output.
    pub fn run(&mut self, text: &str, files: &BTreeMap<String, Bytes>) -> Result<Ended, String> {
        let files = Memory(files);
        let scenario = Parser::new(&files)
            .scenario(text)
            .map_err(|error| format!("{}: {error}", error.pos))?;
        let ran = self.0.run_scenario(&scenario, Path::new(""), None);
        match (self.0.machine_mut().ended.take(), ran) {
            (Some(ended), _) => Ok(ended),
            (None, Err(failure)) => Err(failure.to_string()),
            (None, Ok(())) => Err("nothing was run".to_owned()),
        }
    }
}

/// Files by name.
struct Memory<'f>(&'f BTreeMap<String, Bytes>);

impl Files for Memory<'_> {
    fn read(&self, path: &str) -> Result<Bytes, String> {
        self.0.get(path).cloned().ok_or_else(|| format!("no file {path}"))
    }
}

impl TrialMachine {
    fn run(&mut self, node: &mut dyn BlockchainHook, input: &RunInput) -> Result<VmOutput, MachineError> {
        let mut watcher = Watcher::default();
        let output = input.run_observed(&mut self.vm, node, &mut watcher);
        let output = output.map_err(|error| MachineError(error.to_string()))?;
        self.ended = Some(Ended {
            gas_provided: input.vm_input().gas_provided,
            effects: watcher.effects(&output),
            output: output.clone(),
        });
        Ok(output)
    }
}

impl Machine for TrialMachine {
    fn set_schedule(&mut self, schedule: GasSchedule) -> Result<(), MachineError> {
        if schedule.bundled_name() != self.schedule.bundled_name() {
            self.vm.set_schedule(scenario_prices(schedule)?);
            self.schedule = schedule;
        }
        Ok(())
    }

    fn create(
        &mut self,
        node: &mut dyn BlockchainHook,
        input: &CreateInput,
    ) -> Result<VmOutput, MachineError> {
        self.run(node, &RunInput::Create(input.clone()))
    }

    fn call(&mut self, node: &mut dyn BlockchainHook, input: &CallInput) -> Result<VmOutput, MachineError> {
        self.run(node, &RunInput::Call(input.clone()))
    }
}
