//! Accounts of `setState`.

use super::{Context, ParseError, Parser, Result, boolean, map, string};
use crate::json::{Entry, Node};
use crate::model::SetAccount;

impl Parser<'_> {
    pub(super) fn accounts(&self, node: &Node) -> Result<Vec<SetAccount>> {
        map(node, "unmarshalled account map object is not a map")?
            .iter()
            .map(|Entry { pos, key, value }| {
                let mut account = self.account(value)?;
                account.address = self.address(key, *pos)?;
                Ok(account)
            })
            .collect()
    }

    fn account(&self, node: &Node) -> Result<SetAccount> {
        let mut account = SetAccount::default();
        for Entry { pos, key, value } in map(node, "unmarshalled account object is not a map")? {
            match key.as_str() {
                "comment" => drop(string(value).context("invalid account comment")?),
                "update" => account.update = boolean(value, "invalid account update: not boolean")?,
                "shard" => account.shard = Some(self.u64(value).context("invalid shard number")?),
                "nonce" => account.nonce = Some(self.u64(value).or_say("invalid account nonce")?),
                "balance" => account.balance = Some(self.amount(value).or_say("invalid account balance")?),
                "esdt" => {
                    for Entry { pos, key, value } in map(value, "invalid ESDT map")? {
                        let identifier = self.eval(key, *pos).context("invalid esdt token identifer")?;
                        account
                            .esdt
                            .push(self.token(identifier, value).context("invalid esdt value")?);
                    }
                }
                "username" => {
                    account.username = Some(self.bytes(value).context("invalid account username")?);
                }
                "storage" => {
                    for Entry { pos, key, value } in map(value, "invalid account storage")? {
                        let key = self.eval(key, *pos).context("invalid account storage key")?;
                        let value = self.tree(value).context("invalid account storage value")?;
                        account.storage.push((key, value));
                    }
                }
                "code" => account.code = Some(self.bytes(value).context("invalid account code")?),
                "codeMetadata" => {
                    account.code_metadata = Some(self.bytes(value).context("invalid account code metadata")?);
                }
                "owner" => account.owner = Some(self.bytes(value).context("invalid account owner")?),
                "developerRewards" => {
                    account.developer_rewards = Some(self.amount(value).or_say("invalid developerRewards")?);
                }
                "asyncCallData" => {
                    account.async_call_data = Some(string(value).context("invalid asyncCallData string")?);
                }
                _ => return Err(ParseError::new(*pos, format!("unknown account field: {key}"))),
            }
        }
        Ok(account)
    }
}
