//! The node's built-in functions, computed over its storage.
//!
//! A built-in function is called like a contract but belongs to the protocol: it moves tokens, names accounts, hands
//! contracts over. The reference runs them inside the node, which changes its accounts at once. Here nothing is
//! changed: [`process`] reads through [`BuiltinWorld`] and hands back a [`BuiltinOutcome`], the [`Changes`] apart from
//! the [`VmOutput`] the node would have answered. Whoever calls applies the changes, or drops them.

mod address;
mod call;
mod changes;
mod error;
mod functions;
mod ledger;
mod output;
mod prices;
mod table;
#[cfg(test)]
mod tests;
mod token;
mod world;

use arwen_interface::{CallInput, VmOutput};

pub use address::{ESDT_SYSTEM_CONTRACT, SYSTEM_ACCOUNT, is_contract_address};
pub use changes::Changes;
pub use error::BuiltinError;
pub use prices::BuiltinPrices;
pub use table::BuiltinFunction;
pub use token::{
    PROTECTED_PREFIX, decode_roles, decode_token, encode_roles, encode_token, instance_key, last_nonce_key,
    roles_key, token_key,
};
pub use world::BuiltinWorld;

use call::Call;

/// What a built-in function did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuiltinOutcome {
    /// What the node would have answered: gas, logs, and the transfers still to be made.
    pub output: VmOutput,
    /// What the node would have changed meanwhile, of which the output says nothing.
    pub changes: Changes,
}

/// Runs the built-in function that `input` names.
///
/// Whether a function is active yet is the caller's question: [`BuiltinFunction::is_active`].
///
/// # Errors
/// [`BuiltinError`], with the reference's text. Nothing has been changed then.
pub fn process(
    world: &mut dyn BuiltinWorld,
    prices: &BuiltinPrices,
    input: &CallInput,
) -> Result<BuiltinOutcome, BuiltinError> {
    let function = BuiltinFunction::from_name(&input.function)
        .ok_or_else(|| BuiltinError::UnknownFunction(input.function.clone()))?;
    let mut call = Call::new(world, prices, input, function)?;
    let output = function.handler()(&mut call)?;
    Ok(BuiltinOutcome {
        output,
        changes: call.changes,
    })
}
