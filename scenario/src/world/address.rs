//! Addresses: which are contracts', and where new contracts go.

use arwen_interface::{ADDRESS_LEN, Bytes};

/// How many zero bytes begin a contract's address.
pub const CONTRACT_LEADING_ZEROS: usize = 8;
/// A shorter address is never a contract's.
const MIN_CONTRACT_LEN: usize = 11;

/// Whether the leading bytes are those of a contract's address.
pub fn is_contract_format(address: &[u8]) -> bool {
    address.starts_with(&[0; CONTRACT_LEADING_ZEROS])
}

/// Whether the protocol takes an address for a contract's; the all-zero address counts as one.
pub fn is_contract_address(address: &[u8]) -> bool {
    address.len() >= MIN_CONTRACT_LEN && is_contract_format(address)
}

/// Where `creator` deploys at `nonce`, unless a scenario says otherwise: ten zero bytes, four of 0x11, the first 15 bytes
/// of the creator, the low byte of the nonce, the last two bytes of the creator (so that both are in one shard).
///
/// Not the protocol's own rule, but as good for tests, and readable.
pub fn generated_address(creator: &[u8; ADDRESS_LEN], nonce: u64) -> Bytes {
    let mut address = vec![0; 10];
    address.extend([0x11; 4]);
    address.extend(&creator[..15]);
    address.push(nonce as u8);
    address.extend(&creator[ADDRESS_LEN - 2..]);
    address
}
