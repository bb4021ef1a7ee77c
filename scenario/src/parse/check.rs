//! Accounts of `checkState`.

use super::values::Integer;
use super::{Context, ParseError, Parser, Result, is_star, map, string};
use crate::json::{Entry, Node};
use crate::model::{CheckAccount, CheckAccounts, CheckStorage, CheckTokens};

/// The key that allows entries which are not listed.
const MORE: &str = "+";

impl Parser<'_> {
    pub(super) fn check_accounts(&self, node: &Node) -> Result<CheckAccounts> {
        let mut all = CheckAccounts::default();
        for Entry { pos, key, value } in map(node, "unmarshalled check account map object is not a map")? {
            if key == MORE {
                all.more_allowed = true;
                continue;
            }
            let mut account = self.check_account(value)?;
            account.address = self.address(key, *pos)?;
            all.accounts.push(account);
        }
        Ok(all)
    }

    fn check_account(&self, node: &Node) -> Result<CheckAccount> {
        let mut account = CheckAccount::default();
        for Entry { pos, key, value } in map(node, "unmarshalled account object is not a map")? {
            match key.as_str() {
                "comment" => drop(string(value).context("invalid check account comment")?),
                "nonce" => account.nonce = self.check_u64(value).or_say("invalid account nonce")?,
                "balance" => {
                    account.balance = self
                        .check_integer(value, Integer::Unsigned)
                        .or_say("invalid account balance")?;
                }
                "esdt" => account.esdt = self.check_tokens(value)?,
                "username" => {
                    account.username = self.check_bytes(value).context("invalid account username")?;
                }
                "storage" => account.storage = self.check_storage(value)?,
                "code" => account.code = self.check_bytes(value).context("invalid account code")?,
                "codeMetadata" => {
                    account.code_metadata =
                        self.check_bytes(value).context("invalid account code metadata")?;
                }
                "owner" => account.owner = self.check_bytes(value).context("invalid account owner")?,
                "developerRewards" => {
                    account.developer_rewards = self
                        .check_integer(value, Integer::Unsigned)
                        .or_say("invalid developerRewards")?;
                }
                "asyncCallData" => {
                    account.async_call_data = self.check_bytes(value).context("invalid asyncCallData")?;
                }
                _ => return Err(ParseError::new(*pos, format!("unknown account field: {key}"))),
            }
        }
        Ok(account)
    }

    fn check_tokens(&self, node: &Node) -> Result<CheckTokens> {
        let mut tokens = CheckTokens {
            ignore: is_star(node),
            ..CheckTokens::default()
        };
        if tokens.ignore {
            return Ok(tokens);
        }
        for Entry { pos, key, value } in map(node, "invalid ESDT map")? {
            if key != MORE {
                let identifier = self.eval(key, *pos).context("invalid esdt token identifer")?;
                tokens.tokens.push(
                    self.check_token(identifier, value)
                        .context("invalid esdt value")?,
                );
            }
        }
        Ok(tokens)
    }

    fn check_storage(&self, node: &Node) -> Result<CheckStorage> {
        let mut storage = CheckStorage {
            ignore: is_star(node),
            ..CheckStorage::default()
        };
        if storage.ignore {
            return Ok(storage);
        }
        for Entry { pos, key, value } in map(node, "invalid account storage")? {
            if key == MORE {
                storage.more_allowed = true;
                continue;
            }
            let key = self.eval(key, *pos).context("invalid account storage key")?;
            let value = self.check_bytes(value).context("invalid account storage value")?;
            storage.entries.push((key, value));
        }
        Ok(storage)
    }
}
