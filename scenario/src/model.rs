//! A scenario, parsed: every expression evaluated, its original text kept for messages.

use std::num::NonZeroU32;

use arwen_interface::{BigInt, Bytes};

use crate::json::{Json, Pos};

/// A file: `.scen.json`, or `.step.json` / `.steps.json` to be included.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name, for people.
    pub name: String,
    /// What it shows, for people.
    pub comment: String,
    /// Whether `gas` in expected results counts.
    pub check_gas: bool,
    /// The prices.
    pub gas_schedule: GasSchedule,
    /// How many shards there are. More than one is our own addition to the format: an address is in the shard of its last
    /// byte, modulo this number.
    pub shards: NonZeroU32,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// The prices a scenario asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GasSchedule {
    /// The newest: V3.
    #[default]
    Default,
    /// Every price 1.
    Dummy,
    /// V1.
    V1,
    /// V2.
    V2,
    /// V3.
    V3,
}

impl GasSchedule {
    /// The schedule with this name in scenario files.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "default" => Self::Default,
            "dummy" => Self::Dummy,
            "v1" => Self::V1,
            "v2" => Self::V2,
            "v3" => Self::V3,
            _ => return None,
        })
    }

    /// The name of the bundled schedule.
    pub fn bundled_name(self) -> &'static str {
        match self {
            Self::Dummy => "dummy",
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::Default | Self::V3 => "v3",
        }
    }
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where it begins in its file.
    pub pos: Pos,
    /// What it shows, for people.
    pub comment: String,
    /// What it does.
    pub kind: StepKind,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// Runs the steps of another file, in the same world.
    External {
        /// Its path, relative to the including file.
        path: String,
    },
    /// Puts accounts and blocks into the world.
    SetState(SetState),
    /// Compares the accounts with what is expected.
    CheckState(CheckAccounts),
    /// Prints the world.
    DumpState,
    /// A transaction.
    Tx(Box<TxStep>),
    /// Everything on its way between shards arrives, oldest first; what is sent meanwhile arrives another time. Our own
    /// addition to the format, for several shards.
    Deliver {
        /// What the contracts that run must result in, in order; nothing is checked when absent.
        expect: Option<Vec<ExpectedResult>>,
    },
}

/// A value that is set, and how it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written<T> {
    /// The value.
    pub value: T,
    /// How it was written.
    pub original: String,
}

/// What a value must be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Check<T, O = String> {
    /// Nothing was said. Where it is checked all the same, the value must be zero or empty.
    #[default]
    Unspecified,
    /// `*`: anything will do.
    Any,
    /// Exactly this.
    Equals {
        /// The value.
        value: T,
        /// How it was written.
        original: O,
    },
}

impl<T: PartialEq + Default, O> Check<T, O> {
    /// Whether a value is as expected.
    pub fn holds(&self, actual: &T) -> bool {
        match self {
            Self::Unspecified => *actual == T::default(),
            Self::Any => true,
            Self::Equals { value, .. } => value == actual,
        }
    }

    /// As [`holds`](Self::holds), but whatever was not specified holds.
    pub fn holds_if_specified(&self, actual: &T) -> bool {
        matches!(self, Self::Unspecified) || self.holds(actual)
    }
}

impl<T> Check<T, String> {
    /// The expectation as it was written.
    pub fn original(&self) -> &str {
        match self {
            Self::Unspecified => "",
            Self::Any => "*",
            Self::Equals { original, .. } => original,
        }
    }
}

/// What bytes must be; written as a JSON subtree.
pub type CheckBytes = Check<Bytes, Json>;

impl CheckBytes {
    /// The expectation as JSON text.
    pub fn pretty(&self) -> String {
        match self {
            Self::Unspecified => "\"\"".to_owned(),
            Self::Any => "\"*\"".to_owned(),
            Self::Equals { original, .. } => original.pretty(),
        }
    }
}

/// `setState`.
#[derive(Clone, Debug, Default)]
pub struct SetState {
    /// Accounts that replace those at their addresses.
    pub accounts: Vec<SetAccount>,
    /// Addresses that deployments will get.
    pub new_addresses: Vec<NewAddress>,
    /// The block before.
    pub previous_block: Option<SetBlock>,
    /// The block being executed.
    pub current_block: Option<SetBlock>,
    /// Block hashes, the current block's first.
    pub block_hashes: Vec<Bytes>,
}

/// An entry of `newAddresses`.
#[derive(Clone, Debug, Default)]
pub struct NewAddress {
    /// The deploying account.
    pub creator: Bytes,
    /// Its nonce before the deployment.
    pub creator_nonce: u64,
    /// The contract's address.
    pub address: Written<Bytes>,
}

/// A block's data.
#[derive(Clone, Debug, Default)]
pub struct SetBlock {
    /// Seconds since 1970.
    pub timestamp: u64,
    /// The block's number.
    pub nonce: u64,
    /// Its round.
    pub round: u64,
    /// Its epoch.
    pub epoch: u64,
    /// Its random seed, 48 bytes.
    pub random_seed: Option<Bytes>,
}

/// An account to put into the world. What is absent is zero or empty, or kept when `update` is set.
#[derive(Clone, Debug, Default)]
pub struct SetAccount {
    /// Its address.
    pub address: Written<Bytes>,
    /// Whether it changes an account instead of replacing it.
    pub update: bool,
    /// Its shard.
    pub shard: Option<u64>,
    /// Its nonce.
    pub nonce: Option<u64>,
    /// Its EGLD.
    pub balance: Option<BigInt>,
    /// Its tokens.
    pub esdt: Vec<SetToken>,
    /// Its name.
    pub username: Option<Bytes>,
    /// Its storage.
    pub storage: Vec<(Bytes, Bytes)>,
    /// Its code.
    pub code: Option<Bytes>,
    /// The two metadata bytes of its code.
    pub code_metadata: Option<Bytes>,
    /// Its owner.
    pub owner: Option<Bytes>,
    /// What its owner may claim.
    pub developer_rewards: Option<BigInt>,
    /// The data of a call that waits for it.
    pub async_call_data: Option<String>,
}

/// A token of an account to put into the world.
#[derive(Clone, Debug, Default)]
pub struct SetToken {
    /// The token.
    pub identifier: Bytes,
    /// How much of which instance.
    pub instances: Vec<SetInstance>,
    /// The last nonce the account gave to an instance.
    pub last_nonce: u64,
    /// What the account may do with the token.
    pub roles: Vec<String>,
    /// Whether the account's tokens are frozen.
    pub frozen: bool,
}

/// An instance of a token to put into the world.
#[derive(Clone, Debug, Default)]
pub struct SetInstance {
    /// Which one; 0 for fungible tokens.
    pub nonce: u64,
    /// How much.
    pub balance: BigInt,
    /// Who made it.
    pub creator: Bytes,
    /// The creator's share of sales, in hundredths of a percent.
    pub royalties: u32,
    /// The hash of what it stands for.
    pub hash: Bytes,
    /// Where that is found.
    pub uri: Bytes,
    /// Anything else.
    pub attributes: Bytes,
}

/// `checkState`.
#[derive(Clone, Debug, Default)]
pub struct CheckAccounts {
    /// What each account must be, in file order.
    pub accounts: Vec<CheckAccount>,
    /// `"+"`: others may exist.
    pub more_allowed: bool,
}

/// What an account must be.
#[derive(Clone, Debug, Default)]
pub struct CheckAccount {
    /// Its address.
    pub address: Written<Bytes>,
    /// Its nonce.
    pub nonce: Check<u64>,
    /// Its EGLD.
    pub balance: Check<BigInt>,
    /// Its tokens.
    pub esdt: CheckTokens,
    /// Its name.
    pub username: CheckBytes,
    /// Its storage.
    pub storage: CheckStorage,
    /// Its code.
    pub code: CheckBytes,
    /// Its owner: parsed, never checked.
    pub owner: CheckBytes,
    /// The metadata of its code; checked only when specified.
    pub code_metadata: CheckBytes,
    /// What its owner may claim; checked only when specified.
    pub developer_rewards: Check<BigInt>,
    /// The data of a call that waits for it; checked only when specified.
    pub async_call_data: CheckBytes,
}

/// What a storage must be.
#[derive(Clone, Debug, Default)]
pub struct CheckStorage {
    /// `*`: anything will do.
    pub ignore: bool,
    /// `"+"`: other entries may exist.
    pub more_allowed: bool,
    /// Keys and what their values must be.
    pub entries: Vec<(Bytes, CheckBytes)>,
}

/// What an account's tokens must be. (`"+"` is accepted and, as in the reference, means nothing.)
#[derive(Clone, Debug, Default)]
pub struct CheckTokens {
    /// `*`: anything will do.
    pub ignore: bool,
    /// The tokens.
    pub tokens: Vec<CheckToken>,
}

/// What an account's holding of one token must be.
#[derive(Clone, Debug, Default)]
pub struct CheckToken {
    /// The token.
    pub identifier: Bytes,
    /// How much of which instance.
    pub instances: Vec<CheckInstance>,
    /// The last nonce the account gave to an instance.
    pub last_nonce: Check<u64>,
    /// What the account may do with the token, exactly.
    pub roles: Vec<String>,
}

/// What an instance must be.
#[derive(Clone, Debug, Default)]
pub struct CheckInstance {
    /// Which one.
    pub nonce: u64,
    /// How much.
    pub balance: Check<BigInt>,
    /// Who made it.
    pub creator: CheckBytes,
    /// The creator's share of sales, in hundredths of a percent.
    pub royalties: Check<u64>,
    /// The hash of what it stands for.
    pub hash: CheckBytes,
    /// Where that is found.
    pub uri: CheckBytes,
    /// Anything else.
    pub attributes: CheckBytes,
}

/// The kinds of transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TxKind {
    /// Deploys a contract.
    ScDeploy,
    /// Calls a contract.
    ScCall,
    /// Asks a contract, without a sender and without a gas limit.
    ScQuery,
    /// Upgrades a contract; known to the format, executed by no runner.
    ScUpgrade,
    /// Moves EGLD or tokens.
    Transfer,
    /// The protocol rewards a validator.
    ValidatorReward,
}

impl TxKind {
    /// The step type in files.
    pub fn step_name(self) -> &'static str {
        match self {
            Self::ScDeploy => "scDeploy",
            Self::ScCall => "scCall",
            Self::ScQuery => "scQuery",
            Self::ScUpgrade => "scUpgrade",
            Self::Transfer => "transfer",
            Self::ValidatorReward => "validatorReward",
        }
    }

    /// Whether an account sends it (and pays for its gas).
    pub fn has_sender(self) -> bool {
        !matches!(self, Self::ScQuery | Self::ValidatorReward)
    }

    /// Whether it runs a contract, so that a result can be expected.
    pub fn runs_contract(self) -> bool {
        !matches!(self, Self::Transfer | Self::ValidatorReward)
    }

    /// Whether it names a function.
    pub fn has_function(self) -> bool {
        matches!(self, Self::ScCall | Self::ScQuery)
    }
}

/// A transaction and what it must result in.
#[derive(Clone, Debug)]
pub struct TxStep {
    /// Its name in messages; its hash is made of it.
    pub id: String,
    /// The transaction.
    pub tx: Transaction,
    /// The result; nothing is checked when absent.
    pub expect: Option<ExpectedResult>,
}

/// A transaction.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// Its kind.
    pub kind: TxKind,
    /// Who sends it; empty when nobody does.
    pub from: Bytes,
    /// Whom it reaches; empty for deployments.
    pub to: Bytes,
    /// The function it calls.
    pub function: String,
    /// The EGLD it carries.
    pub value: BigInt,
    /// The tokens it carries.
    pub esdt: Vec<TxToken>,
    /// The arguments.
    pub arguments: Vec<Bytes>,
    /// The code to deploy.
    pub code: Bytes,
    /// The metadata of the code to deploy.
    pub code_metadata: Option<Bytes>,
    /// The price of a unit of gas.
    pub gas_price: u64,
    /// The gas it may use.
    pub gas_limit: u64,
}

/// A token that a transaction carries.
#[derive(Clone, Debug, Default)]
pub struct TxToken {
    /// The token.
    pub identifier: Bytes,
    /// Which instance; 0 for fungible tokens.
    pub nonce: u64,
    /// How much.
    pub value: BigInt,
}

/// What a transaction must result in.
#[derive(Clone, Debug, Default)]
pub struct ExpectedResult {
    /// The return data.
    pub out: CheckOut,
    /// The return code.
    pub status: Check<BigInt>,
    /// The return message.
    pub message: CheckBytes,
    /// The log entries.
    pub logs: CheckLogs,
    /// The gas that remains; checked only when specified.
    pub gas: Check<u64>,
    /// The gas that is refunded.
    pub refund: Check<BigInt>,
}

/// What return data must be.
#[derive(Clone, Debug)]
pub enum CheckOut {
    /// `*`: anything will do.
    Any,
    /// Item by item.
    Items(Vec<CheckBytes>),
}

impl Default for CheckOut {
    fn default() -> Self {
        Self::Items(Vec::new())
    }
}

/// What log entries must be.
#[derive(Clone, Debug, Default)]
pub enum CheckLogs {
    /// `*`, or not said: anything will do.
    #[default]
    Any,
    /// Entry by entry.
    Entries {
        /// The entries.
        entries: Vec<CheckLog>,
        /// `"+"` at the end: more may follow.
        more_allowed: bool,
    },
}

/// What a log entry must be.
#[derive(Clone, Debug, Default)]
pub struct CheckLog {
    /// Who wrote it.
    pub address: CheckBytes,
    /// What it says happened.
    pub identifier: CheckBytes,
    /// Indexed details; `None` for anything.
    pub topics: Option<Vec<CheckBytes>>,
    /// Other details.
    pub data: CheckBytes,
}
