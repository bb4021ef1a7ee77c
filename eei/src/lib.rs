//! The environment interface and the VM host: contracts and their calls.

pub mod crypto;
