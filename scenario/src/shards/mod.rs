//! Several shards: each a world of its own, with messages between them.
//!
//! A contract reads and changes only accounts of its own shard. What it sends to another shard leaves with its output,
//! travels as a [`Message`], and is executed there later, in an order the test chooses ([`Delivery`]). An asynchronous call
//! is answered by another message, which calls `callBack`. So one pair of contracts can be tested in one shard and in two.
//!
//! At every delivery the gas of the whole transaction must add up ([`GasAccount`]), and so must all EGLD.

mod deliver;
mod delivery;
mod gas;
mod message;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use arwen_eei::builtin::BuiltinError;
use arwen_interface::{
    ADDRESS_LEN, BigInt, BlockchainHook, Bytes, CallType, CreateInput, HookError, ReturnCode, VmInput,
    VmOutput,
};

use crate::run::{Machine, MachineError};
use crate::world::{Account, ShardRule, World, WorldError};

pub use deliver::{Arrival, Outcome};
pub use delivery::{Delivery, Order};
pub use gas::{GasAccount, GasLeak};
pub use message::{Message, TxId};

use delivery::Mailbox;
use gas::Ledger;

/// Why nothing went on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// The sender does not exist or cannot pay.
    #[error("{0}")]
    Refused(WorldError),
    /// The sender has less EGLD than it sends.
    #[error("the sender has less than it sends")]
    NoFunds,
    /// The VM could not run anything.
    #[error("{0}")]
    Machine(MachineError),
    /// A built-in function refused at the sender's side.
    #[error("{0}")]
    Builtin(BuiltinError),
    /// A node's answer was missing.
    #[error("{0}")]
    Hook(HookError),
    /// Gas appeared or vanished.
    #[error("{0}")]
    Gas(GasLeak),
    /// EGLD appeared or vanished.
    #[error("EGLD is not conserved: {before} before, {after} after")]
    Supply {
        /// All EGLD before the delivery.
        before: BigInt,
        /// All EGLD after it.
        after: BigInt,
    },
    /// Messages beget messages.
    #[error("still not quiet after {0} deliveries")]
    Endless(usize),
}

/// A transaction to be sent. Gas costs nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// Who sends it.
    pub from: Bytes,
    /// Whom it reaches.
    pub to: Bytes,
    /// EGLD, in its smallest unit.
    pub value: BigInt,
    /// The call, `function@hex…`; empty for mere value.
    pub data: Bytes,
    /// The gas it may use, in all shards.
    pub gas_limit: u64,
}

/// What is between shards while nothing runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journey {
    /// How many transactions there have been.
    pub transactions: u64,
    /// How many messages there have been.
    pub messages: u64,
    /// Those on their way, in the order of sending.
    pub travelling: Vec<Message>,
    /// The gas of the transactions they belong to.
    pub gas: Vec<(TxId, GasAccount)>,
}

/// Shards with a VM.
pub struct Shards<M> {
    machine: M,
    worlds: Vec<World>,
    mailbox: Mailbox,
    ledger: Ledger,
    transactions: u64,
    messages: u64,
}

impl<M: Machine> Shards<M> {
    /// Empty shards. An address belongs to the shard of its last byte, modulo the number of shards.
    pub fn new(machine: M, shards: NonZeroU32, delivery: Delivery) -> Self {
        let world = |own_shard| {
            let mut world = World::new();
            world.own_shard = own_shard;
            world.shard_rule = ShardRule::ByLastByte(shards);
            world
        };
        Self {
            machine,
            worlds: (0..shards.get()).map(world).collect(),
            mailbox: Mailbox::new(delivery),
            ledger: Ledger::default(),
            transactions: 0,
            messages: 0,
        }
    }

    /// The shard of an address.
    pub fn shard_of(&self, address: &[u8]) -> usize {
        self.worlds
            .first()
            .map_or(0, |world| world.shard_of(address) as usize)
    }

    /// A shard's world.
    pub fn world(&self, shard: usize) -> Option<&World> {
        self.worlds.get(shard)
    }

    /// A shard's world, to change it by decree.
    pub fn world_mut(&mut self, shard: usize) -> Option<&mut World> {
        self.worlds.get_mut(shard)
    }

    /// The shards' worlds, in order.
    pub(crate) fn worlds_mut(&mut self) -> impl Iterator<Item = &mut World> {
        self.worlds.iter_mut()
    }

    /// Puts an account into the shard of its address.
    pub fn put(&mut self, address: impl Into<Bytes>, account: Account) {
        let address = address.into();
        self.home(&address).put(address, account);
    }

    /// The account at an address.
    pub fn account(&self, address: &[u8]) -> Option<&Account> {
        self.worlds.get(self.shard_of(address))?.account(address)
    }

    /// Messages on their way, in the order of sending.
    pub fn travelling(&self) -> impl Iterator<Item = &Message> {
        self.mailbox.messages()
    }

    /// How many rounds have passed.
    pub fn round(&self) -> u64 {
        self.mailbox.round()
    }

    /// Where the gas of a transaction is.
    pub fn gas(&self, tx: TxId) -> GasAccount {
        self.ledger.account(tx)
    }

    /// What is between the shards.
    pub fn journey(&self) -> Journey {
        Journey {
            transactions: self.transactions,
            messages: self.messages,
            travelling: self.mailbox.messages().cloned().collect(),
            gas: self.ledger.travelling().collect(),
        }
    }

    /// Puts between the shards what was there; only shards that nothing has been done to can take it.
    pub fn resume(&mut self, journey: &Journey) {
        self.transactions = journey.transactions;
        self.messages = journey.messages;
        for message in &journey.travelling {
            self.mailbox.send(message.clone());
        }
        for (tx, account) in &journey.gas {
            self.ledger.set(*tx, *account);
        }
    }

    /// The machine, and the world that an address is in.
    pub(crate) fn at(&mut self, address: &[u8]) -> (&mut M, &mut World) {
        let shard = self.shard_of(address);
        (&mut self.machine, &mut self.worlds[shard])
    }

    /// Every account of every shard.
    pub(crate) fn into_accounts(self) -> BTreeMap<Bytes, Account> {
        self.worlds.into_iter().flat_map(|world| world.accounts).collect()
    }

    /// Deploys a contract in the shard of its creator. The address is the second part of the answer.
    ///
    /// # Errors
    /// When the creator cannot, or the VM could run nothing. A deployment that fails is an output that says so.
    pub fn deploy(
        &mut self,
        from: &[u8],
        code: &[u8],
        metadata: &[u8],
        arguments: &[Bytes],
        gas_limit: u64,
    ) -> Result<(VmOutput, Bytes), ShardError> {
        let shard = self.shard_of(from);
        let world = &mut self.worlds[shard];
        let nonce = world.account(from).map_or(0, |account| account.nonce);
        world
            .begin_transaction(from, gas_limit, 0)
            .map_err(ShardError::Refused)?;
        let address = world.new_address(from, nonce, &[]).map_err(ShardError::Hook)?;
        self.transactions += 1;
        let hash = hash('t', self.transactions);
        let input = CreateInput {
            vm_input: VmInput {
                caller: from.to_vec(),
                arguments: arguments.to_vec(),
                call_value: Some(BigInt::ZERO),
                call_type: CallType::Direct,
                gas_provided: gas_limit,
                original_tx_hash: hash.clone(),
                current_tx_hash: hash,
                ..VmInput::default()
            },
            code: code.to_vec(),
            code_metadata: metadata.to_vec(),
        };
        let output = self.machine.create(world, &input).map_err(ShardError::Machine)?;
        if output.return_code == ReturnCode::Ok {
            world.apply(&output);
        }
        Ok((output, address))
    }

    /// Sends a transaction. It executes at once when both ends are in one shard; otherwise it travels, and there is no
    /// [`Arrival`] yet.
    ///
    /// # Errors
    /// When the sender cannot, or executing it goes wrong in a way that no output can say.
    pub fn send(&mut self, tx: Transaction) -> Result<(TxId, Option<Arrival>), ShardError> {
        self.transactions += 1;
        let id = TxId(self.transactions);
        let shard = self.shard_of(&tx.from);
        let world = self.home(&tx.from);
        world
            .begin_transaction(&tx.from, tx.gas_limit, 0)
            .map_err(ShardError::Refused)?;
        let sender = world
            .accounts
            .get_mut(&tx.from)
            .ok_or(ShardError::Refused(WorldError::NoSender))?;
        if sender.balance < tx.value {
            return Err(ShardError::NoFunds);
        }
        self.ledger.begin(id, tx.gas_limit);
        let message = Message {
            tx: id,
            number: self.next_number(),
            from: tx.from,
            to: tx.to,
            value: tx.value,
            data: tx.data,
            gas_limit: tx.gas_limit,
            gas_locked: 0,
            call_type: CallType::Direct,
            after_error: false,
        };
        let supply = self.supply();
        self.take_value(&message);
        if self.shard_of(&message.to) == shard {
            return Ok((id, Some(self.execute(message, &supply)?)));
        }
        self.leave(message)?;
        Ok((id, None))
    }

    /// Delivers one message; `None` when all is quiet.
    ///
    /// # Errors
    /// When executing it goes wrong in a way that no output can say, or something is not conserved.
    pub fn deliver_next(&mut self) -> Result<Option<Arrival>, ShardError> {
        let (supply, before) = (self.supply(), self.mailbox.round());
        let Some(message) = self.mailbox.take() else {
            return Ok(None);
        };
        // Without delays no rounds pass, and the blocks are what they were set to.
        if self.mailbox.round() > before {
            let round = self.mailbox.round();
            for world in &mut self.worlds {
                world.current_block.nonce = round;
                world.current_block.round = round;
            }
        }
        self.execute(message, &supply).map(Some)
    }

    /// Delivers messages until all is quiet, but at most `limit` of them.
    ///
    /// # Errors
    /// As [`deliver_next`](Self::deliver_next), or when it is not quiet then.
    pub fn run(&mut self, limit: usize) -> Result<Vec<Arrival>, ShardError> {
        let mut arrivals = Vec::new();
        while let Some(arrival) = self.deliver_next()? {
            arrivals.push(arrival);
            if arrivals.len() == limit && self.travelling().next().is_some() {
                return Err(ShardError::Endless(limit));
            }
        }
        Ok(arrivals)
    }

    /// All EGLD: in accounts and on its way.
    pub fn supply(&self) -> BigInt {
        let accounts = self.worlds.iter().flat_map(|world| world.accounts.values());
        let held: BigInt = accounts.map(|account| &account.balance).sum();
        held + self.travelling().map(|message| &message.value).sum::<BigInt>()
    }
}

/// The hash of a transaction (`t`) or message (`m`): its number, readable.
fn hash(kind: char, number: u64) -> Bytes {
    let width = ADDRESS_LEN - 1;
    format!("{kind}{number:.>width$}").into_bytes()
}
