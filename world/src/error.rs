//! Why a command could not be carried out. Nothing has changed then.

use std::io;
use std::path::PathBuf;

use arwen_scenario::run::MachineError;

use crate::VERSION;

/// Why a command could not be carried out. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// There is no world in the folder.
    #[error("{}: there is no world here", .0.display())]
    Missing(PathBuf),
    /// There is one already.
    #[error("{}: there is a world here already", .0.display())]
    Exists(PathBuf),
    /// Another process has it open.
    #[error("{}: another command is using this world", .0.display())]
    Busy(PathBuf),
    /// It was written by a program that writes worlds otherwise.
    #[error("{}: this is a world of version {found}, and this program knows version {VERSION} only", .path.display())]
    Version {
        /// The database.
        path: PathBuf,
        /// The version it says it has.
        found: u64,
    },
    /// It cannot be understood.
    #[error("{}: this is no world, or a damaged one: {reason}", .path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error("{}: {error}", .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A value has no meaning.
    #[error("{what} {text:?}: {reason}")]
    Value {
        /// Which part of the command.
        what: String,
        /// The value as it was written.
        text: String,
        /// Why it has none.
        reason: String,
    },
    /// A command names an account that does not exist.
    #[error("{what} {text:?}: there is no such account in this world")]
    NoAccount {
        /// Which part of the command.
        what: &'static str,
        /// The account as it was written.
        text: String,
    },
    /// A command calls an account that has no code.
    #[error("contract {0:?}: this account is no contract")]
    NoContract(String),
    /// A command creates an account that exists.
    #[error("account {0:?} exists already")]
    AccountExists(String),
    /// A command is carried out already.
    #[error("a command with id {0:?} has been carried out already")]
    IdExists(String),
    /// The protocol does not take the transaction.
    #[error("refused: {0}")]
    Refused(String),
    /// The VM could not run anything.
    #[error("the VM failed: {0}")]
    Machine(MachineError),
}

impl WorldError {
    /// Whether the world itself cannot be used, whatever the command.
    pub fn is_of_world(&self) -> bool {
        matches!(
            self,
            Self::Missing(_) | Self::Exists(_) | Self::Busy(_) | Self::Version { .. } | Self::Damaged { .. }
        )
    }
}
