//! A local world that persists: accounts, contracts and blocks in an embedded database.
//!
//! Every [`Command`] becomes steps of a scenario. [`LocalWorld::execute`] loads the accounts into the in-memory world of
//! `arwen-scenario`, runs the steps there, and writes back what differs, together with the steps and their results, in one
//! transaction of the database. So a command either happened or did not, whatever interrupts it; and the steps, one after
//! the other, are a scenario that reproduces the world ([`LocalWorld::export`]).

mod change;
mod command;
mod error;
mod export;
mod local;
mod progress;
mod steps;
mod store;
mod values;

pub use change::{Change, StorageChange};
pub use command::{
    Account, Advance, Command, Deployment, Gas, Payment, Query, Transaction, Transfer, Upgrade,
};
pub use error::WorldError;
pub use local::{LocalWorld, Outcome, address};
pub use store::{FILE_NAME, Settings, State, VERSION};

pub use redb::StorageBackend;
