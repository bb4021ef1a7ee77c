//! The VM child process: the VM host behind pipes.
//!
//! [`run()`] is the whole process: it takes the five pipes a node passed, reads Initialize, and [`serve`]s until the
//! node stops it. The loop takes a reader and a writer, so tests run it on a thread.

pub mod cache;
pub mod go_text;
pub mod hooks;
pub mod interrupt;
pub mod logger;
pub mod machine;
mod run;
pub mod sandbox;
pub mod serve;
pub mod transport;
mod vm;
mod watch;

pub use arwen_eei::{BuiltinMode, Tier};
pub use run::{ExitCode, Options, run};
