//! An account of the in-memory world.

use std::collections::BTreeMap;

use arwen_eei::builtin::{BuiltinError, decode_token};
use arwen_interface::{BigInt, Bytes, EsdtToken};
use sha2::{Digest, Sha256};

use super::address::is_contract_format;
use super::token;
use crate::expr::hex;

/// Upgradeable and readable (byte 0), payable (byte 1): what scenario contracts always are.
pub const SCENARIO_CODE_METADATA: [u8; 2] = [0x05, 0x02];
/// The bit of metadata byte 1 that makes a contract payable.
const PAYABLE: u8 = 0x02;

/// An account. Its address is the key under which the world keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// How many transactions it has sent.
    pub nonce: u64,
    /// EGLD, in its smallest unit.
    pub balance: BigInt,
    /// Its storage. An empty value is the same as none.
    pub storage: BTreeMap<Bytes, Bytes>,
    /// Its code; empty for an account that is not a contract.
    pub code: Bytes,
    /// SHA-256 of the code; empty when there is none.
    pub code_hash: Bytes,
    /// The two metadata bytes of its code.
    pub code_metadata: Bytes,
    /// Who may upgrade it.
    pub owner: Bytes,
    /// Its registered name.
    pub username: Bytes,
    /// EGLD its owner may claim, in its smallest unit.
    pub developer_reward: BigInt,
    /// The shard it lives in, where the world tells shards by account.
    pub shard: u32,
    /// The data of the first call that was sent to it without being executed.
    pub async_call_data: Bytes,
}

impl Account {
    /// An account with EGLD and nothing else.
    pub fn with_balance(balance: impl Into<BigInt>) -> Self {
        Self {
            balance: balance.into(),
            ..Self::default()
        }
    }

    /// A contract.
    pub fn contract(code: impl Into<Bytes>, metadata: impl Into<Bytes>, owner: impl Into<Bytes>) -> Self {
        let mut account = Self {
            owner: owner.into(),
            ..Self::default()
        };
        account.set_code(code.into(), metadata.into());
        account
    }

    /// Whether it has code.
    pub fn is_contract(&self) -> bool {
        !self.code.is_empty()
    }

    /// Whether it accepts EGLD: everything but contracts that say otherwise.
    pub fn is_payable(&self) -> bool {
        !self.is_contract() || matches!(self.code_metadata[..], [_, second] if second & PAYABLE != 0)
    }

    /// Replaces the code and what follows from it.
    pub fn set_code(&mut self, code: Bytes, metadata: Bytes) {
        self.code_hash = if code.is_empty() {
            Bytes::new()
        } else {
            Sha256::digest(&code).to_vec()
        };
        self.code = code;
        self.code_metadata = metadata;
    }

    /// A storage value; empty when unset.
    pub fn value(&self, key: &[u8]) -> &[u8] {
        self.storage.get(key).map_or(&[], Vec::as_slice)
    }

    /// A token instance; one of value 0 when the account has none.
    ///
    /// # Errors
    /// When the stored record is malformed.
    pub fn token(&self, identifier: &[u8], nonce: u64) -> Result<EsdtToken, BuiltinError> {
        let record = self.value(&token::key(identifier, nonce));
        if record.is_empty() {
            return Ok(EsdtToken {
                value: Some(BigInt::ZERO),
                ..EsdtToken::default()
            });
        }
        decode_token(record)
    }

    /// Whether address and code go together: contracts have code, and only they.
    ///
    /// # Errors
    /// The reference's text. It has the two texts the wrong way round, and so do we.
    pub fn validate(&self, address: &[u8]) -> Result<(), String> {
        match (self.is_contract(), is_contract_format(address)) {
            (true, false) => Err(format!(
                "account has a smart contract address, but has no code: 0x{}",
                hex(address)
            )),
            (false, true) => Err(format!(
                "account has code but not a smart contract address: {}",
                hex(address)
            )),
            _ => Ok(()),
        }
    }
}
