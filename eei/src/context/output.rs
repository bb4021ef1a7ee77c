//! What a run changes: accounts, return data, logs. Saved, censored and merged around nested calls.

use std::collections::BTreeMap;

use arwen_interface::{
    AccountUpdate, BigInt, Bytes, CallType, LogEntry, OutputAccount, OutputTransfer, ReturnCode, VmOutput,
};
use num_traits::Signed;

use crate::errors::EeiError;

use super::Run;
use super::accounts::{Accounts, Head};

/// What a call saves, censors and merges, its accounts aside.
#[derive(Debug, Default)]
pub(crate) struct OutputState {
    pub return_data: Vec<Bytes>,
    pub return_code: ReturnCode,
    pub return_message: Bytes,
    pub gas_remaining: u64,
    pub gas_refund: BigInt,
    pub logs: Vec<LogEntry>,
}

/// What the caller of a running contract had.
#[derive(Debug)]
enum Saved {
    /// All of it: the callee sees none of it.
    Aside(OutputState),
    /// The callee goes on with its return data and logs, which are more now.
    Shared {
        /// Without return data and logs.
        state: OutputState,
        return_data: usize,
        /// Items that were put before the return data since.
        inserted: usize,
        logs: usize,
    },
}

/// The output of the running contract and those of its callers.
#[derive(Default)]
pub(crate) struct Output {
    pub state: OutputState,
    pub accounts: Accounts,
    saved: Vec<Saved>,
    /// What built-in functions changed besides.
    pub account_updates: Vec<AccountUpdate>,
}

impl Output {
    /// An account to change, and whether this made it.
    pub(crate) fn account(&mut self, address: &[u8]) -> (&mut Head, bool) {
        self.accounts.get_or_make(address)
    }

    /// Saves the state for a callee that shares its return data and logs.
    pub(crate) fn push_state(&mut self) {
        self.accounts.push();
        self.saved.push(Saved::Shared {
            state: OutputState {
                return_code: self.state.return_code,
                return_message: self.state.return_message.clone(),
                gas_remaining: self.state.gas_remaining,
                gas_refund: self.state.gas_refund.clone(),
                ..OutputState::default()
            },
            return_data: self.state.return_data.len(),
            inserted: 0,
            logs: self.state.logs.len(),
        });
    }

    /// Saves the state and hides from a callee what is its caller's alone. Accounts stay visible.
    pub(crate) fn put_aside(&mut self) {
        self.accounts.push();
        self.saved.push(Saved::Aside(std::mem::take(&mut self.state)));
    }

    /// Returns to the caller's output as it was.
    pub(crate) fn pop_set_state(&mut self) {
        self.accounts.pop_undo();
        match self.saved.pop() {
            None => {}
            Some(Saved::Aside(state)) => self.state = state,
            Some(Saved::Shared {
                state,
                return_data: had,
                inserted,
                logs: logged,
            }) => {
                let OutputState {
                    mut return_data,
                    mut logs,
                    ..
                } = std::mem::replace(&mut self.state, state);
                return_data.drain(..inserted);
                return_data.truncate(had);
                logs.truncate(logged);
                self.state.return_data = return_data;
                self.state.logs = logs;
            }
        }
    }

    /// Returns to the caller's output, which a callee that shared it has changed.
    pub(crate) fn pop_discard(&mut self) {
        self.accounts.pop_keep();
        self.saved.pop();
    }

    /// Returns to the caller's output with the callee's merged into it.
    pub(crate) fn pop_merge_state(&mut self) {
        self.accounts.pop_merge();
        if let Some(Saved::Aside(state)) = self.saved.pop() {
            let callee = std::mem::replace(&mut self.state, state);
            self.state.merge(callee);
        }
    }

    /// Puts an item before the return data.
    pub(crate) fn insert_return_data(&mut self, item: Bytes) {
        self.state.return_data.insert(0, item);
        for saved in self.saved.iter_mut().rev() {
            match saved {
                Saved::Shared { inserted, .. } => *inserted += 1,
                Saved::Aside(_) => break,
            }
        }
    }

    /// Merges what a built-in function gave: its balance changes are relative, its transfers come on top.
    pub(crate) fn merge_builtin(&mut self, output: VmOutput) {
        // Without a refund of its own, such an output wipes out the one there was, a quirk of the reference.
        let gas_refund = match output.gas_refund {
            Some(refund) => refund + &self.state.gas_refund,
            None => BigInt::ZERO,
        };
        // Of several for an address the last counts.
        let accounts: BTreeMap<Bytes, OutputAccount> = output
            .output_accounts
            .into_iter()
            .map(|account| (account.address.clone(), account))
            .collect();
        for account in accounts.into_values() {
            self.accounts.merge_output(account);
        }
        self.state.merge(OutputState {
            return_data: output.return_data,
            return_code: output.return_code,
            return_message: output.return_message,
            gas_remaining: output.gas_remaining,
            gas_refund,
            logs: output.logs,
        });
    }

    /// Appends a log entry; the first topic is its identifier.
    pub(crate) fn log(&mut self, address: &[u8], topics: Vec<Bytes>, data: Bytes) {
        let mut topics = topics.into_iter();
        let identifier = topics.next().unwrap_or_default();
        self.state.logs.push(LogEntry {
            identifier,
            address: address.to_vec(),
            topics: topics.collect(),
            data: Some(data),
        });
    }
}

impl OutputState {
    /// Takes over what `right` has on top of `self`: lists grow, the rest is replaced.
    fn merge(&mut self, right: Self) {
        self.logs.extend(right.logs);
        self.return_data.extend(right.return_data);
        self.gas_remaining = right.gas_remaining;
        self.gas_refund = right.gas_refund;
        self.return_code = right.return_code;
        self.return_message = right.return_message;
    }
}

impl Run<'_> {
    /// Adds the value that came with the transaction; the node has already taken it from the sender.
    pub(crate) fn add_tx_value(&mut self, address: &[u8], value: &BigInt) {
        self.output.account(address).0.balance_delta += value;
    }

    /// Moves EGLD between accounts.
    ///
    /// # Errors
    /// For a negative value, a balance too small, or a contract that takes no EGLD. The last is looked at when
    /// `check_payable` says so, always before the ESDT functions, and from V3 on never in an asynchronous call.
    pub(crate) fn transfer_value_only(
        &mut self,
        destination: &[u8],
        sender: &[u8],
        value: &BigInt,
        check_payable: bool,
    ) -> Result<(), EeiError> {
        if value.is_negative() {
            return Err(EeiError::NegativeTransfer);
        }
        if self.balance(sender) < *value {
            return Err(EeiError::InsufficientFunds);
        }
        let payable = self.chain.is_payable(destination)?;
        let in_async = self.flags.arwen_v3 && self.runtime.input.call_type == CallType::Asynchronous;
        let check = check_payable || !self.flags.esdt_functions;
        if check && !payable && value.is_positive() && !in_async {
            return Err(EeiError::NotPayable);
        }
        self.output.account(sender).0.balance_delta -= value;
        self.output.account(destination).0.balance_delta += value;
        Ok(())
    }

    /// Moves EGLD and records the transfer, with data and gas for a call.
    pub(crate) fn transfer(&mut self, destination: &[u8], transfer: OutputTransfer) -> Result<(), EeiError> {
        let check_payable = transfer.gas_limit > 0 && transfer.call_type != CallType::Callback;
        let value = transfer.value.clone().unwrap_or_default();
        self.transfer_value_only(destination, &transfer.sender, &value, check_payable)?;
        self.output.accounts.push_transfer(destination, transfer);
        Ok(())
    }

    /// The output of a contract that has ended well, unless its gas does not add up. It is taken out of the run.
    pub(crate) fn finish_output(&mut self) -> VmOutput {
        self.output.accounts.drop_read_code();
        match self.close_output() {
            Ok(()) => {
                self.apply_builtin_changes();
                let output_accounts = self.output.accounts.take_output(&self.gas.used_by);
                let state = std::mem::take(&mut self.output.state);
                VmOutput {
                    return_data: state.return_data,
                    return_code: state.return_code,
                    return_message: state.return_message,
                    gas_remaining: state.gas_remaining,
                    gas_refund: Some(state.gas_refund),
                    output_accounts,
                    logs: state.logs,
                    account_updates: std::mem::take(&mut self.output.account_updates),
                    ..VmOutput::default()
                }
            }
            Err(error) => self.error_output(&error),
        }
    }

    /// Counts the gas of a contract that has ended well. What was only read is dropped besides.
    ///
    /// # Errors
    /// When the gas does not add up.
    pub(crate) fn close_output(&mut self) -> Result<(), EeiError> {
        self.output.state.gas_remaining = self.gas_left();
        self.settle_gas()
    }

    /// The output of a contract that has failed. Nothing it did remains; its gas counts as used.
    pub(crate) fn error_output(&mut self, error: &EeiError) -> VmOutput {
        let stored = &self.output.state.return_message;
        let message = match error {
            EeiError::SignalError => stored.clone(),
            _ if !stored.is_empty() => stored.clone(),
            _ => error.text().as_bytes().to_vec(),
        };
        // There is an account for it, if only because it ran.
        self.output.account(&self.runtime.address);
        VmOutput {
            return_code: error.return_code(),
            return_message: message,
            gas_refund: Some(BigInt::ZERO),
            ..VmOutput::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a callee does before it ends.
    type Does = fn(&mut Output);

    /// Return data and log identifiers.
    fn lists(output: &Output) -> (Vec<Bytes>, Vec<Bytes>) {
        let logs = output.state.logs.iter().map(|log| log.identifier.clone());
        (output.state.return_data.clone(), logs.collect())
    }

    fn adds(output: &mut Output) {
        output.state.return_data.push(b"more".to_vec());
        output.log(b"who", vec![b"later".to_vec()], Bytes::new());
    }

    fn inserts(output: &mut Output) {
        adds(output);
        output.insert_return_data(b"first".to_vec());
        output.insert_return_data(b"before it".to_vec());
    }

    fn inserts_in_a_call_of_its_own(output: &mut Output) {
        output.push_state();
        inserts(output);
        output.pop_discard();
    }

    fn inserts_aside(output: &mut Output) {
        output.put_aside();
        inserts(output);
        output.pop_merge_state();
    }

    #[test]
    fn a_callee_that_fails_leaves_return_data_and_logs_as_they_were() {
        let cases: [(&str, Does); 5] = [
            ("nothing", |_| {}),
            ("adds", adds),
            ("inserts", inserts),
            ("inserts in a call of its own", inserts_in_a_call_of_its_own),
            ("inserts where its caller's are not", inserts_aside),
        ];
        for (name, does) in cases {
            for (how, begin) in [
                ("shared", Output::push_state as Does),
                ("aside", Output::put_aside),
            ] {
                let mut output = Output::default();
                adds(&mut output);
                output.state.return_message = b"message".to_vec();
                output.state.gas_refund = 7.into();
                let before = lists(&output);
                begin(&mut output);
                output.state.return_message = b"another".to_vec();
                output.state.gas_refund = 8.into();
                does(&mut output);
                output.pop_set_state();
                assert_eq!(lists(&output), before, "{name}, {how}");
                assert_eq!(output.state.return_message, b"message");
                assert_eq!(output.state.gas_refund, 7.into());
            }
        }
    }
}
