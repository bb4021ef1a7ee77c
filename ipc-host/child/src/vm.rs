//! The VM host as the loop's [`Machine`].

use arwen_eei::{Vm, VmSettings};
use arwen_interface::{BlockchainHook, CallInput, CreateInput, VmOutput};
use arwen_ipc_host::records::GasSchedule;
use arwen_metering::{Schedule, ScheduleError, UnknownKey};

use crate::machine::{GasBreakdown, Machine};

/// A VM, and what it takes to build it again.
pub struct VmMachine {
    vm: Vm,
    settings: VmSettings,
    schedule: Schedule,
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
        self.vm.create(hook, input).map_err(|error| error.to_string())
    }

    fn call(&mut self, hook: &mut dyn BlockchainHook, input: &CallInput) -> Result<VmOutput, String> {
        self.vm.call(hook, input).map_err(|error| error.to_string())
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

    fn interrupter(&self) -> Box<dyn Fn() + Send + Sync> {
        let interrupt = self.vm.interrupt();
        Box::new(move || interrupt.raise())
    }

    fn last_run_gas(&self) -> Option<GasBreakdown> {
        None
    }
}
