//! Tokens as accounts store them, seen from outside.

use arwen_eei::builtin::{instance_key, last_nonce_key, roles_key, token_key};
use arwen_interface::Bytes;

use crate::expr::minimal_unsigned;

/// The properties byte that freezes a token in an account.
const FROZEN: u8 = 1;

/// What a storage key says about tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key<'a> {
    /// An instance: identifier and nonce, not told apart.
    Instance(&'a [u8]),
    /// Roles of the token with this identifier.
    Roles(&'a [u8]),
    /// Last nonce of the token with this identifier.
    LastNonce(&'a [u8]),
}

impl<'a> Key<'a> {
    pub(crate) fn parse(key: &'a [u8]) -> Option<Self> {
        let strip = |prefix: Bytes| key.strip_prefix(&prefix[..]);
        strip(token_key(&[]))
            .map(Self::Instance)
            .or_else(|| strip(last_nonce_key(&[])).map(Self::LastNonce))
            .or_else(|| strip(roles_key(&[])).map(Self::Roles))
    }
}

/// The storage key of an instance; nonce 0 is the fungible one.
pub(crate) fn key(identifier: &[u8], nonce: u64) -> Bytes {
    instance_key(&token_key(identifier), nonce)
}

/// A nonce, minimal and big-endian.
pub(crate) fn nonce_bytes(nonce: u64) -> Bytes {
    minimal_unsigned(&nonce.into())
}

/// The two bytes of a token's properties in an account.
pub(crate) fn properties(frozen: bool) -> Bytes {
    vec![if frozen { FROZEN } else { 0 }, 0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart_by_their_prefix() {
        assert_eq!(key(b"TOK", 256), b"ELRONDesdtTOK\x01\x00");
        assert_eq!(Key::parse(&key(b"TOK", 0)), Some(Key::Instance(b"TOK")));
        assert_eq!(Key::parse(&roles_key(b"TOK")), Some(Key::Roles(b"TOK")));
        assert_eq!(Key::parse(&last_nonce_key(b"TOK")), Some(Key::LastNonce(b"TOK")));
        assert_eq!(Key::parse(b"ELRONDreward"), None);
    }
}
