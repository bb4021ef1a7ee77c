//! Making an instance and running a function of it.

use std::sync::Arc;

use arwen_engine::Trap;
use arwen_interface::Bytes;

use crate::admission::{ExportRefusal, export_refusal};
use crate::context::Run;
use crate::context::runtime::{Breakpoint, MAX_INSTANCES};
use crate::context::{OUT_OF_MEMORY, abort};
use crate::errors::EeiError;
use crate::machine::Machine;
use crate::observe::RunningCode;

impl Run<'_> {
    /// Makes an instance of `code` the current one, with what is left for execution as its limit, and lets `body`
    /// use it. The instance is gone afterwards, unless it is kept warm.
    ///
    /// # Errors
    /// When there are too many instances, or when `code` is no contract. New code is checked more strictly.
    pub(crate) fn with_instance<T>(
        &mut self,
        code: &Arc<Bytes>,
        new_code: bool,
        body: impl FnOnce(&mut Self, &mut Machine) -> Result<T, EeiError>,
    ) -> Result<T, EeiError> {
        if self.core.preemption.is_over() {
            self.runtime.instance = None;
            return Err(EeiError::ExecutionFailed);
        }
        if self.runtime.waiting_instances() >= MAX_INSTANCES {
            self.runtime.instance = None;
            return Err(EeiError::MaxInstancesReached);
        }
        let mut machine = match self.core.take_warm(&self.runtime.address) {
            Some(machine) => machine,
            None => match self.new_machine(code, new_code) {
                Ok(machine) => machine,
                Err(error) => {
                    self.runtime.instance = None;
                    return Err(error);
                }
            },
        };
        let meter = machine.meter();
        meter.set_limit(self.gas.for_execution);
        self.tell_code(&machine);
        self.runtime.enter_instance(meter, machine.code.clone());
        let result = body(self, &mut machine);
        if self.core.settings.use_warm_instance {
            self.core.keep_warm(machine);
        } else if self.core.preemption.has_cut_short() {
            self.core.leave(machine);
        }
        result
    }

    fn tell_code(&mut self, machine: &Machine) {
        let (used, address) = (machine.meter().used(), &self.runtime.address);
        if let Some(observer) = self.observer.as_deref_mut() {
            observer.code(&RunningCode {
                address,
                hash: machine.code.hash(),
                module: machine.code.module(),
                prices: self.core.schedule.op_costs(),
                used,
            });
        }
    }

    fn new_machine(&mut self, code: &[u8], new_code: bool) -> Result<Machine, EeiError> {
        let compiled = self.core.compile(code)?;
        let machine = Machine::start(self.core, compiled, &self.runtime.address)?;
        if self.core.settings.save_compiled_code {
            // What the node keeps is never asked back: the VM has its own cache.
            self.chain.hook.save_compiled_code(machine.code.hash(), &[]);
        }
        if new_code {
            self.verify(&machine)?;
        }
        Ok(machine)
    }

    /// What new code must be: it exports a memory, its functions have proper names and no parameters or results,
    /// and it imports nothing whose time has not come.
    fn verify(&self, machine: &Machine) -> Result<(), EeiError> {
        let code = &machine.code;
        if !code.exports_memory() {
            return Err(EeiError::MemoryMissing);
        }
        for (name, is_void) in code.exported_functions() {
            match export_refusal(name, is_void, &self.core.settings.builtin_function_names) {
                None => {}
                Some(ExportRefusal::Signature) => return Err(EeiError::nonvoid_signature(name)),
                Some(_) => return Err(EeiError::invalid_name(name)),
            }
        }
        if !self.flags.esdt_functions && ESDT_FUNCTIONS.iter().any(|name| code.imports_function(name)) {
            return Err(EeiError::ContractInvalid);
        }
        Ok(())
    }

    /// Runs an exported function of the current instance and sees to the breakpoint it stopped at.
    pub(crate) fn run_export(&mut self, machine: &mut Machine, function: &[u8]) -> Result<(), EeiError> {
        match machine.invoke(function, self) {
            None => Err(EeiError::FunctionNotFound),
            Some(Ok(())) => Ok(()),
            Some(Err(trap)) => self.after_trap(trap),
        }
    }

    fn after_trap(&mut self, trap: Trap) -> Result<(), EeiError> {
        if trap == Trap::Interrupted {
            self.core.preemption.cut_short();
        }
        // Nothing of this run counts, a registered call least of all.
        if self.core.preemption.has_cut_short() {
            return Err(EeiError::ExecutionFailed);
        }
        // Whatever the contract did about it.
        if trap == Trap::NoMemory {
            abort(OUT_OF_MEMORY);
        }
        match self.runtime.breakpoint() {
            Breakpoint::None => Err(match trap {
                Trap::OutOfGas => EeiError::NotEnoughGas,
                _ => EeiError::ExecutionFailed,
            }),
            Breakpoint::ExecutionFailed => Err(EeiError::ExecutionFailed),
            Breakpoint::AsyncCall => self.do_async_call(),
            Breakpoint::SignalError => Err(EeiError::SignalError),
            Breakpoint::OutOfGas => Err(EeiError::NotEnoughGas),
        }
    }
}

/// What contracts may not import before the ESDT functions are enabled.
const ESDT_FUNCTIONS: [&str; 12] = [
    "transferESDTExecute",
    "transferESDTNFTExecute",
    "transferValueExecute",
    "getESDTBalance",
    "getESDTTokenData",
    "getESDTTokenType",
    "getESDTTokenNonce",
    "getCurrentESDTNFTNonce",
    "getESDTNFTNameLength",
    "getESDTNFTAttributeLength",
    "getESDTNFTURILength",
    "bigIntGetESDTExternalBalance",
];
