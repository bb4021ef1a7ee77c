//! Runs scenarios under observation.

use std::sync::{Arc, Mutex, PoisonError};

use arwen_eei::{RunObserver, Tier, Vm};
use arwen_interface::{BlockchainHook, CallInput, CreateInput, VmOutput};
use arwen_scenario::Machine;
use arwen_scenario::model::{GasSchedule, TxStep};
use arwen_scenario::run::{MachineError, scenario_prices, scenario_vm};

use crate::input::RunInput;
use crate::record::Recorder;
use crate::stop::{Stop, stops};

/// Takes over the recordings of machines that are gone. A clone is the same collector.
#[derive(Clone, Default)]
pub struct Collector(Arc<Mutex<Vec<Recorder>>>);

impl Collector {
    /// The recordings so far, in no particular order; they are taken.
    pub fn take(&self) -> Vec<Recorder> {
        // A list of recordings is valid at every moment.
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A VM in the observed tier, and what it has done so far. Its outputs are those of any other machine.
pub struct RecordingMachine {
    vm: Vm,
    schedule: GasSchedule,
    recorder: Recorder,
    collector: Option<Collector>,
}

impl Drop for RecordingMachine {
    fn drop(&mut self) {
        if let Some(Collector(recordings)) = &self.collector {
            let mut recordings = recordings.lock().unwrap_or_else(PoisonError::into_inner);
            recordings.push(std::mem::take(&mut self.recorder));
        }
    }
}

impl RecordingMachine {
    /// A machine that has done nothing yet, and leaves what it will have done to a collector.
    ///
    /// # Errors
    /// When the VM cannot be set up.
    pub fn collected_by(collector: &Collector) -> Result<Self, MachineError> {
        let mut machine = Self::new()?;
        machine.collector = Some(collector.clone());
        Ok(machine)
    }

    /// A machine that has done nothing yet.
    ///
    /// # Errors
    /// When the VM cannot be set up.
    pub fn new() -> Result<Self, MachineError> {
        let schedule = GasSchedule::Default;
        Ok(Self {
            vm: scenario_vm(Tier::Observed, schedule)?,
            schedule,
            recorder: Recorder::default(),
            collector: None,
        })
    }

    /// What it has done.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    fn run(
        &mut self,
        run: impl FnOnce(&mut Vm, &mut dyn RunObserver) -> Result<VmOutput, arwen_eei::VmError>,
    ) -> Result<VmOutput, MachineError> {
        let output = run(&mut self.vm, &mut self.recorder);
        output.map_err(|error| {
            self.recorder.abandon();
            MachineError(error.to_string())
        })
    }
}

impl Machine for RecordingMachine {
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
        self.run(|vm, observer| vm.create_observed(node, input, observer))
    }

    fn call(&mut self, node: &mut dyn BlockchainHook, input: &CallInput) -> Result<VmOutput, MachineError> {
        self.run(|vm, observer| vm.call_observed(node, input, observer))
    }

    fn begin(&mut self, _: &TxStep) {
        self.recorder.forget_traps();
    }

    fn stops(&mut self, _: &mut dyn BlockchainHook) -> Vec<String> {
        stops(&self.recorder).iter().map(Stop::to_string).collect()
    }
}

/// A machine that can tell where contracts stopped: it runs what failed again, in the observed tier.
pub struct ExplainingMachine<M> {
    machine: M,
    schedule: GasSchedule,
    /// What the current transaction ran.
    input: Option<RunInput>,
}

impl<M> ExplainingMachine<M> {
    /// Runs on another machine, which has the prices that scenarios begin with.
    pub fn new(machine: M) -> Self {
        Self {
            machine,
            schedule: GasSchedule::Default,
            input: None,
        }
    }

    fn observe(&self, node: &mut dyn BlockchainHook) -> Result<Vec<String>, MachineError> {
        let mut observed = RecordingMachine::new()?;
        observed.set_schedule(self.schedule)?;
        if let Some(input) = &self.input {
            // The failure is what is to be explained.
            let _ = observed.run(|vm, observer| input.run_observed(vm, node, observer));
        }
        Ok(observed.stops(node))
    }
}

impl<M: Machine> Machine for ExplainingMachine<M> {
    fn set_schedule(&mut self, schedule: GasSchedule) -> Result<(), MachineError> {
        self.schedule = schedule;
        self.machine.set_schedule(schedule)
    }

    fn create(
        &mut self,
        node: &mut dyn BlockchainHook,
        input: &CreateInput,
    ) -> Result<VmOutput, MachineError> {
        self.input = Some(RunInput::Create(input.clone()));
        self.machine.create(node, input)
    }

    fn call(&mut self, node: &mut dyn BlockchainHook, input: &CallInput) -> Result<VmOutput, MachineError> {
        self.input = Some(RunInput::Call(input.clone()));
        self.machine.call(node, input)
    }

    fn begin(&mut self, step: &TxStep) {
        self.input = None;
        self.machine.begin(step);
    }

    fn stops(&mut self, node: &mut dyn BlockchainHook) -> Vec<String> {
        // A VM that cannot be set up explains nothing.
        self.observe(node).unwrap_or_default()
    }
}
