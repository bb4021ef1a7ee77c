//! The VM host as the loop's [`Machine`].

use arwen_eei::{GasBreakdown, Interrupt, Vm, VmSettings};
use arwen_interface::{BlockchainHook, CallInput, CreateInput, VmOutput};
use arwen_ipc_host::records::GasSchedule;
use arwen_metering::{Schedule, ScheduleError, UnknownKey};

use crate::machine::Machine;

/// A VM, and what it takes to build it again.
pub struct VmMachine {
    vm: Vm,
    settings: VmSettings,
    schedule: Schedule,
    gas: Option<GasBreakdown>,
}

impl VmMachine {
    /// Builds a VM. Returns with it what the schedule holds that has no meaning.
    ///
    /// # Errors
    /// The schedule or a setting cannot be used; the text is the reference's.
    pub fn new(settings: VmSettings, prices: &GasSchedule) -> Result<(Self, Vec<String>), String> {
        let (schedule, unknown) = read_schedule(prices).map_err(|error| error.reference_text())?;
        let vm = Vm::new(settings.clone(), schedule.clone()).map_err(|error| error.to_string())?;
        Ok((
            Self {
                vm,
                settings,
                schedule,
                gas: None,
            },
            unknown,
        ))
    }
}

fn read_schedule(prices: &GasSchedule) -> Result<(Schedule, Vec<String>), ScheduleError> {
    let (schedule, unknown) = Schedule::from_raw(prices)?;
    Ok((schedule, unknown.iter().map(UnknownKey::to_string).collect()))
}

impl Machine for VmMachine {
    fn create(&mut self, hook: &mut dyn BlockchainHook, input: &CreateInput) -> Result<VmOutput, String> {
        self.gas = None;
        let output = self.vm.create(hook, input).map_err(|error| error.to_string())?;
        self.gas = Some(self.vm.last_run_gas(&input.vm_input, &output));
        Ok(output)
    }

    fn call(&mut self, hook: &mut dyn BlockchainHook, input: &CallInput) -> Result<VmOutput, String> {
        self.gas = None;
        let output = self.vm.call(hook, input).map_err(|error| error.to_string())?;
        self.gas = Some(self.vm.last_run_gas(&input.vm_input, &output));
        Ok(output)
    }

    fn set_schedule(&mut self, prices: &GasSchedule) -> Result<Vec<String>, String> {
        let (schedule, unknown) = read_schedule(prices).map_err(|error| error.to_string())?;
        self.vm.set_schedule(schedule.clone());
        self.schedule = schedule;
        Ok(unknown)
    }

    fn recover(&mut self) -> Result<(), String> {
        self.vm = Vm::new(self.settings.clone(), self.schedule.clone()).map_err(|error| error.to_string())?;
        Ok(())
    }

    fn interrupt(&self) -> Interrupt {
        self.vm.interrupt()
    }

    fn give_back(&mut self) {
        self.vm.give_back();
    }

    fn last_run_gas(&self) -> Option<GasBreakdown> {
        self.gas
    }
}
