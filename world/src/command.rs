//! What can be done to a world. Values are expressions, in the syntax of scenarios.

use arwen_interface::Bytes;

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Puts an account into the world.
    CreateAccount(Account),
    /// Deploys a contract.
    Deploy(Deployment),
    /// Gives a contract other code.
    Upgrade(Upgrade),
    /// Calls a contract.
    Call(Transaction),
    /// Asks a contract; it cannot change anything.
    Query(Query),
    /// Moves EGLD or tokens.
    Transfer(Transfer),
    /// Lets blocks and time pass.
    Advance(Advance),
}

/// An account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Its address.
    pub address: String,
    /// Its EGLD, in the smallest unit; empty for none.
    pub balance: String,
    /// Its tokens: `NAME=AMOUNT`, or `NAME#NONCE=AMOUNT`.
    pub esdt: Vec<String>,
}

/// The gas a transaction may use and what it pays for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gas {
    /// How much it may use.
    pub limit: u64,
    /// EGLD that a unit costs, in the smallest unit. All of the limit is paid for.
    pub price: u64,
}

/// What a transaction brings with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payment {
    /// EGLD, in the smallest unit; empty for none.
    pub value: String,
    /// Tokens: `NAME=AMOUNT`, or `NAME#NONCE=AMOUNT`.
    pub esdt: Vec<String>,
}

/// A deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// The name of the transaction; no two may have the same.
    pub id: Option<String>,
    /// Who deploys.
    pub from: String,
    /// The contract's code.
    pub code: Bytes,
    /// The two metadata bytes of the code; upgradeable, readable and payable unless said otherwise.
    pub metadata: Option<String>,
    /// The contract's address, unless the world is to choose one.
    pub at: Option<String>,
    /// Arguments of `init`.
    pub arguments: Vec<String>,
    /// EGLD that comes with it, in the smallest unit; empty for none.
    pub value: String,
    /// Its gas.
    pub gas: Gas,
}

/// An upgrade.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upgrade {
    /// The name of the transaction; no two may have the same.
    pub id: Option<String>,
    /// Who upgrades: the contract's owner.
    pub from: String,
    /// The contract.
    pub to: String,
    /// Its code from then on.
    pub code: Bytes,
    /// Arguments of `init`.
    pub arguments: Vec<String>,
    /// Its gas.
    pub gas: Gas,
}

/// A call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// The name of the transaction; no two may have the same.
    pub id: Option<String>,
    /// Who calls.
    pub from: String,
    /// The contract.
    pub to: String,
    /// The function.
    pub function: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What comes with it.
    pub payment: Payment,
    /// Its gas.
    pub gas: Gas,
}

/// A question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The contract.
    pub to: String,
    /// The function.
    pub function: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// A transfer. It needs no gas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// The name of the transaction; no two may have the same.
    pub id: Option<String>,
    /// Who sends.
    pub from: String,
    /// Who receives.
    pub to: String,
    /// What is sent.
    pub payment: Payment,
}

/// Time that passes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advance {
    /// How many blocks.
    pub blocks: u64,
    /// How many seconds.
    pub seconds: u64,
    /// How many epochs.
    pub epochs: u32,
    /// The random seed of the current block then, 48 bytes; that of the block before unless given.
    pub seed: Option<String>,
}
