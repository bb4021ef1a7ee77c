//! Executing a message in the shard it has reached.

use arwen_eei::CallData;
use arwen_interface::{
    BigInt, Bytes, CallInput, CallType, EsdtTransfer, OutputAccount, ReturnCode, VmInput, VmOutput,
};
use num_traits::Zero;

use super::message::{builtin, callback_arguments, code_bytes, tokens};
use super::{Message, ShardError, Shards, hash};
use crate::run::Machine;
use crate::world::World;

/// The function that answers reach.
const CALLBACK: &str = "callBack";

/// A message that has been delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The message.
    pub message: Message,
    /// What became of it.
    pub outcome: Outcome,
}

impl Arrival {
    /// The result, when a contract or a built-in function ran.
    pub fn output(&self) -> Option<&VmOutput> {
        match &self.outcome {
            Outcome::Ran(output) => Some(output),
            Outcome::Credited => None,
        }
    }
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its value, if any, was credited; no contract ran.
    Credited,
    /// A contract or a built-in function ran. If the return code is not `Ok`, nothing was changed, and what the message
    /// carried is on its way back.
    Ran(VmOutput),
}

/// How gas left an execution.
struct GasUse {
    used: u64,
    returned: u64,
}

impl<M: Machine> Shards<M> {
    pub(super) fn home(&mut self, address: &[u8]) -> &mut World {
        let shard = self.shard_of(address);
        // There is at least one shard, and a shard number is less than their count.
        &mut self.worlds[shard]
    }

    pub(super) fn next_number(&mut self) -> u64 {
        self.messages += 1;
        self.messages
    }

    /// Takes the value of a message from its sender.
    pub(super) fn take_value(&mut self, message: &Message) {
        if let Some(sender) = self.home(&message.from).accounts.get_mut(&message.from) {
            sender.balance -= &message.value;
        }
    }

    /// Sends a transaction to another shard. A built-in function runs at both ends; here it takes the tokens.
    pub(super) fn leave(&mut self, message: Message) -> Result<(), ShardError> {
        let mut message = message;
        let carried = message.gas_limit;
        if let Some(call) = CallData::parse_any(&message.data).filter(|call| builtin(call).is_some()) {
            let input = self.input(&message, call, carried, Vec::new());
            let home = self.home(&message.from);
            let output = match home.run_builtin(&input) {
                Ok(output) => output,
                Err(error) => {
                    home.accounts.entry(message.from.clone()).or_default().balance += &message.value;
                    return Err(ShardError::Builtin(error));
                }
            };
            message.gas_limit = output.gas_remaining;
        }
        let (tx, sent) = (message.tx, message.gas_limit);
        self.mailbox.send(message);
        self.ledger
            .deliver(tx, carried, carried.saturating_sub(sent), 0, sent)
            .map_err(ShardError::Gas)
    }

    /// Executes a message that has arrived. All EGLD must be `supply` afterwards.
    pub(super) fn execute(&mut self, message: Message, supply: &BigInt) -> Result<Arrival, ShardError> {
        let before = self.messages;
        let (outcome, gas) = match self.entry(&message) {
            Entry::Credit => {
                self.home(&message.to)
                    .accounts
                    .entry(message.to.clone())
                    .or_default()
                    .balance += &message.value;
                (
                    Outcome::Credited,
                    GasUse {
                        used: 0,
                        returned: message.gas(),
                    },
                )
            }
            Entry::Builtin(call) => self.run_builtin(&message, call)?,
            Entry::Contract(call) => {
                let output = self.run_contract(&message, call, message.gas_limit, Vec::new())?;
                self.settle(&message, output, 0)
            }
        };
        let sent = self
            .mailbox
            .messages()
            .filter(|it| it.number > before && it.tx == message.tx);
        let sent = sent.fold(0, |sum: u64, it| sum.saturating_add(it.gas()));
        self.ledger
            .deliver(message.tx, message.gas(), gas.used, gas.returned, sent)
            .map_err(ShardError::Gas)?;
        let after = self.supply();
        if after != *supply {
            return Err(ShardError::Supply {
                before: supply.clone(),
                after,
            });
        }
        Ok(Arrival { message, outcome })
    }

    fn entry(&mut self, message: &Message) -> Entry {
        let is_contract = self
            .account(&message.to)
            .is_some_and(|account| account.is_contract());
        let call = CallData::parse_any(&message.data);
        match call {
            Some(call) if builtin(&call).is_some() => Entry::Builtin(call),
            Some(call) if is_contract && message.call_type == CallType::Callback => {
                Entry::Contract(CallData {
                    function: CALLBACK.into(),
                    arguments: callback_arguments(call),
                })
            }
            Some(call) if is_contract && !message.data.is_empty() => Entry::Contract(call),
            // Mere value, or data that only people read.
            _ => Entry::Credit,
        }
    }

    fn input(&self, message: &Message, call: CallData, gas: u64, tokens: Vec<EsdtTransfer>) -> CallInput {
        CallInput {
            vm_input: VmInput {
                caller: message.from.clone(),
                arguments: call.arguments,
                call_value: Some(message.value.clone()),
                call_type: message.call_type,
                gas_price: 0,
                gas_provided: gas,
                gas_locked: message.gas_locked,
                original_tx_hash: hash('t', message.tx.0),
                current_tx_hash: hash('m', message.number),
                prev_tx_hash: Bytes::new(),
                esdt_transfers: tokens,
                return_call_after_error: message.after_error,
            },
            recipient: message.to.clone(),
            function: String::from_utf8_lossy(&call.function).into_owned(),
            allow_init_function: false,
        }
    }

    fn run_contract(
        &mut self,
        message: &Message,
        call: CallData,
        gas: u64,
        tokens: Vec<EsdtTransfer>,
    ) -> Result<VmOutput, ShardError> {
        let input = self.input(message, call, gas, tokens);
        let shard = self.shard_of(&message.to);
        self.machine
            .call(&mut self.worlds[shard], &input)
            .map_err(ShardError::Machine)
    }

    /// Runs a built-in function, and the call of a contract that it may carry.
    fn run_builtin(&mut self, message: &Message, call: CallData) -> Result<(Outcome, GasUse), ShardError> {
        let input = self.input(message, call.clone(), message.gas_limit, Vec::new());
        let world = self.home(&message.to);
        let accounts = world.accounts.clone();
        let mut output = match world.run_builtin(&input) {
            Ok(output) => output,
            Err(error) => VmOutput {
                return_code: ReturnCode::UserError,
                return_message: error.to_string().into_bytes(),
                ..VmOutput::default()
            },
        };
        let used = message
            .gas_limit
            .saturating_sub(output.gas_remaining)
            .saturating_sub(transferred_gas(&output));
        let Some((tokens, follow_up, gas)) = take_follow_up(&mut output, message, &call) else {
            let (outcome, mut gas) = self.settle(message, output, used);
            if message.call_type != CallType::Asynchronous
                && matches!(&outcome, Outcome::Ran(it) if it.return_code == ReturnCode::Ok)
            {
                // No contract ran that could use it.
                gas.returned = gas.returned.saturating_add(message.gas_locked);
            }
            return Ok((outcome, gas));
        };
        let output = self.run_contract(message, follow_up, gas, tokens)?;
        if output.return_code != ReturnCode::Ok {
            self.home(&message.to).accounts = accounts;
        }
        Ok(self.settle(message, output, used))
    }

    /// Applies an output, or sends back what the message carried. `used` is the gas used before the output's own.
    fn settle(&mut self, message: &Message, output: VmOutput, used: u64) -> (Outcome, GasUse) {
        if output.return_code != ReturnCode::Ok {
            let kept = self.send_back(message, &output);
            let used = message.gas().saturating_sub(kept);
            return (Outcome::Ran(output), GasUse { used, returned: 0 });
        }
        let here = self.shard_of(&message.to);
        let mut gas = GasUse {
            used,
            returned: output.gas_remaining,
        };
        let (local, foreign): (Vec<OutputAccount>, Vec<OutputAccount>) = output
            .output_accounts
            .iter()
            .cloned()
            .partition(|account| self.shard_of(&account.address) == here);
        let mut answered = false;
        for account in &foreign {
            gas.used = gas.used.saturating_add(account.gas_used);
            for transfer in &account.transfers {
                let sender = if transfer.sender.is_empty() {
                    &message.to
                } else {
                    &transfer.sender
                };
                let is_answer =
                    !answered && transfer.call_type == CallType::Callback && account.address == message.from;
                answered |= is_answer;
                // The gas set aside for the answer goes with it; the VM leaves that to the node.
                let kept = if is_answer && message.call_type == CallType::Asynchronous {
                    message.gas_locked
                } else {
                    0
                };
                let next = Message {
                    tx: message.tx,
                    number: self.next_number(),
                    from: sender.clone(),
                    to: account.address.clone(),
                    value: transfer.value.clone().unwrap_or_default(),
                    data: transfer.data.clone(),
                    gas_limit: transfer.gas_limit.saturating_add(kept),
                    gas_locked: transfer.gas_locked,
                    call_type: transfer.call_type,
                    after_error: false,
                };
                self.mailbox.send(next);
            }
        }
        for account in &local {
            gas.used = gas.used.saturating_add(account.gas_used);
            for transfer in &account.transfers {
                // What is sent within the shard has been executed; gas that came along for nothing is left over.
                gas.returned = gas
                    .returned
                    .saturating_add(transfer.gas_limit)
                    .saturating_add(transfer.gas_locked);
            }
        }
        if message.call_type == CallType::Asynchronous && !answered {
            // The VM answers for contracts; for built-in functions the node does.
            gas.returned = gas.returned.saturating_sub(output.gas_remaining);
            let arguments = [vec![code_bytes(ReturnCode::Ok)], output.return_data.clone()].concat();
            let data = CallData {
                function: Bytes::new(),
                arguments,
            }
            .to_bytes();
            let gas_limit = output.gas_remaining.saturating_add(message.gas_locked);
            self.answer(message, BigInt::ZERO, data, gas_limit, false);
        }
        let applied = VmOutput {
            output_accounts: local,
            ..output.clone()
        };
        self.home(&message.to).apply(&applied);
        (Outcome::Ran(output), gas)
    }

    /// After a failure: sends back value and tokens, and answers when an answer is due. Gives the gas that goes with it.
    fn send_back(&mut self, message: &Message, output: &VmOutput) -> u64 {
        if message.call_type == CallType::Callback {
            // Nobody waits for the answer to an answer; what it carried stays with its receiver.
            self.home(&message.to)
                .accounts
                .entry(message.to.clone())
                .or_default()
                .balance += &message.value;
            self.keep_tokens(message);
            return 0;
        }
        if self.shard_of(&message.from) == self.shard_of(&message.to) {
            // Nothing has travelled: tokens have not moved, and value returns at once.
            self.home(&message.from)
                .accounts
                .entry(message.from.clone())
                .or_default()
                .balance += &message.value;
            return 0;
        }
        let wants_answer = message.call_type == CallType::Asynchronous;
        let mut back = CallData::default();
        if let Some(call) = CallData::parse_any(&message.data)
            && let Some((_, count)) = tokens(&call)
        {
            back.function = call.function;
            back.arguments = call.arguments.into_iter().take(count).collect();
        }
        let brings_tokens = !back.function.is_empty();
        if !wants_answer && !brings_tokens && message.value.is_zero() {
            return 0;
        }
        if wants_answer {
            if brings_tokens {
                back.arguments.push(CALLBACK.into());
            }
            back.arguments.push(code_bytes(output.return_code));
            back.arguments.push(output.return_message.clone());
        }
        let gas = if wants_answer { message.gas_locked } else { 0 };
        self.answer(message, message.value.clone(), back.to_bytes(), gas, true);
        gas
    }

    /// Sends something back to where a message came from: an answer, when the message asks for one.
    fn answer(&mut self, message: &Message, value: BigInt, data: Bytes, gas_limit: u64, after_error: bool) {
        let call_type = match message.call_type {
            CallType::Asynchronous => CallType::Callback,
            _ => CallType::Direct,
        };
        let number = self.next_number();
        self.mailbox.send(Message {
            tx: message.tx,
            number,
            from: message.to.clone(),
            to: message.from.clone(),
            value,
            data,
            gas_limit,
            gas_locked: 0,
            call_type,
            after_error,
        });
    }

    /// The tokens of an answer whose callback failed stay with its receiver.
    fn keep_tokens(&mut self, message: &Message) {
        let Some(mut call) = CallData::parse_any(&message.data) else {
            return;
        };
        let Some((_, count)) = tokens(&call) else { return };
        call.arguments.truncate(count);
        let input = self.input(
            &Message {
                value: BigInt::ZERO,
                ..message.clone()
            },
            call,
            message.gas_limit,
            Vec::new(),
        );
        // It worked a moment ago, before the callback; should it not now, the tokens are lost, as on a chain.
        let _ = self.home(&message.to).run_builtin(&input);
    }
}

enum Entry {
    Credit,
    Builtin(CallData),
    Contract(CallData),
}

fn transferred_gas(output: &VmOutput) -> u64 {
    let transfers = output
        .output_accounts
        .iter()
        .flat_map(|account| &account.transfers);
    transfers.fold(0, |sum: u64, transfer| sum.saturating_add(transfer.gas_limit))
}

/// The call of the receiver that a transfer of tokens carries: with its tokens and its gas.
fn take_follow_up(
    output: &mut VmOutput,
    message: &Message,
    call: &CallData,
) -> Option<(Vec<EsdtTransfer>, CallData, u64)> {
    let (tokens, _) = tokens(call)?;
    let account = output
        .output_accounts
        .iter_mut()
        .find(|account| account.address == message.to)?;
    if output.return_code != ReturnCode::Ok || account.transfers.len() != 1 {
        return None;
    }
    let transfer = account.transfers.pop()?;
    Some((tokens, CallData::parse_any(&transfer.data)?, transfer.gas_limit))
}
