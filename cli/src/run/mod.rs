//! `arwen run`: a contract in a local world, through a VM child and its pipes.

mod job;
mod report;

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use arwen_eei::{Tier, Vm, VmSettings};
use arwen_interface::{BigInt, Bytes, CallInput, CreateInput, ReturnCode, VmInput, VmOutput};
use arwen_ipc_host::driver::{Driver, DriverConfig, DriverError};
use arwen_ipc_host::gas_line;
use arwen_ipc_host::log::LogProfile;
use arwen_ipc_host::records::InitializeArguments;
use arwen_metering::Schedule;
use arwen_scenario::{Account, World};
use arwen_tools::RunInput;
use arwen_tools::record::Recorder;
use arwen_tools::stop::{Stop, stops};

use crate::output;
use job::{Job, JobError, Step};
use report::{Report, StepReport};

/// What each caller has to begin with: a million EGLD, in its smallest unit.
const FUNDS: u128 = 1_000_000 * 10u128.pow(18);

/// The two bytes of this VM in contract addresses.
const VM_TYPE: [u8; 2] = [5, 0];

/// The gas of a whole block. Contracts may ask for it; nothing here depends on it.
const BLOCK_GAS_LIMIT: u64 = 1_500_000_000;

/// A run that came to no report.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error("{0}")]
    Job(#[from] JobError),
    #[error("{0}")]
    Driver(#[from] DriverError),
    #[error("this program's own path is unknown: {0}")]
    Program(io::Error),
    #[error("{0}")]
    World(String),
}

impl RunError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Job(_) => 2,
            Self::Driver(_) | Self::Program(_) | Self::World(_) => 3,
        }
    }
}

/// Runs the job at `path` and prints what happened.
pub fn main(path: &Path, json: bool, timeout: u64) -> ExitCode {
    let timeout = (timeout > 0).then(|| Duration::from_millis(timeout));
    let report = match run(path, timeout) {
        Ok(report) => report,
        Err(error) => {
            output::complain(format_args!("arwen run: {error}"));
            return ExitCode::from(error.exit_code());
        }
    };
    let text = match json {
        true => serde_json::to_string_pretty(&report).unwrap_or_default(),
        false => report.to_string(),
    };
    match output::print_line(text) {
        Ok(()) => ExitCode::from(u8::from(!report.passed)),
        Err(error) => {
            output::complain(format_args!("arwen run: standard output: {error}"));
            ExitCode::from(2)
        }
    }
}

fn run(path: &Path, timeout: Option<Duration>) -> Result<Report, RunError> {
    let job = Job::read(path)?;
    let config = DriverConfig {
        program: Some(std::env::current_exe().map_err(RunError::Program)?),
        arguments: InitializeArguments {
            vm_type: VM_TYPE.to_vec(),
            block_gas_limit: BLOCK_GAS_LIMIT,
            gas_schedule: job.schedule.clone(),
            protected_key_prefix: b"ELROND".to_vec(),
            ..InitializeArguments::default()
        },
        timeout,
        log_profile: LogProfile {
            patterns: format!("*:NONE,{}:TRACE", gas_line::LOGGER),
            ..LogProfile::default()
        },
        ..DriverConfig::default()
    };
    let mut driver = Driver::start(config)?;
    let mut report = Report::new(&job, driver.version()?);
    let mut world = World::new();
    for step in std::iter::once(&job.deploy).chain(&job.calls) {
        let caller = step.caller.clone();
        world
            .accounts
            .entry(caller)
            .or_insert_with(|| Account::with_balance(BigInt::from(FUNDS)));
    }
    let mut local = Local {
        driver,
        world,
        schedule: Schedule::from_raw(&job.schedule)
            .ok()
            .map(|(schedule, _)| schedule),
    };
    let contract = local.deploy(&job, &mut report)?;
    if let Some(contract) = contract {
        for call in &job.calls {
            local.call(call, &contract, &mut report)?;
        }
    }
    report.passed = report.steps.iter().all(|step| step.problems.is_empty());
    local.driver.stop();
    Ok(report)
}

/// A world and the VM that changes it.
struct Local {
    driver: Driver,
    world: World,
    /// The prices, for a VM that explains failures.
    schedule: Option<Schedule>,
}

impl Local {
    /// Deploys the contract. Its address, unless the deployment failed.
    fn deploy(&mut self, job: &Job, report: &mut Report) -> Result<Option<Bytes>, RunError> {
        let step = &job.deploy;
        let vm_input = self.begin(step)?;
        let code_metadata = step.code_metadata.clone();
        let input = CreateInput {
            vm_input,
            code: job.code.clone(),
            code_metadata,
        };
        let output = self.driver.create(&mut self.world, &input)?;
        let stops = self.stops(RunInput::Create(input), &output);
        let deployed = output
            .output_accounts
            .iter()
            .find(|account| account.code == job.code);
        let contract = deployed.map(|account| account.address.clone());
        let contract = contract.filter(|_| output.return_code == ReturnCode::Ok);
        let address = contract.as_deref().unwrap_or_default();
        self.end(step, address, (&output, stops), report)?;
        Ok(contract)
    }

    fn call(&mut self, step: &Step, contract: &[u8], report: &mut Report) -> Result<(), RunError> {
        let input = CallInput {
            vm_input: self.begin(step)?,
            recipient: contract.to_vec(),
            function: step.function.clone().unwrap_or_default(),
            allow_init_function: false,
        };
        let output = self.driver.call(&mut self.world, &input)?;
        let stops = self.stops(RunInput::Call(input), &output);
        self.end(step, contract, (&output, stops), report)
    }

    fn begin(&mut self, step: &Step) -> Result<VmInput, RunError> {
        self.world
            .begin_transaction(&step.caller, step.gas_limit, 0)
            .map_err(|error| RunError::World(error.to_string()))?;
        Ok(VmInput {
            caller: step.caller.clone(),
            arguments: step.arguments.clone(),
            call_value: Some(step.value.clone()),
            gas_provided: step.gas_limit,
            ..VmInput::default()
        })
    }

    /// Where contracts stopped in a failed run: runs it again in this process, where it can be watched.
    fn stops(&mut self, input: RunInput, output: &VmOutput) -> Vec<Stop> {
        let Some(schedule) = self
            .schedule
            .as_ref()
            .filter(|_| output.return_code != ReturnCode::Ok)
        else {
            return Vec::new();
        };
        let settings = VmSettings {
            vm_type: VM_TYPE.to_vec(),
            block_gas_limit: BLOCK_GAS_LIMIT,
            tier: Tier::Observed,
            ..VmSettings::default()
        };
        let Ok(mut vm) = Vm::new(settings, schedule.clone()) else {
            return Vec::new();
        };
        let mut recorder = Recorder::default();
        match input.run_observed(&mut vm, &mut self.world, &mut recorder) {
            // Another failure than the child's would explain nothing.
            Ok(again) if again == *output => stops(&recorder),
            _ => Vec::new(),
        }
    }

    /// Reports the output and applies it to the world.
    fn end(
        &mut self,
        step: &Step,
        contract: &[u8],
        (output, stops): (&VmOutput, Vec<Stop>),
        report: &mut Report,
    ) -> Result<(), RunError> {
        let split = self.driver.last_run_gas();
        let mut reported = StepReport::new(step, contract, output, split, &self.world);
        reported.stops = stops.iter().map(Stop::to_string).collect();
        report.steps.push(reported);
        if output.return_code == ReturnCode::Ok {
            self.world
                .commit(&step.caller, &step.value, output)
                .map_err(|error| RunError::World(error.to_string()))?;
        }
        Ok(())
    }
}
