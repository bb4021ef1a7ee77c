//! The VM as the runner's machine.

use std::fmt::{Debug, Display};

use arwen_eei::builtin::BuiltinPrices;
use arwen_eei::{Tier, Vm, VmSettings};
use arwen_interface::{BlockchainHook, CallInput, CreateInput, VmOutput};
use arwen_metering::Schedule;

use super::{Machine, MachineError};
use crate::model::GasSchedule;
use crate::world::scenario_name_services;

/// The VM type of scenario addresses.
const VM_TYPE: [u8; 2] = [0, 0];
/// The gas of a scenario's block.
const BLOCK_GAS_LIMIT: u64 = 10_000_000;

/// One VM; or two of different tiers, whose every output must be the same.
pub struct VmMachine {
    first: Vm,
    second: Option<Vm>,
    schedule: GasSchedule,
}

impl VmMachine {
    /// A machine that interprets.
    ///
    /// # Errors
    /// When the VM cannot be set up.
    pub fn interpreter() -> Result<Self, MachineError> {
        Self::new(Tier::Interpreter, None)
    }

    /// A machine that compiles.
    ///
    /// # Errors
    /// When the VM cannot be set up.
    pub fn jit() -> Result<Self, MachineError> {
        Self::new(Tier::Jit, None)
    }

    /// A machine that does both and compares.
    ///
    /// # Errors
    /// When a VM cannot be set up.
    pub fn both() -> Result<Self, MachineError> {
        Self::new(Tier::Interpreter, Some(Tier::Jit))
    }

    fn new(first: Tier, second: Option<Tier>) -> Result<Self, MachineError> {
        let schedule = GasSchedule::Default;
        Ok(Self {
            first: scenario_vm(first, schedule)?,
            second: second.map(|tier| scenario_vm(tier, schedule)).transpose()?,
            schedule,
        })
    }

    fn run(
        &mut self,
        mut one: impl FnMut(&mut Vm) -> Result<VmOutput, MachineError>,
    ) -> Result<VmOutput, MachineError> {
        let output = one(&mut self.first);
        let Some(second) = &mut self.second else {
            return output;
        };
        let other = one(second);
        if output == other {
            return output;
        }
        let what = match (&output, &other) {
            (Ok(first), Ok(second)) => difference(first, second),
            (first, second) => format!("{} / {}", ending(first), ending(second)),
        };
        Err(MachineError(format!("interpreter and compiler differ: {what}")))
    }
}

/// A VM as scenarios expect it.
///
/// # Errors
/// When it cannot be set up.
pub fn scenario_vm(tier: Tier, schedule: GasSchedule) -> Result<Vm, MachineError> {
    Vm::new(scenario_settings(tier), scenario_prices(schedule)?).map_err(machine_error)
}

/// The settings of that VM.
pub fn scenario_settings(tier: Tier) -> VmSettings {
    VmSettings {
        vm_type: VM_TYPE.to_vec(),
        block_gas_limit: BLOCK_GAS_LIMIT,
        account_updates: true,
        name_services: scenario_name_services().collect(),
        builtin_prices: Some(BuiltinPrices::uniform(1)),
        tier,
        ..VmSettings::default()
    }
}

fn machine_error(error: impl Display) -> MachineError {
    MachineError(error.to_string())
}

fn ending(result: &Result<VmOutput, MachineError>) -> String {
    match result {
        Ok(output) => output.return_code.to_string(),
        Err(error) => error.to_string(),
    }
}

/// Where two outputs differ, first come first served.
fn difference(first: &VmOutput, second: &VmOutput) -> String {
    let field = |name: &str, first: &dyn Debug, second: &dyn Debug| {
        let (first, second) = (format!("{first:?}"), format!("{second:?}"));
        (first != second).then(|| format!("{name}: {first} / {second}"))
    };
    let text = |output: &VmOutput| String::from_utf8_lossy(&output.return_message).into_owned();
    let accounts = || {
        let (mut left, mut right) = (first.output_accounts.iter(), second.output_accounts.iter());
        loop {
            match (left.next(), right.next()) {
                (None, None) => return None,
                (first, second) if first != second => return field("account", &first, &second),
                _ => {}
            }
        }
    };
    field("return code", &first.return_code, &second.return_code)
        .or_else(|| field("message", &text(first), &text(second)))
        .or_else(|| field("return data", &first.return_data, &second.return_data))
        .or_else(|| field("gas remaining", &first.gas_remaining, &second.gas_remaining))
        .or_else(|| field("gas refund", &first.gas_refund, &second.gas_refund))
        .or_else(|| field("logs", &first.logs, &second.logs))
        .or_else(accounts)
        .or_else(|| field("output", first, second))
        .unwrap_or_default()
}

/// The prices that scenarios mean by a schedule.
///
/// # Errors
/// When there are none of its name.
pub fn scenario_prices(schedule: GasSchedule) -> Result<Schedule, MachineError> {
    let name = schedule.bundled_name();
    Schedule::bundled(name)
        .cloned()
        .ok_or_else(|| MachineError(format!("no gas schedule is called {name}")))
}

impl Machine for VmMachine {
    fn set_schedule(&mut self, schedule: GasSchedule) -> Result<(), MachineError> {
        if schedule.bundled_name() != self.schedule.bundled_name() {
            for vm in [Some(&mut self.first), self.second.as_mut()]
                .into_iter()
                .flatten()
            {
                vm.set_schedule(scenario_prices(schedule)?);
            }
            self.schedule = schedule;
        }
        Ok(())
    }

    fn create(
        &mut self,
        node: &mut dyn BlockchainHook,
        input: &CreateInput,
    ) -> Result<VmOutput, MachineError> {
        self.run(|vm| vm.create(node, input).map_err(machine_error))
    }

    fn call(&mut self, node: &mut dyn BlockchainHook, input: &CallInput) -> Result<VmOutput, MachineError> {
        self.run(|vm| vm.call(node, input).map_err(machine_error))
    }
}
