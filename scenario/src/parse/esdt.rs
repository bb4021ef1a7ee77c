//! Tokens of accounts. The fields of one instance may stand directly in the token's map; it is then the first instance.

use arwen_interface::{ADDRESS_LEN, Bytes};

use super::values::Integer;
use super::{Context, ParseError, Parser, Result, list, map, strings};
use crate::json::{Entry, Json, Node};
use crate::model::{Check, CheckInstance, CheckToken, SetInstance, SetToken};

/// A whole, in hundredths of a percent.
const MAX_ROYALTIES: u64 = 10_000;

const NO_TOKEN: &str = "invalid JSON object for ESDT";
const FIELD: &str = "invalid account ESDT instance field";
const LIST: &str = "invalid account ESDT instances";
const LIST_FIELD: &str = "invalid account ESDT instance field in instances list";

impl Parser<'_> {
    pub(super) fn token(&self, identifier: Bytes, node: &Node) -> Result<SetToken> {
        let mut token = SetToken {
            identifier,
            ..SetToken::default()
        };
        if let Json::Str(_) = node.json {
            let balance = self.amount(node).context("invalid ESDT balance")?;
            token.instances.push(SetInstance {
                balance,
                ..SetInstance::default()
            });
            return Ok(token);
        }
        let (mut first, mut listed) = (None::<SetInstance>, Vec::new());
        for entry @ Entry { pos, key, value } in map(node, NO_TOKEN)? {
            match key.as_str() {
                "instances" => listed = self.instances(value).context(LIST)?,
                "lastNonce" => {
                    token.last_nonce = self.u64(value).context("invalid account ESDT lastNonce")?;
                }
                "roles" => token.roles = strings(value).context("invalid account ESDT roles")?,
                "frozen" => token.frozen = self.u64(value).context("invalid ESDT frozen flag")? > 0,
                _ => {
                    let mut instance = first.take().unwrap_or_default();
                    if !self.instance_field(entry, &mut instance).context(FIELD)? {
                        return Err(ParseError::new(*pos, format!("unknown ESDT data field: {key}")));
                    }
                    first = Some(instance);
                }
            }
        }
        token.instances = first.into_iter().chain(listed).collect();
        Ok(token)
    }

    fn instances(&self, node: &Node) -> Result<Vec<SetInstance>> {
        let items = list(node, "esdt instances object is not a list")?;
        items
            .iter()
            .map(|item| {
                let mut instance = SetInstance::default();
                for entry in map(item, "JSON map expected as esdt instances list item")? {
                    if !self.instance_field(entry, &mut instance).context(LIST_FIELD)? {
                        return Err(ParseError::new(
                            entry.pos,
                            format!("{LIST_FIELD}: `{}`", entry.key),
                        ));
                    }
                }
                Ok(instance)
            })
            .collect()
    }

    /// Whether the field is one of an instance's.
    fn instance_field(&self, Entry { key, value, .. }: &Entry, to: &mut SetInstance) -> Result<bool> {
        match key.as_str() {
            "nonce" => to.nonce = self.u64(value).context("invalid account nonce")?,
            "balance" => to.balance = self.amount(value).context("invalid ESDT balance")?,
            "creator" => {
                let context = "invalid ESDT NFT creator address";
                to.creator = self.bytes(value).context(context)?;
                if to.creator.len() != ADDRESS_LEN {
                    let message = format!("{context}: {} bytes instead of {ADDRESS_LEN}", to.creator.len());
                    return Err(ParseError::new(value.pos, message));
                }
            }
            "royalties" => {
                let context = "invalid ESDT NFT royalties";
                let royalties = self.u64(value).context(context)?;
                if royalties > MAX_ROYALTIES {
                    let message = format!("{context}: {royalties} is more than {MAX_ROYALTIES}");
                    return Err(ParseError::new(value.pos, message));
                }
                to.royalties = royalties as u32;
            }
            "hash" => to.hash = self.bytes(value).context("invalid ESDT NFT hash")?,
            "uri" => to.uri = self.tree(value).context("invalid ESDT NFT URI")?,
            "attributes" => to.attributes = self.bytes(value).context("invalid ESDT NFT attributes")?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(super) fn check_token(&self, identifier: Bytes, node: &Node) -> Result<CheckToken> {
        let mut token = CheckToken {
            identifier,
            ..CheckToken::default()
        };
        if let Json::Str(_) = node.json {
            let balance = self
                .check_integer(node, Integer::Unsigned)
                .context("invalid ESDT balance")?;
            token.instances.push(CheckInstance {
                balance,
                ..CheckInstance::default()
            });
            return Ok(token);
        }
        let (mut first, mut listed) = (None::<CheckInstance>, Vec::new());
        for entry @ Entry { pos, key, value } in map(node, NO_TOKEN)? {
            match key.as_str() {
                "instances" => listed = self.check_instances(value).context(LIST)?,
                "lastNonce" => {
                    token.last_nonce = self.check_u64(value).context("invalid account ESDT lastNonce")?;
                }
                "roles" => token.roles = strings(value).context("invalid account ESDT roles")?,
                "frozen" => drop(self.check_u64(value).context("invalid ESDT frozen flag")?),
                _ => {
                    let mut instance = first.take().unwrap_or_default();
                    if !self.check_instance_field(entry, &mut instance).context(FIELD)? {
                        return Err(ParseError::new(*pos, format!("unknown ESDT data field: {key}")));
                    }
                    first = Some(instance);
                }
            }
        }
        token.instances = first.into_iter().chain(listed).collect();
        Ok(token)
    }

    fn check_instances(&self, node: &Node) -> Result<Vec<CheckInstance>> {
        let items = list(node, "esdt instances object is not a list")?;
        items
            .iter()
            .map(|item| {
                let mut instance = CheckInstance::default();
                for entry in map(item, "JSON map expected as esdt instances list item")? {
                    if !self
                        .check_instance_field(entry, &mut instance)
                        .context(LIST_FIELD)?
                    {
                        return Err(ParseError::new(
                            entry.pos,
                            format!("{LIST_FIELD}: `{}`", entry.key),
                        ));
                    }
                }
                Ok(instance)
            })
            .collect()
    }

    fn check_instance_field(&self, Entry { key, value, .. }: &Entry, to: &mut CheckInstance) -> Result<bool> {
        match key.as_str() {
            "nonce" => {
                to.nonce = match self.check_u64(value).context("invalid account nonce")? {
                    Check::Equals { value, .. } => value,
                    // There is no "any instance"; the reference means instance 0.
                    Check::Any | Check::Unspecified => 0,
                };
            }
            "balance" => {
                to.balance = self
                    .check_integer(value, Integer::Unsigned)
                    .context("invalid ESDT balance")?;
            }
            "creator" => {
                to.creator = self
                    .check_bytes(value)
                    .context("invalid ESDT NFT creator address")?;
            }
            "royalties" => {
                to.royalties = self.check_u64(value).context("invalid ESDT NFT royalties")?;
                if matches!(to.royalties, Check::Equals { value, .. } if value > MAX_ROYALTIES) {
                    let message = "invalid ESDT NFT royalties: value exceeds maximum allowed 10000";
                    return Err(ParseError::new(value.pos, message));
                }
            }
            "hash" => to.hash = self.check_bytes(value).context("invalid ESDT NFT hash")?,
            "uri" => to.uri = self.check_bytes(value).context("invalid ESDT NFT URI")?,
            "attributes" => {
                to.attributes = self.check_bytes(value).context("invalid ESDT NFT attributes")?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}
