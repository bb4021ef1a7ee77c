//! Running contracts: what a node asks for, and what contracts ask for.

mod async_call;
mod builtin;
mod callback;
mod create;
pub(crate) mod data;
mod deploy;
mod execute;
mod nested;
pub(crate) mod token_transfer;
mod transaction;

use std::sync::Arc;

use arwen_interface::{Bytes, CallInput, VmInput};

/// The constructor's name.
pub(crate) const INIT: &[u8] = b"init";
/// A constructor's name from an older time; it may not be called directly either.
const INIT_SOLIDITY: &[u8] = b"solidity.ctor";
/// The function that receives the results of asynchronous calls.
pub(crate) const CALLBACK: &[u8] = b"callBack";
/// The function name that means an upgrade.
pub(crate) const UPGRADE: &[u8] = b"upgradeContract";

/// A call of a contract. Unlike the node's, its function need not be text: contracts choose any bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    pub input: VmInput,
    pub recipient: Bytes,
    pub function: Bytes,
    /// Whether the constructor may be called by name.
    pub allow_init: bool,
}

impl From<&CallInput> for Call {
    fn from(input: &CallInput) -> Self {
        Self {
            input: input.vm_input.clone(),
            recipient: input.recipient.clone(),
            function: input.function.as_bytes().to_vec(),
            allow_init: input.allow_init_function,
        }
    }
}

impl Call {
    /// Whether the constructor is called by name.
    pub(crate) fn is_init(&self) -> bool {
        is_init(&self.function)
    }
}

fn is_init(function: &[u8]) -> bool {
    function == INIT || function == INIT_SOLIDITY
}

/// New code for an account.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    pub code: Arc<Bytes>,
    pub code_metadata: Bytes,
    pub address: Bytes,
    pub deployer: Bytes,
}
