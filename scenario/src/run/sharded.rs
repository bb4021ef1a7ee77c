//! Steps of scenarios with several shards.
//!
//! The accounts of all shards are kept in one world, so that `setState` and `checkState` mean what they always mean. They
//! are told apart only while something runs.

use std::num::NonZeroU32;

use arwen_eei::CallData;
use arwen_interface::{BigInt, Bytes, ReturnCode, VmOutput};

use super::{Machine, Refusal, Transacted, transact};
use crate::expr::minimal_unsigned;
use crate::model::{Transaction, TxKind, TxStep};
use crate::shards::{self, Arrival, Delivery, Journey, Shards};
use crate::world::World;

/// How many shards there are, and what is between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Between {
    /// How many shards there are.
    pub shards: NonZeroU32,
    /// What is between them.
    pub journey: Journey,
}

impl Default for Between {
    fn default() -> Self {
        Self::new(NonZeroU32::MIN)
    }
}

impl Between {
    /// Nothing, between so many shards.
    pub fn new(shards: NonZeroU32) -> Self {
        Self {
            shards,
            journey: Journey::default(),
        }
    }

    /// The shard of an address.
    pub fn shard_of(&self, address: &[u8]) -> u32 {
        address.last().map_or(0, |&byte| u32::from(byte) % self.shards)
    }
}

/// Executes a transaction within its shard, or sends it to another one; there is no result then.
///
/// # Errors
/// What no `expect` can match, or what this VM does not do in several shards. World and messages are then as they happened
/// to become.
pub fn send<M: Machine>(
    machine: &mut M,
    world: &mut World,
    between: &mut Between,
    step: &TxStep,
) -> Result<Option<Transacted>, Refusal> {
    let tx = &step.tx;
    let one_shard = match tx.kind {
        TxKind::ScDeploy => Some(&tx.from),
        TxKind::ScQuery => Some(&tx.to),
        TxKind::ScCall | TxKind::Transfer => None,
        TxKind::ScUpgrade | TxKind::ValidatorReward => {
            return Err(refusal(
                tx,
                "this type of step is not possible with several shards",
            ));
        }
    };
    let home = between.clone();
    if let Some(place) = one_shard {
        let shard = home.shard_of(place);
        return within(machine, world, between, |shards| {
            let (mut machine, world) = shards.at(place);
            let done = transact(&mut machine, world, step, |_| true)?;
            match reaches_out(&done.output, &home, shard) {
                true => Err(refusal(tx, "it may touch accounts of its own shard only")),
                false => Ok(Some(done)),
            }
        });
    }
    if tx.gas_price != 0 {
        return Err(refusal(
            tx,
            "with several shards gas costs nothing; gasPrice must be 0",
        ));
    }
    let message = shards::Transaction {
        from: tx.from.clone(),
        to: tx.to.clone(),
        value: tx.value.clone(),
        data: call_data(tx)?,
        gas_limit: tx.gas_limit,
    };
    let is_transfer = tx.kind == TxKind::Transfer;
    machine.begin(step);
    within(machine, world, between, |shards| {
        let sent = shards
            .send(message)
            .map_err(|error| Refusal::from(error.to_string()))?;
        let (_, arrival) = sent;
        let Some(output) = arrival.as_ref().and_then(Arrival::output) else {
            return Ok(None);
        };
        if is_transfer && output.return_code != ReturnCode::Ok {
            // There is nothing in a transfer's step that could expect it.
            return Err(String::from_utf8_lossy(&output.return_message)
                .into_owned()
                .into());
        }
        let stops = match output.return_code {
            ReturnCode::Ok => Vec::new(),
            // Nothing has changed, so the world is as the run found it.
            _ => {
                let (machine, world) = shards.at(&tx.to);
                machine.stops(world)
            }
        };
        Ok(Some(Transacted {
            output: output.clone(),
            stops,
        }))
    })
}

/// Everything that is on its way arrives, oldest first. What is sent meanwhile stays on its way.
///
/// # Errors
/// When executing a message goes wrong in a way that no output can say.
pub fn deliver<M: Machine>(
    machine: &mut M,
    world: &mut World,
    between: &mut Between,
) -> Result<Vec<Arrival>, Refusal> {
    let count = between.journey.travelling.len();
    within(machine, world, between, |shards| {
        let mut arrivals = Vec::new();
        while arrivals.len() < count {
            match shards.deliver_next() {
                Ok(Some(arrival)) => arrivals.push(arrival),
                Ok(None) => break,
                Err(error) => return Err(error.to_string().into()),
            }
        }
        Ok(arrivals)
    })
}

/// Tells the shards apart, and puts them together again.
fn within<M: Machine, T>(
    machine: &mut M,
    world: &mut World,
    between: &mut Between,
    run: impl FnOnce(&mut Shards<&mut M>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let mut shards = Shards::new(machine, between.shards, Delivery::default());
    for own in shards.worlds_mut() {
        own.current_block.clone_from(&world.current_block);
        own.previous_block.clone_from(&world.previous_block);
        own.block_hashes.clone_from(&world.block_hashes);
        own.new_addresses.clone_from(&world.new_addresses);
        own.name_services.clone_from(&world.name_services);
        own.builtin_prices.clone_from(&world.builtin_prices);
        own.metadata_rule = world.metadata_rule;
    }
    for (address, account) in std::mem::take(&mut world.accounts) {
        shards.put(address, account);
    }
    shards.resume(&between.journey);
    let result = run(&mut shards);
    between.journey = shards.journey();
    world.accounts = shards.into_accounts();
    result
}

fn refusal(tx: &Transaction, why: &str) -> Refusal {
    format!("{}: {why}", tx.kind.step_name()).into()
}

/// Whether an output changes accounts of another shard, or sends something there.
fn reaches_out(output: &VmOutput, between: &Between, shard: u32) -> bool {
    let mut foreign = output
        .output_accounts
        .iter()
        .filter(|account| between.shard_of(&account.address) != shard);
    foreign.any(|account| {
        !account.transfers.is_empty()
            || !account.code.is_empty()
            || account
                .balance_delta
                .as_ref()
                .is_some_and(|delta| *delta != BigInt::ZERO)
    })
}

/// The transaction as data, which is how it travels.
fn call_data(tx: &Transaction) -> Result<Bytes, Refusal> {
    let function = tx.function.clone().into_bytes();
    let mut call = CallData {
        arguments: tx.arguments.clone(),
        function,
    };
    match &tx.esdt[..] {
        [] if call.function.is_empty() => return Ok(Bytes::new()),
        [] => {}
        [token] if token.nonce == 0 => {
            let amount = minimal_unsigned(token.value.magnitude());
            let mut arguments = vec![token.identifier.clone(), amount];
            if !call.function.is_empty() {
                arguments.push(call.function);
                arguments.append(&mut call.arguments);
            }
            call = CallData {
                function: b"ESDTTransfer".to_vec(),
                arguments,
            };
        }
        _ => {
            return Err(refusal(
                tx,
                "with several shards, one fungible token at most can come along",
            ));
        }
    }
    Ok(call.to_bytes())
}
