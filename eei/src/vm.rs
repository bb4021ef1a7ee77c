//! The VM host: long-lived, one run at a time.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arwen_engine::{Config, Engine, Interrupt, Ruleset};
use arwen_interface::{BlockchainHook, CallInput, CallType, CreateInput, INTERRUPTED, VmInput, VmOutput};
use arwen_metering::{CostTable, Schedule};

use crate::cache::CodeCache;
use crate::call::{INIT, UPGRADE};
use crate::context::Run;
use crate::crypto;
use crate::errors::{EeiError, VmError};
use crate::machine::{Code, Machine};
use crate::observe::RunObserver;
use crate::preemption::Preemption;
use crate::settings::VmSettings;

/// The version the VM reports to nodes that ask.
pub const VERSION: &str = "v1.3";

/// A VM: settings, gas schedule, engine, compiled contracts.
pub struct Vm {
    core: Core,
}

/// What outlives a run.
pub(crate) struct Core {
    pub settings: VmSettings,
    pub schedule: Schedule,
    pub engine: Engine,
    pub preemption: Preemption,
    /// What interrupted runs held. To give it back takes milliseconds where it was much: megabytes of results, pages of
    /// memory. Who has interrupted a run does not wait for that.
    remains: Vec<Box<dyn Send>>,
    cache: CodeCache,
    /// Counts schedules, so that cost tables of older ones are not used.
    generation: u64,
    warm: Option<Machine>,
    /// What the current or last run was charged for, contracts it called included. No reply depends on it.
    pub gas_tally: GasTally,
}

/// Gas that was charged outside of operators, in gas units.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GasTally {
    pub loading: u64,
    pub api: u64,
}

/// What a run used its gas for, contracts it called included; in gas units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GasBreakdown {
    /// Loading code, and compiling it where that costs.
    pub loading: u64,
    /// The rest: WebAssembly operators, and built-in functions.
    pub operators: u64,
    /// Host functions.
    pub api: u64,
}

/// Contracts that may wait to be compiled. One that finds no place asks again with its next call.
const COMPILE_QUEUE: usize = 64;

impl Vm {
    /// A VM with these settings and gas prices.
    ///
    /// # Errors
    /// When the settings are not usable, in the reference's words.
    pub fn new(settings: VmSettings, schedule: Schedule) -> Result<Self, VmError> {
        if settings.protected_key_prefix.is_empty() {
            return Err(VmError("elrondProtectedKeyPrefix cannot be empty".into()));
        }
        let config = Config::new(&Ruleset::ARWEN_1_3)
            .tier(settings.tier)
            .background(settings.compile_threads, COMPILE_QUEUE)
            .artefacts(settings.artefacts.clone());
        let engine = Engine::new(config);
        let cache = CodeCache::new(settings.module_cache_bytes);
        let core = Core {
            settings,
            schedule,
            engine,
            preemption: Preemption::default(),
            remains: Vec::new(),
            cache,
            generation: 0,
            warm: None,
            gas_tally: GasTally::default(),
        };
        Ok(Self { core })
    }

    /// What the last run used its gas for, from its input and output. Gas that it only passed on with a transfer is not
    /// used. For tools: a failed run loses all its gas, and the rest then counts as operators.
    pub fn last_run_gas(&self, input: &VmInput, output: &VmOutput) -> GasBreakdown {
        let GasTally { loading, api } = self.core.gas_tally;
        let locked = match input.call_type {
            CallType::Callback => input.gas_locked,
            _ => 0,
        };
        let transfers = output
            .output_accounts
            .iter()
            .flat_map(|account| &account.transfers);
        let kept = transfers
            .flat_map(|transfer| [transfer.gas_limit, transfer.gas_locked])
            .chain([output.gas_remaining, loading, api]);
        let operators = kept.fold(input.gas_provided.saturating_add(locked), u64::saturating_sub);
        GasBreakdown {
            loading,
            operators,
            api,
        }
    }

    /// Replaces the gas prices. Compiled contracts stay; only their cost tables are made anew.
    pub fn set_schedule(&mut self, schedule: Schedule) {
        self.core.schedule = schedule;
        self.core.generation += 1;
        self.core.warm = None;
    }

    /// The settings.
    pub fn settings(&self) -> &VmSettings {
        &self.core.settings
    }

    /// Stops the current run from another thread; the run ends with an error. It stays raised until cleared.
    pub fn interrupt(&self) -> Interrupt {
        self.core.preemption.interrupt.clone()
    }

    /// Deploys a contract.
    ///
    /// # Errors
    /// When the run has no output: the reference panics in such a place, or the run was interrupted.
    pub fn create(
        &mut self,
        hook: &mut dyn BlockchainHook,
        input: &CreateInput,
    ) -> Result<VmOutput, VmError> {
        self.create_with(hook, input, None)
    }

    /// Deploys a contract, telling an observer. The output is the same.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn create_observed(
        &mut self,
        hook: &mut dyn BlockchainHook,
        input: &CreateInput,
        observer: &mut dyn RunObserver,
    ) -> Result<VmOutput, VmError> {
        self.create_with(hook, input, Some(observer))
    }

    fn create_with(
        &mut self,
        hook: &mut dyn BlockchainHook,
        input: &CreateInput,
        observer: Option<&mut dyn RunObserver>,
    ) -> Result<VmOutput, VmError> {
        self.run(hook, observer, "arwen.RunSmartContractCreate", |run| {
            run.observe_run(&input.vm_input, &[], INIT, |run| run.run_create(input))
        })
    }

    /// Calls a contract, or upgrades it when the function is `upgradeContract`.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn call(&mut self, hook: &mut dyn BlockchainHook, input: &CallInput) -> Result<VmOutput, VmError> {
        self.call_with(hook, input, None)
    }

    /// Calls or upgrades a contract, telling an observer. The output is the same.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn call_observed(
        &mut self,
        hook: &mut dyn BlockchainHook,
        input: &CallInput,
        observer: &mut dyn RunObserver,
    ) -> Result<VmOutput, VmError> {
        self.call_with(hook, input, Some(observer))
    }

    fn call_with(
        &mut self,
        hook: &mut dyn BlockchainHook,
        input: &CallInput,
        observer: Option<&mut dyn RunObserver>,
    ) -> Result<VmOutput, VmError> {
        let is_upgrade = input.function.as_bytes() == UPGRADE;
        let name = match is_upgrade {
            true => "arwen.RunSmartContractUpgrade",
            false => "arwen.RunSmartContractCall",
        };
        let output = self.run(hook, observer, name, |run| {
            run.observe_run(
                &input.vm_input,
                &input.recipient,
                input.function.as_bytes(),
                |run| match is_upgrade {
                    true => run.run_upgrade(input),
                    false => run.run_call(input),
                },
            )
        })?;
        if !is_upgrade && output.return_message == ALLOCATION_ERROR {
            self.core.warm = None;
        }
        Ok(output)
    }

    /// Gives back what the last run held, if it was interrupted; that may take milliseconds. The next run begins with it:
    /// this is for who has time before.
    pub fn give_back(&mut self) {
        self.core.remains.clear();
    }

    fn run(
        &mut self,
        hook: &mut dyn BlockchainHook,
        observer: Option<&mut dyn RunObserver>,
        name: &str,
        body: impl FnOnce(&mut Run<'_>) -> VmOutput,
    ) -> Result<VmOutput, VmError> {
        self.give_back();
        let core = &mut self.core;
        core.gas_tally = GasTally::default();
        core.preemption.begin();
        // For the run alone, like the hook.
        let observer = observer.map(|observer| -> &mut dyn RunObserver { observer });
        // A run's contexts die with it; what outlives it is consistent at every point that can panic.
        let result = catch_unwind(AssertUnwindSafe(|| {
            let mut run = Run::new(core, hook, observer);
            let output = body(&mut run);
            run.end();
            output
        }));
        let output = match result {
            result if self.core.preemption.has_cut_short() => {
                self.core.leave(result);
                return Err(VmError(INTERRUPTED.into()));
            }
            result => result.map_err(|payload| error_of(payload, name))?,
        };
        output.check_size().map_err(|error| VmError(error.to_string()))?;
        Ok(output)
    }
}

/// A contract that runs out of its own memory says so; a warm instance is then of no more use.
const ALLOCATION_ERROR: &[u8] = b"allocation error";

/// The error of a run that ended by unwinding: ours, or a panic's text in the reference's frame.
fn error_of(payload: Box<dyn Any + Send>, name: &str) -> VmError {
    let payload = match payload.downcast::<VmError>() {
        Ok(error) => return *error,
        Err(other) => other,
    };
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    VmError(format!("{name}, panic: {text}"))
}

impl Core {
    /// The compiled form of a contract.
    pub(crate) fn compile(&mut self, wasm: &[u8]) -> Result<Arc<Code>, EeiError> {
        if let Some(code) = self.cache.get(wasm) {
            return Ok(code);
        }
        let hash = crypto::sha256(wasm);
        if let Some(code) = self.cache.get_by_hash(&hash) {
            return Ok(code);
        }
        let code = Arc::new(Code::new(&self.engine, wasm, hash)?);
        self.cache.insert(hash, code.clone());
        Ok(code)
    }

    /// What the schedule asks for each charge of a contract.
    pub(crate) fn costs(&mut self, code: &Code) -> CostTable {
        let make = || code.module().costs(self.schedule.op_costs());
        self.cache.costs(code.hash(), self.generation, make)
    }

    /// Leaves something of an interrupted run, to be given back later.
    pub(crate) fn leave(&mut self, thing: impl Send + 'static) {
        self.remains.push(Box::new(thing));
    }

    /// The warm instance, if it is of the contract at `address`. Its counter starts anew; its memory does not.
    pub(crate) fn take_warm(&mut self, address: &[u8]) -> Option<Machine> {
        let machine = self.warm.take_if(|machine| machine.address == address)?;
        machine.meter().set_used(0);
        Some(machine)
    }

    /// Keeps an instance for the next call of the same contract.
    pub(crate) fn keep_warm(&mut self, machine: Machine) {
        self.warm = Some(machine);
    }
}

const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Vm>();
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_interrupted_runs_held_stays_until_it_is_given_back() {
        let schedule = Schedule::bundled("dummy").expect("it is bundled");
        let mut vm = Vm::new(VmSettings::default(), schedule.clone()).expect("the settings are usable");
        let thing = Arc::new(());
        vm.core.leave(thing.clone());
        vm.core.leave(thing.clone());
        assert_eq!(Arc::strong_count(&thing), 3);
        vm.give_back();
        assert_eq!(Arc::strong_count(&thing), 1);
    }
}
