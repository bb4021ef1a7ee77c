//! What an address says about its account.

use arwen_interface::ADDRESS_LEN;

/// The contract that issues tokens; it lives on the metachain.
pub const ESDT_SYSTEM_CONTRACT: [u8; ADDRESS_LEN] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 255, 255,
];
/// The account that holds the settings of tokens; every shard has its own.
pub const SYSTEM_ACCOUNT: [u8; ADDRESS_LEN] = [0xff; ADDRESS_LEN];
/// The number of the metachain among the shards.
pub(super) const METACHAIN: u32 = u32::MAX;

/// The zeros that begin a contract's address.
const CONTRACT_ZEROS: usize = 8;
/// The zeros and the two bytes that name the virtual machine; an address must be longer than that.
const CONTRACT_PREFIX_LEN: usize = CONTRACT_ZEROS + 2;
/// As much of a system account's address as must be [`SYSTEM_ACCOUNT`]'s: the last two bytes may differ.
const SYSTEM_PREFIX_LEN: usize = ADDRESS_LEN - 2;

/// Whether an address is one that only contracts have. The address of all zeros is.
pub fn is_contract_address(address: &[u8]) -> bool {
    address.len() > CONTRACT_PREFIX_LEN && address.iter().take(CONTRACT_ZEROS).all(|byte| *byte == 0)
}

/// Whether an address is the system account's in some shard.
pub(super) fn is_system_account(address: &[u8]) -> bool {
    address.get(..SYSTEM_PREFIX_LEN) == SYSTEM_ACCOUNT.get(..SYSTEM_PREFIX_LEN)
}
