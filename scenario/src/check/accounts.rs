//! `checkState`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::tokens;
use crate::expr::{Hint, reconstruct};
use crate::model::{Check, CheckAccount, CheckAccounts, CheckBytes};
use crate::world::{Account, World};
use arwen_eei::builtin::PROTECTED_PREFIX;

/// Compares accounts, in the order in which they are listed; the first difference counts.
pub(crate) fn accounts(expected: &CheckAccounts, world: &World) -> Result<(), String> {
    if !expected.more_allowed {
        let listed: BTreeSet<_> = expected
            .accounts
            .iter()
            .map(|account| &account.address.value)
            .collect();
        if let Some(unexpected) = world.accounts.keys().find(|address| !listed.contains(address)) {
            let shown = reconstruct(unexpected, Hint::Address);
            return Err(format!("unexpected account address: {shown}"));
        }
    }
    expected.accounts.iter().try_for_each(|account| {
        let name = &account.address.original;
        match world.account(&account.address.value) {
            None => Err(format!(
                "account {name} expected but not found after running test"
            )),
            Some(actual) => check_account(account, actual, name),
        }
    })
}

fn check_account(expected: &CheckAccount, actual: &Account, name: &str) -> Result<(), String> {
    if !expected.nonce.holds(&actual.nonce) {
        return Err(format!(
            "bad account nonce. Account: {name}. Want: \"{}\". Have: \"{}\"",
            expected.nonce.original(),
            actual.nonce
        ));
    }
    if !expected.balance.holds(&actual.balance) {
        return Err(format!(
            "bad account balance. Account: {name}. Want: \"{}\". Have: \"{}\"",
            expected.balance.original(),
            // Balances are shown without a sign.
            actual.balance.magnitude()
        ));
    }
    let bytes = |what: &str, check: &CheckBytes, have: &[u8], hint| {
        let message = || {
            let have = reconstruct(have, hint);
            format!(
                "bad account {what}. Account: {name}. Want: {}. Have: \"{have}\"",
                check.pretty()
            )
        };
        if check.holds(&have.to_vec()) {
            Ok(())
        } else {
            Err(message())
        }
    };
    bytes("username", &expected.username, &actual.username, Hint::Str)?;
    bytes("code", &expected.code, &actual.code, Hint::Code)?;
    if expected.code_metadata != Check::Unspecified {
        bytes(
            "code metadata",
            &expected.code_metadata,
            &actual.code_metadata,
            Hint::None,
        )?;
    }
    if !expected
        .developer_rewards
        .holds_if_specified(&actual.developer_reward)
    {
        return Err(format!(
            "bad account developer rewards. Account: {name}. Want: \"{}\". Have: \"{}\"",
            expected.developer_rewards.original(),
            actual.developer_reward
        ));
    }
    if !expected
        .async_call_data
        .holds_if_specified(&actual.async_call_data)
    {
        return Err(format!(
            "bad async call data. Account: {name}. Want: [{}]. Have: [{}]",
            expected.async_call_data.pretty(),
            String::from_utf8_lossy(&actual.async_call_data)
        ));
    }
    check_storage(expected, actual, name)?;
    tokens::check(&expected.esdt, actual, name)
}

fn check_storage(expected: &CheckAccount, actual: &Account, name: &str) -> Result<(), String> {
    if expected.storage.ignore {
        return Ok(());
    }
    // Of several checks of one key the last counts.
    let wanted: BTreeMap<_, _> = expected
        .storage
        .entries
        .iter()
        .map(|(key, want)| (key, want))
        .collect();
    let keys: BTreeSet<_> = wanted.keys().copied().chain(actual.storage.keys()).collect();
    let unlisted = if expected.storage.more_allowed {
        Check::Any
    } else {
        Check::Unspecified
    };
    let mut differences = String::new();
    for key in keys.into_iter().filter(|key| !key.starts_with(PROTECTED_PREFIX)) {
        let want = wanted.get(key).copied().unwrap_or(&unlisted);
        let have = actual.value(key).to_vec();
        if !want.holds(&have) {
            let _ = write!(
                differences,
                "\n  for key {}: Want: {}. Have: \"{}\"",
                reconstruct(key, Hint::None),
                want.pretty(),
                reconstruct(&have, Hint::None)
            );
        }
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(format!(
        "wrong account storage for account \"{name}\":{differences}"
    ))
}
