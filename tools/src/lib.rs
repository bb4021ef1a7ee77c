//! What the tools for contract developers know; `arwen` prints it.
//!
//! A [`record::Recorder`] watches runs in the observed tier and keeps what they did. [`profile`] makes a gas profile of
//! it that adds up to the gas of the VM's outputs, [`coverage`] says which code ran, and [`source_map`] where code
//! comes from. [`trace`] writes one run down with all that it asked its node, to be run again anywhere, [`step`] goes
//! through it operator by operator, and [`shrink`] makes the smallest scenario of it. Watching changes no output.

mod both;
pub mod coverage;
mod input;
pub mod machine;
pub mod profile;
pub mod record;
pub mod shrink;
pub mod source_map;
pub mod step;
pub mod stop;
pub mod trace;

pub use input::RunInput;
