//! What the tools for contract developers know; `arwen` prints it.
//!
//! A [`record::Recorder`] watches runs in the observed tier and keeps what they did. [`profile`] makes a gas profile of
//! it that adds up to the gas of the VM's outputs, [`coverage`] says which code ran, and [`source_map`] where code
//! comes from. Watching changes no output.

pub mod coverage;
mod input;
pub mod machine;
pub mod profile;
pub mod record;
pub mod source_map;
pub mod stop;

pub use input::RunInput;
