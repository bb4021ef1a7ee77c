//! From worlds, blocks and outputs back to what scenario files say.

use arwen_eei::builtin::PROTECTED_PREFIX;
use arwen_interface::{EsdtToken, VmOutput};

use crate::check::{HeldToken, held_tokens};
use crate::expr::{Hint, exact, reconstruct};
use crate::json::Json;
use crate::world::{Account, BlockInfo, SCENARIO_CODE_METADATA, World};

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// People: readable, code abridged, as the reference prints it.
    Dump,
    /// A parser: the same values come out.
    Exact,
}

impl Style {
    fn bytes(self, value: &[u8], hint: Hint) -> Json {
        Json::Str(match self {
            Self::Dump => reconstruct(value, hint),
            Self::Exact => exact(value, hint),
        })
    }

    fn key(self, value: &[u8], hint: Hint) -> String {
        match self {
            Self::Dump => reconstruct(value, hint),
            Self::Exact => exact(value, hint),
        }
    }
}

type Fields = Vec<(&'static str, Json)>;

/// What `dumpState` prints: the world's accounts as a scenario would set them, code abridged.
///
/// # Errors
/// When a stored token record is malformed.
pub fn dump(world: &World) -> Result<String, String> {
    let accounts = accounts(world, Style::Dump)?;
    Ok(format!("world state dump:\n{}", accounts.pretty()))
}

/// The `accounts` of a `checkState` that holds in this world and in no other, as far as `checkState` can tell.
///
/// # Errors
/// When a stored token record is malformed.
pub fn checked_accounts(world: &World) -> Result<Json, String> {
    accounts(world, Style::Exact)
}

/// The `expect` that an output meets exactly. The gas of a query is left out: it is what remains of all there could be.
pub fn expected(output: &VmOutput, is_query: bool) -> Json {
    let bytes = |value: &[u8]| Json::Str(exact(value, Hint::None));
    let logs = output.logs.iter().map(|log| {
        Json::map([
            ("address", Json::Str(exact(&log.address, Hint::Address))),
            ("identifier", bytes(&log.identifier)),
            ("topics", Json::list(log.topics.iter().map(|topic| bytes(topic)))),
            ("data", bytes(log.data.as_deref().unwrap_or_default())),
        ])
    });
    let mut fields: Fields = vec![
        (
            "out",
            Json::list(output.return_data.iter().map(|item| bytes(item))),
        ),
        ("status", number(output.return_code as u8)),
        ("message", bytes(&output.return_message)),
        ("logs", Json::list(logs)),
        ("refund", number(output.gas_refund.clone().unwrap_or_default())),
    ];
    if !is_query {
        fields.push(("gas", number(output.gas_remaining)));
    }
    Json::map(fields)
}

/// A block as `setState` sets it; a block that says nothing comes from being left out.
pub fn block(info: &BlockInfo) -> Json {
    let mut fields: Fields = vec![
        ("blockTimestamp", number(info.timestamp)),
        ("blockNonce", number(info.nonce)),
        ("blockRound", number(info.round)),
        ("blockEpoch", number(info.epoch)),
    ];
    // A seed that is left out is all zero.
    if info.random_seed.iter().any(|&byte| byte != 0) {
        fields.push(("blockRandomSeed", Json::Str(exact(&info.random_seed, Hint::None))));
    }
    Json::map(fields)
}

fn accounts(world: &World, style: Style) -> Result<Json, String> {
    let entries: Result<Vec<_>, String> = world
        .accounts
        .iter()
        .map(|(at, held)| Ok((style.key(at, Hint::Address), account(held, style)?)))
        .collect();
    Ok(Json::map(entries?))
}

fn account(account: &Account, style: Style) -> Result<Json, String> {
    let mut fields: Fields = vec![
        ("nonce", number(account.nonce)),
        ("balance", number(&account.balance)),
    ];
    let tokens = held_tokens(account)?;
    let uncheckable = style == Style::Exact && tokens.values().any(has_many_uris);
    if uncheckable {
        fields.push(("esdt", Json::str("*")));
    } else if !tokens.is_empty() {
        let tokens = tokens
            .iter()
            .map(|(name, held)| (style.key(name, Hint::Str), token(held, style)));
        fields.push(("esdt", Json::map(tokens)));
    }
    if !account.username.is_empty() {
        fields.push(("username", style.bytes(&account.username, Hint::Str)));
    }
    let storage = account
        .storage
        .iter()
        .filter(|(key, value)| !key.starts_with(PROTECTED_PREFIX) && !value.is_empty())
        .map(|(key, value)| (style.key(key, Hint::None), style.bytes(value, Hint::None)));
    fields.push(("storage", Json::map(storage)));
    fields.push(("code", style.bytes(&account.code, Hint::Code)));
    if !account.owner.is_empty() {
        fields.push(("owner", style.bytes(&account.owner, Hint::Address)));
    }
    match style {
        Style::Dump if account.async_call_data.is_empty() => {}
        Style::Dump => fields.push((
            "asyncCallData",
            Json::Str(String::from_utf8_lossy(&account.async_call_data).into_owned()),
        )),
        Style::Exact => fields.extend(rarely_checked(account)),
    }
    Ok(Json::map(fields))
}

/// What `checkState` looks at only when it is told to, where it is not as usual.
fn rarely_checked(account: &Account) -> Fields {
    let bytes = |value: &[u8]| Json::Str(exact(value, Hint::None));
    let mut fields = Fields::new();
    if account.is_contract() && account.code_metadata != SCENARIO_CODE_METADATA {
        fields.push(("codeMetadata", bytes(&account.code_metadata)));
    }
    if account.developer_reward != Default::default() {
        fields.push(("developerRewards", number(&account.developer_reward)));
    }
    if !account.async_call_data.is_empty() {
        fields.push(("asyncCallData", bytes(&account.async_call_data)));
    }
    fields
}

/// `checkState` takes one URI an instance at most.
fn has_many_uris(held: &HeldToken) -> bool {
    let metadata = held
        .instances
        .values()
        .filter_map(|token| token.metadata.as_ref());
    metadata.into_iter().any(|metadata| metadata.uris.len() > 1)
}

fn token(held: &HeldToken, style: Style) -> Json {
    let instances = held
        .instances
        .iter()
        .map(|(nonce, token)| instance(*nonce, token, style));
    let mut fields: Fields = vec![
        ("instances", Json::list(instances)),
        ("lastNonce", number(held.last_nonce)),
    ];
    if !held.roles.is_empty() {
        let roles = held
            .roles
            .iter()
            .map(|role| Json::str(String::from_utf8_lossy(role)));
        fields.push(("roles", Json::list(roles)));
    }
    Json::map(fields)
}

fn instance(nonce: u64, token: &EsdtToken, style: Style) -> Json {
    let mut fields: Fields = vec![
        ("nonce", number(nonce)),
        ("balance", number(token.value.clone().unwrap_or_default())),
    ];
    let Some(metadata) = &token.metadata else {
        return Json::map(fields);
    };
    let mut bytes = |key, value: &[u8], hint| {
        if !value.is_empty() {
            fields.push((key, style.bytes(value, hint)));
        }
    };
    bytes("creator", &metadata.creator, Hint::Address);
    if metadata.royalties > 0 {
        let royalties = metadata.royalties.to_be_bytes();
        let zeros = royalties.iter().take_while(|&&byte| byte == 0).count();
        bytes("royalties", &royalties[zeros..], Hint::Number);
    }
    bytes("hash", &metadata.hash, Hint::None);
    let uri = metadata.uris.first().map_or(&[][..], Vec::as_slice);
    bytes("uri", uri, Hint::None);
    bytes("attributes", &metadata.attributes, Hint::Str);
    Json::map(fields)
}

fn number(value: impl ToString) -> Json {
    Json::Str(value.to_string())
}
