//! The tokens of an account.

use std::collections::{BTreeMap, BTreeSet};

use arwen_eei::builtin::{decode_roles, decode_token};
use arwen_interface::{BigInt, Bytes, EsdtMetadata, EsdtToken};
use num_bigint::Sign;

use crate::expr::{Hint, reconstruct};
use crate::model::{CheckBytes, CheckInstance, CheckToken, CheckTokens};
use crate::world::Account;
use crate::world::token::{Key, nonce_bytes};

/// Everything an account's storage says about one token.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeldToken {
    /// What it has of each instance; only what is more than zero.
    pub instances: BTreeMap<u64, EsdtToken>,
    /// The last nonce it gave to an instance.
    pub last_nonce: u64,
    /// What it may do with the token.
    pub roles: Vec<Bytes>,
}

/// The tokens of an account, by identifier.
pub(crate) fn held_tokens(account: &Account) -> Result<BTreeMap<Bytes, HeldToken>, String> {
    let mut all = BTreeMap::<Bytes, HeldToken>::new();
    for (key, value) in &account.storage {
        match Key::parse(key) {
            Some(Key::Instance(name_and_nonce)) => {
                let (name, nonce, token) = instance(name_and_nonce, value)?;
                if amount(&token).sign() == Sign::Plus {
                    all.entry(name).or_default().instances.insert(nonce, token);
                }
            }
            Some(Key::LastNonce(name)) => {
                let low = &value[value.len().saturating_sub(8)..];
                let last_nonce = low
                    .iter()
                    .fold(0, |nonce: u64, &byte| nonce << 8 | u64::from(byte));
                all.entry(name.to_vec()).or_default().last_nonce = last_nonce;
            }
            Some(Key::Roles(name)) => {
                let roles = decode_roles(value).map_err(|error| error.to_string())?;
                all.entry(name.to_vec()).or_default().roles = roles;
            }
            None => {}
        }
    }
    Ok(all)
}

fn instance(name_and_nonce: &[u8], record: &[u8]) -> Result<(Bytes, u64, EsdtToken), String> {
    // An empty record is a deleted one.
    let mut token = match record {
        [] => EsdtToken::default(),
        record => decode_token(record).map_err(|error| error.to_string())?,
    };
    let nonce = token.metadata.as_ref().map_or(0, |metadata| metadata.nonce);
    if nonce == 0 {
        token.metadata = None;
        return Ok((name_and_nonce.to_vec(), 0, token));
    }
    match name_and_nonce.strip_suffix(&nonce_bytes(nonce)[..]) {
        Some(name) => Ok((name.to_vec(), nonce, token)),
        None => Err("Invalid key for NFT (key does not end in nonce)".to_owned()),
    }
}

fn amount(token: &EsdtToken) -> BigInt {
    token.value.clone().unwrap_or_default()
}

/// Compares all tokens of an account and tells all differences.
pub(super) fn check(expected: &CheckTokens, account: &Account, name: &str) -> Result<(), String> {
    if expected.ignore {
        return Ok(());
    }
    let held = held_tokens(account)?;
    let wanted: BTreeMap<_, _> = expected
        .tokens
        .iter()
        .map(|token| (&token.identifier, token))
        .collect();
    let (no_token, nothing_held) = (CheckToken::default(), HeldToken::default());
    let mut differences = Vec::new();
    for identifier in wanted.keys().copied().chain(held.keys()).collect::<BTreeSet<_>>() {
        let want = wanted.get(identifier).copied().unwrap_or(&no_token);
        let have = held.get(identifier).unwrap_or(&nothing_held);
        check_token(
            want,
            have,
            name,
            &String::from_utf8_lossy(identifier),
            &mut differences,
        );
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(format!(
        "mismatch for account \"{name}\":\n  {}",
        differences.join("\n  ")
    ))
}

fn check_token(want: &CheckToken, have: &HeldToken, account: &str, token: &str, out: &mut Vec<String>) {
    let wanted: BTreeMap<_, _> = want
        .instances
        .iter()
        .map(|instance| (instance.nonce, instance))
        .collect();
    let (no_instance, nothing_held) = (CheckInstance::default(), EsdtToken::default());
    for nonce in wanted
        .keys()
        .chain(have.instances.keys())
        .copied()
        .collect::<BTreeSet<_>>()
    {
        let want = wanted.get(&nonce).copied().unwrap_or(&no_instance);
        let have = have.instances.get(&nonce).unwrap_or(&nothing_held);
        for difference in check_instance(want, have) {
            out.push(format!("for token: {token}, nonce: {nonce}: {difference}"));
        }
    }
    if !want.last_nonce.holds(&have.last_nonce) {
        out.push(format!(
            "bad account ESDT last nonce. Account: {account}. Token: {token}. Want: \"{}\". Have: {}",
            want.last_nonce.original(),
            have.last_nonce
        ));
    }
    let wanted: BTreeSet<_> = want.roles.iter().map(String::as_bytes).collect();
    let held: BTreeSet<_> = have.roles.iter().map(Vec::as_slice).collect();
    for role in wanted.symmetric_difference(&held) {
        let kind = if held.contains(role) {
            "unexpected"
        } else {
            "missing"
        };
        let role = String::from_utf8_lossy(role);
        out.push(format!(
            "{kind} ESDT role. Account: {account}. Token: {token}. Role: {role}"
        ));
    }
}

fn check_instance(want: &CheckInstance, have: &EsdtToken) -> Vec<String> {
    let mut out = Vec::new();
    if !want.balance.holds(&amount(have)) {
        out.push(format!(
            "Bad balance. Want: \"{}\". Have: \"{}\"",
            want.balance.original(),
            amount(have)
        ));
    }
    let none = EsdtMetadata::default();
    let metadata = have.metadata.as_ref().unwrap_or(&none);
    let bytes = |check: &CheckBytes, have: &Bytes, hint| {
        let differs = !check.holds_if_specified(have);
        differs.then(|| (check.pretty(), reconstruct(have, hint)))
    };
    if let Some((want, have)) = bytes(&want.creator, &metadata.creator, Hint::Address) {
        out.push(format!("Bad creator. Want: {want}. Have: \"{have}\""));
    }
    if !want.royalties.holds_if_specified(&metadata.royalties.into()) {
        let original = want.royalties.original();
        out.push(format!(
            "Bad royalties. Want: \"{original}\". Have: \"{}\"",
            metadata.royalties
        ));
    }
    if let Some((want, have)) = bytes(&want.hash, &metadata.hash, Hint::None) {
        out.push(format!("Bad hash. Want: {want}. Have: {have}"));
    }
    if metadata.uris.len() > 1 {
        out.push("More than one URI currently not supported".to_owned());
    }
    let uri = match &metadata.uris[..] {
        [uri] => uri.clone(),
        _ => Bytes::new(),
    };
    if let Some((want, have)) = bytes(&want.uri, &uri, Hint::Str) {
        out.push(format!("Bad URI. Want: {want}. Have: \"{have}\""));
    }
    if let Some((want, have)) = bytes(&want.attributes, &metadata.attributes, Hint::Str) {
        out.push(format!("Bad attributes. Want: {want}. Have: \"{have}\""));
    }
    out
}
