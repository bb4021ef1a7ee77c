//! The pipe protocol and the node-side driver.
//!
//! A node links this crate; nothing of the VM's engine is in it. The [`messages`] are declared once, and both sides,
//! the [`driver`] here and the child in `arwen-ipc-child`, are made from the declaration.

pub mod asynchronous;
pub mod binary;
pub mod channel;
pub mod dialogue;
pub mod driver;
pub mod error;
pub mod fds;
mod foresight;
pub mod frame;
pub mod gas_line;
pub mod gob;
mod inflow;
pub mod interrupt;
pub mod json;
pub mod known;
pub mod log;
pub mod lookup;
pub mod mailbox;
pub mod manual;
pub mod marshalizer;
pub mod messages;
mod node;
mod outgoing;
pub mod patience;
pub mod pool;
mod process;
pub mod records;
pub mod wire;
