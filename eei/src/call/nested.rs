//! A contract calls another one of its shard and waits for it.

use arwen_interface::{Bytes, CallType, OutputTransfer, ReturnCode};
use num_traits::Zero;

use crate::context::Run;
use crate::errors::EeiError;
use crate::machine::Machine;
use crate::observe::{self, CallBegin};

use super::{CALLBACK, Call, UPGRADE};

/// How a call made by a contract ended, as its caller learns it.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallEnd {
    pub return_code: ReturnCode,
    pub return_message: Bytes,
    pub return_data: Vec<Bytes>,
    pub gas_remaining: u64,
    /// The last transfer to the caller in the callee's output.
    pub last_transfer: Option<OutputTransfer>,
    /// What the caller fails with, if it does not look at the rest.
    pub error: Option<EeiError>,
}

impl CallEnd {
    /// Whether nothing went wrong.
    pub(crate) fn is_ok(&self) -> bool {
        self.error.is_none() && self.return_code == ReturnCode::Ok
    }

    /// The error alone.
    pub(crate) fn into_result(self) -> Result<(), EeiError> {
        self.error.map_or(Ok(()), Err)
    }
}

impl Run<'_> {
    /// Calls a contract, or a built-in function and the contract it leads to, with the callee's own storage. The
    /// callee sees nothing of its caller's return data and logs; when it ends well, its own are added to them.
    pub(crate) fn execute_on_dest(&mut self, call: Call) -> CallEnd {
        self.chain.push_state();
        let end = if self.is_builtin(&call.function) {
            self.call_builtin(&call)
        } else {
            self.call_contract(call)
        };
        if end.error.is_some() {
            self.chain.pop_set_state();
        } else {
            self.chain.pop_discard();
        }
        end
    }

    /// Calls a contract with its own storage. Nothing it did remains when it fails, what built-in functions did
    /// included only if the caller sees to it.
    pub(super) fn call_contract(&mut self, mut call: Call) -> CallEnd {
        let caller = self.runtime.address.clone();
        let before = self.begin_nested(&call);
        self.big_ints.put_aside();
        self.output.put_aside();
        self.hand_on_hashes(&mut call);
        self.runtime.push_state();
        self.runtime.start_call(&mut call);
        self.push_gas();
        self.start_gas();
        self.storage.push_state();
        self.storage.address.clone_from(&call.recipient);

        let result = self.pay_and_execute(&call);
        self.leave_what_was_interrupted();
        let end = match result {
            Ok(()) => self.end_well(&caller),
            Err(error) => self.end_badly(error),
        };

        let used = self.runtime.points_used();
        self.big_ints.pop_set_state();
        self.storage.pop_set_state();
        if end.return_code == ReturnCode::Ok {
            self.pop_merge_gas();
            self.output.pop_merge_state();
        } else {
            self.pop_set_gas();
            self.output.pop_set_state();
        }
        self.runtime.pop_set_state();
        // The caller paid for everything when the call began.
        self.restore_gas(end.gas_remaining);
        self.end_nested(before, used, end.return_code);
        end
    }

    /// Leaves what an interrupted call holds, before it would be given back here: the run is over, and somebody waits.
    fn leave_what_was_interrupted(&mut self) {
        if self.core.preemption.has_cut_short() {
            let output = std::mem::take(&mut self.output.state);
            self.core.leave((self.big_ints.take_all(), output));
        }
    }

    /// Tells that a contract makes a call; gives the counter of its instance.
    fn begin_nested(&mut self, call: &Call) -> u64 {
        self.tell(|observer| {
            observer.call_begin(&CallBegin {
                address: &call.recipient,
                function: &call.function,
                gas_provided: call.input.gas_provided,
            });
        });
        self.runtime.points_used()
    }

    /// Tells that the call has ended. `before` is what [`begin_nested`](Self::begin_nested) gave, `used` the counter of
    /// the callee.
    fn end_nested(&mut self, before: u64, used: u64, return_code: ReturnCode) {
        let gas = i128::from(self.runtime.points_used()) - i128::from(before);
        let end = observe::CallEnd {
            gas,
            used,
            return_code,
        };
        self.tell(|observer| observer.call_end(&end));
    }

    fn pay_and_execute(&mut self, call: &Call) -> Result<(), EeiError> {
        let value = self.runtime.call_value();
        // The value of a callback has already arrived with the transfer it reports.
        if call.input.call_type != CallType::Callback || value.is_zero() {
            self.transfer_value_only(&call.recipient, &call.input.caller, &value, false)?;
        }
        self.execute(call)
    }

    fn end_well(&mut self, caller: &[u8]) -> CallEnd {
        self.output.accounts.drop_read_code_of_call();
        if let Err(error) = self.close_output() {
            let end = self.end_badly(error);
            // The caller sees a failed execution, whatever it was that failed after it.
            return CallEnd {
                error: Some(EeiError::ExecutionFailed),
                ..end
            };
        }
        let state = &self.output.state;
        CallEnd {
            return_code: state.return_code,
            return_message: state.return_message.clone(),
            return_data: state.return_data.clone(),
            gas_remaining: state.gas_remaining,
            last_transfer: self
                .output
                .accounts
                .get(caller)
                .and_then(|account| account.transfers().last().cloned()),
            error: None,
        }
    }

    /// The end of a call that failed, made while the callee's output is still there.
    pub(super) fn end_badly(&mut self, error: EeiError) -> CallEnd {
        let output = self.error_output(&error);
        CallEnd {
            return_code: output.return_code,
            return_message: output.return_message,
            error: Some(error),
            ..CallEnd::default()
        }
    }

    /// Runs the code of another contract on the running contract's storage. Return data, logs and big integers are
    /// shared.
    ///
    /// # Errors
    /// When the callee fails; nothing it did remains.
    pub(crate) fn execute_on_same(&mut self, mut call: Call) -> Result<(), EeiError> {
        if self.is_builtin(&call.function) {
            return Err(EeiError::BuiltinOnSameContext);
        }
        let before = self.begin_nested(&call);
        self.big_ints.push_state();
        self.output.push_state();
        self.hand_on_hashes(&mut call);
        self.runtime.push_state();
        self.runtime.start_call(&mut call);
        self.push_gas();
        self.start_gas();
        self.chain.push_state();

        let value = self.runtime.call_value();
        let result = self.transfer_value_only(&call.recipient, &call.input.caller, &value, false);
        let result = result.and_then(|()| self.execute(&call));
        self.leave_what_was_interrupted();

        let used = self.runtime.points_used();
        if result.is_err() || self.output.state.return_code != ReturnCode::Ok {
            let return_code = self.output.state.return_code;
            self.big_ints.pop_set_state();
            self.pop_set_gas();
            self.output.pop_set_state();
            let return_code = match &result {
                Ok(()) => return_code,
                Err(error) => error.return_code(),
            };
            self.runtime.pop_set_state();
            self.chain.pop_set_state();
            self.end_nested(before, used, return_code);
            return result;
        }
        self.output.accounts.drop_read_code();
        // Gas that does not add up costs what was left, and is no failure here.
        let remaining = match self.close_output() {
            Ok(()) => self.output.state.gas_remaining,
            Err(error) => self.end_badly(error).gas_remaining,
        };
        self.pop_merge_gas();
        self.output.pop_discard();
        self.big_ints.pop_discard();
        self.chain.pop_discard();
        self.runtime.pop_set_state();
        self.restore_gas(remaining);
        self.end_nested(before, used, ReturnCode::Ok);
        Ok(())
    }

    /// A call belongs to the transaction that its caller belongs to.
    fn hand_on_hashes(&self, call: &mut Call) {
        if !self.flags.esdt_functions {
            return;
        }
        let from = &self.runtime.input;
        let hashes = [
            (&mut call.input.original_tx_hash, &from.original_tx_hash),
            (&mut call.input.current_tx_hash, &from.current_tx_hash),
            (&mut call.input.prev_tx_hash, &from.prev_tx_hash),
        ];
        for (hash, known) in hashes {
            if !known.is_empty() {
                hash.clone_from(known);
            }
        }
    }

    /// Runs the callee. All its gas is taken from the caller's instance, which is still the current one.
    fn execute(&mut self, call: &Call) -> Result<(), EeiError> {
        if call.is_init() && !call.allow_init {
            return Err(EeiError::InitCalledDirectly);
        }
        self.use_gas(self.gas.provided);
        if call.function == UPGRADE {
            return self.execute_upgrade(call);
        }
        let code = self.code(&call.recipient)?;
        self.runtime.code_size = code.len() as u64;
        self.pay_for_execution(&code)?;
        self.with_instance(&code, false, Self::call_function)?;
        self.require_ok()
    }

    fn call_function(&mut self, machine: &mut Machine) -> Result<(), EeiError> {
        let function = self.runtime.function.clone();
        if function == CALLBACK && !machine.exports(&function) {
            return Ok(());
        }
        self.run_export(machine, &function)
    }

    /// A callee may end well with another return code: that of a built-in function it called.
    pub(super) fn require_ok(&self) -> Result<(), EeiError> {
        if self.output.state.return_code == ReturnCode::Ok {
            Ok(())
        } else {
            Err(EeiError::ReturnCodeNotOk)
        }
    }
}
