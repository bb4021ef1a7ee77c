//! What built-in functions need to know.

use arwen_interface::{Bytes, HookError, UserAccount};

/// The state a built-in function reads: the node's, with what the run has changed so far.
pub trait BuiltinWorld {
    /// A storage value; empty when unset or unreadable.
    fn storage(&mut self, account: &[u8], key: &[u8]) -> Bytes;
    /// An account; `None` when there is none. Owner, user name and developer reward are looked at.
    ///
    /// # Errors
    /// The node could not tell.
    fn account(&mut self, address: &[u8]) -> Result<Option<UserAccount>, HookError>;
    /// The shard an address belongs to.
    fn shard_of(&mut self, address: &[u8]) -> u32;
    /// The shard that executes.
    fn own_shard(&mut self) -> u32;
    /// Whether an account accepts tokens that come without a call.
    ///
    /// # Errors
    /// The node could not tell.
    fn is_payable(&mut self, address: &[u8]) -> Result<bool, HookError>;
    /// Whether an address may name accounts.
    fn is_name_service(&mut self, address: &[u8]) -> bool;
}
