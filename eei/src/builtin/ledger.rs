//! Tokens in accounts: who has what, who may do what.

use arwen_interface::{BigInt, Bytes, EsdtToken, EsdtType};
use num_traits::Signed;

use super::BuiltinError;
use super::address::{ESDT_SYSTEM_CONTRACT, SYSTEM_ACCOUNT};
use super::call::{Call, require};
use super::token::{
    decode_roles, decode_token, encode_roles, encode_token, instance_key, last_nonce_key, low_u64,
    minimal_bytes, roles_key, token_key,
};

/// The flag in the first of a token's two property bytes: "frozen" in an account, "paused" in the system account.
const STOPPED: u8 = 1;
/// The length of properties that mean anything.
const PROPERTIES_LEN: usize = 2;

/// Whether properties say that a token must not move.
pub(super) fn is_stopped(properties: &[u8]) -> bool {
    properties.len() == PROPERTIES_LEN && properties[0] & STOPPED != 0
}

/// Properties that say whether a token must not move, and nothing else.
pub(super) fn stopped_properties(stopped: bool) -> Bytes {
    vec![if stopped { STOPPED } else { 0 }, 0]
}

/// How much of a token there is.
pub(super) fn quantity(token: &EsdtToken) -> &BigInt {
    token.value.as_ref().unwrap_or(&BigInt::ZERO)
}

/// Takes `amount` away from a token.
///
/// # Errors
/// There is not that much.
pub(super) fn take(token: &mut EsdtToken, amount: &BigInt) -> Result<(), BuiltinError> {
    require(quantity(token) >= amount, BuiltinError::InvalidQuantity)?;
    token.value = Some(quantity(token) - amount);
    Ok(())
}

/// Adds `amount` to a token.
pub(super) fn put(token: &mut EsdtToken, amount: &BigInt) {
    token.value = Some(quantity(token) + amount);
}

impl Call<'_> {
    /// What an account has under a key; `None` for nothing.
    pub(super) fn token_if_any(
        &mut self,
        account: &[u8],
        key: &[u8],
    ) -> Result<Option<EsdtToken>, BuiltinError> {
        let stored = self.storage(account, key);
        if stored.is_empty() {
            Ok(None)
        } else {
            decode_token(&stored).map(Some)
        }
    }

    /// What an account has under a key; nothing is zero of a fungible token.
    pub(super) fn token(&mut self, account: &[u8], key: &[u8]) -> Result<EsdtToken, BuiltinError> {
        let none = || EsdtToken {
            value: Some(BigInt::ZERO),
            ..EsdtToken::default()
        };
        Ok(self.token_if_any(account, key)?.unwrap_or_else(none))
    }

    /// An instance that an account must have.
    pub(super) fn owned_instance(
        &mut self,
        account: &[u8],
        token: &[u8],
        nonce: u64,
    ) -> Result<EsdtToken, BuiltinError> {
        let key = instance_key(&token_key(token), nonce);
        self.token_if_any(account, &key)?.ok_or(BuiltinError::NewOnSender)
    }

    /// A token must be neither frozen in an account nor paused under a key. Tokens on their way back after an error,
    /// and the contract that issues tokens, may move always.
    pub(super) fn require_movable(
        &mut self,
        account: &[u8],
        key: &[u8],
        token: &EsdtToken,
    ) -> Result<(), BuiltinError> {
        if self.input.vm_input.return_call_after_error || account == ESDT_SYSTEM_CONTRACT {
            return Ok(());
        }
        require(!is_stopped(&token.properties), BuiltinError::Frozen)?;
        let settings = self.storage(&SYSTEM_ACCOUNT, key);
        require(!is_stopped(&settings), BuiltinError::Paused)
    }

    /// Adds to an account's balance of a fungible token; `amount` may be negative.
    pub(super) fn add_to_balance(
        &mut self,
        account: &[u8],
        token: &[u8],
        amount: &BigInt,
    ) -> Result<(), BuiltinError> {
        let key = token_key(token);
        let mut balance = self.token(account, &key)?;
        require(
            balance.token_type == EsdtType::Fungible as u32,
            BuiltinError::NotFungible,
        )?;
        self.require_movable(account, &key, &balance)?;
        put(&mut balance, amount);
        require(!quantity(&balance).is_negative(), BuiltinError::InsufficientFunds)?;
        self.save_balance(account, key, &balance);
        Ok(())
    }

    /// Saves a fungible token; nothing of it, unless its properties say something, deletes the entry.
    pub(super) fn save_balance(&mut self, account: &[u8], key: Bytes, token: &EsdtToken) {
        let is_nothing =
            *quantity(token) == BigInt::ZERO && token.properties.iter().all(|property| *property == 0);
        self.set_storage(
            account,
            key,
            if is_nothing {
                Bytes::new()
            } else {
                encode_token(token)
            },
        );
    }

    /// Saves a token under the nonce its metadata gives; nothing of it deletes the entry. Returns what was stored.
    ///
    /// # Errors
    /// The token must not move.
    pub(super) fn save_instance(
        &mut self,
        account: &[u8],
        token_name: &[u8],
        token: &EsdtToken,
    ) -> Result<Bytes, BuiltinError> {
        let all = token_key(token_name);
        self.require_movable(account, &all, token)?;
        let key = instance_key(&all, token.metadata.as_ref().map_or(0, |metadata| metadata.nonce));
        self.require_movable(account, &key, token)?;
        let stored = if quantity(token).is_positive() {
            encode_token(token)
        } else {
            Bytes::new()
        };
        self.set_storage(account, key, stored.clone());
        Ok(stored)
    }

    /// An account's roles for a token.
    pub(super) fn roles(&mut self, account: &[u8], token: &[u8]) -> Result<Vec<Bytes>, BuiltinError> {
        let stored = self.storage(account, &roles_key(token));
        decode_roles(&stored)
    }

    pub(super) fn set_roles(&mut self, account: &[u8], token: &[u8], roles: Vec<Bytes>) {
        self.set_storage(account, roles_key(token), encode_roles(roles));
    }

    /// The caller must have a role for a token.
    pub(super) fn require_role(&mut self, token: &[u8], role: &str) -> Result<(), BuiltinError> {
        let roles = self.roles(self.caller(), token)?;
        require(
            roles.iter().any(|has| has == role.as_bytes()),
            BuiltinError::ActionNotAllowed,
        )
    }

    /// The last nonce an account gave out for a token; 0 for none.
    pub(super) fn last_nonce(&mut self, account: &[u8], token: &[u8]) -> u64 {
        low_u64(&self.storage(account, &last_nonce_key(token)))
    }

    pub(super) fn set_last_nonce(&mut self, account: &[u8], token: &[u8], nonce: u64) {
        self.set_storage(account, last_nonce_key(token), minimal_bytes(nonce));
    }
}
