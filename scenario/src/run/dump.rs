//! `dumpState`.

use crate::check::{HeldToken, held_tokens};
use crate::expr::{Hint, reconstruct};
use crate::json::{Entry, Json, Pos};
use crate::world::{Account, World};
use arwen_eei::builtin::PROTECTED_PREFIX;
use arwen_interface::EsdtToken;

/// The world's accounts as a scenario would set them, code abridged.
pub(super) fn dump(world: &World) -> Result<String, String> {
    let mut accounts = Vec::new();
    for (address, account) in &world.accounts {
        accounts.push(entry(
            &reconstruct(address, Hint::Address),
            dump_account(account)?,
        ));
    }
    Ok(format!("world state dump:\n{}", Json::Map(accounts).pretty()))
}

fn dump_account(account: &Account) -> Result<Json, String> {
    let mut fields = vec![
        number("nonce", account.nonce),
        text("balance", account.balance.to_string()),
    ];
    let tokens = held_tokens(account)?;
    if !tokens.is_empty() {
        let tokens = tokens
            .iter()
            .map(|(name, held)| entry(&reconstruct(name, Hint::Str), dump_token(held)));
        fields.push(entry("esdt", Json::Map(tokens.collect())));
    }
    if !account.username.is_empty() {
        fields.push(text("username", reconstruct(&account.username, Hint::Str)));
    }
    let storage = account
        .storage
        .iter()
        .filter(|(key, value)| !key.starts_with(PROTECTED_PREFIX) && !value.is_empty())
        .map(|(key, value)| text(&reconstruct(key, Hint::None), reconstruct(value, Hint::None)));
    fields.push(entry("storage", Json::Map(storage.collect())));
    fields.push(text("code", reconstruct(&account.code, Hint::Code)));
    if !account.owner.is_empty() {
        fields.push(text("owner", reconstruct(&account.owner, Hint::Address)));
    }
    if !account.async_call_data.is_empty() {
        fields.push(text(
            "asyncCallData",
            String::from_utf8_lossy(&account.async_call_data),
        ));
    }
    Ok(Json::Map(fields))
}

fn dump_token(held: &HeldToken) -> Json {
    let instances = held
        .instances
        .iter()
        .map(|(nonce, token)| Json::Map(dump_instance(*nonce, token)).into());
    let mut fields = vec![
        entry("instances", Json::List(instances.collect())),
        number("lastNonce", held.last_nonce),
    ];
    if !held.roles.is_empty() {
        let roles = held
            .roles
            .iter()
            .map(|role| Json::str(String::from_utf8_lossy(role)).into());
        fields.push(entry("roles", Json::List(roles.collect())));
    }
    Json::Map(fields)
}

fn dump_instance(nonce: u64, token: &EsdtToken) -> Vec<Entry> {
    let value = token.value.clone().unwrap_or_default();
    let mut fields = vec![number("nonce", nonce), text("balance", value.to_string())];
    let Some(metadata) = &token.metadata else {
        return fields;
    };
    let mut bytes = |key, value: &[u8], hint| {
        if !value.is_empty() {
            fields.push(text(key, reconstruct(value, hint)));
        }
    };
    bytes("creator", &metadata.creator, Hint::Address);
    if metadata.royalties > 0 {
        bytes("royalties", &metadata.royalties.to_be_bytes(), Hint::Number);
    }
    bytes("hash", &metadata.hash, Hint::None);
    bytes(
        "uri",
        metadata.uris.first().map_or(&[], Vec::as_slice),
        Hint::None,
    );
    bytes("attributes", &metadata.attributes, Hint::Str);
    fields
}

fn number(key: &str, value: u64) -> Entry {
    text(key, value.to_string())
}

fn text(key: &str, value: impl Into<String>) -> Entry {
    entry(key, Json::str(value))
}

fn entry(key: &str, value: Json) -> Entry {
    Entry {
        pos: Pos::default(),
        key: key.to_owned(),
        value: value.into(),
    }
}
