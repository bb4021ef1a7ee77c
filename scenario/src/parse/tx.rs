//! Transactions and their expected results.

use arwen_interface::{BigInt, Bytes};

use super::values::Integer;
use super::{Context, ParseError, Parser, Result, is_star, list, map, string};
use crate::json::{Entry, Json, Node};
use crate::model::{CheckLog, CheckLogs, CheckOut, ExpectedResult, Transaction, TxKind, TxToken};

impl Parser<'_> {
    pub(super) fn transaction(&self, kind: TxKind, node: &Node) -> Result<Transaction> {
        let mut tx = Transaction {
            kind,
            from: Bytes::new(),
            to: Bytes::new(),
            function: String::new(),
            value: BigInt::ZERO,
            esdt: Vec::new(),
            arguments: Vec::new(),
            code: Bytes::new(),
            code_metadata: None,
            gas_price: 0,
            gas_limit: 0,
        };
        let deploys = matches!(kind, TxKind::ScDeploy | TxKind::ScUpgrade);
        for Entry { pos, key, value } in map(node, "unmarshalled transaction is not a map")? {
            let refuse = |message: &str| Err(ParseError::new(*pos, message));
            match key.as_str() {
                "nonce" => drop(self.u64(value).context("invalid transaction nonce")?),
                "from" if !kind.has_sender() => {
                    return refuse("`from` not allowed in transaction, it is always the zero address");
                }
                "from" => {
                    let text = string(value).context("invalid transaction from")?;
                    tx.from = self.address(&text, value.pos)?.value;
                }
                "to" => {
                    let text = string(value).context("invalid transaction to")?;
                    if kind != TxKind::ScDeploy {
                        tx.to = self.address(&text, value.pos)?.value;
                    } else if !text.is_empty() {
                        return refuse("transaction to field not allowed for scDeploy transactions");
                    }
                }
                "function" => {
                    tx.function = string(value).context("invalid transaction function")?;
                    if !kind.has_function() && !tx.function.is_empty() {
                        return refuse("transaction function field not allowed in this context");
                    }
                }
                "value" | "egldValue" if kind == TxKind::ScQuery => {
                    return refuse("`value` not allowed in this context");
                }
                "value" | "egldValue" => {
                    tx.value = self.amount(value).context("invalid transaction value")?
                }
                "esdt" | "esdtValue" if !kind.has_sender() => {
                    return refuse("`esdt` not allowed in this context");
                }
                "esdt" | "esdtValue" => {
                    tx.esdt = self.tx_tokens(value).context("invalid transaction ESDT value")?;
                }
                "arguments" => {
                    tx.arguments = self.tree_list(value).context("invalid transaction arguments")?;
                    if kind == TxKind::Transfer && !tx.arguments.is_empty() {
                        return refuse("function arguments not allowed for transfer transactions");
                    }
                }
                "contractCode" => {
                    tx.code = self.bytes(value).context("invalid transaction contract code")?;
                    if !deploys && !tx.code.is_empty() {
                        return refuse(
                            "transaction contractCode field only allowed int scDeploy transactions",
                        );
                    }
                }
                "codeMetadata" if deploys => {
                    let metadata = self.bytes(value).context("invalid transaction code metadata")?;
                    tx.code_metadata = Some(metadata);
                }
                "gasPrice" | "gasLimit" if !kind.has_sender() => {
                    return refuse(&format!("`{key}` not allowed in this context"));
                }
                "gasPrice" => tx.gas_price = self.u64(value).context("invalid transaction gasPrice")?,
                "gasLimit" => tx.gas_limit = self.u64(value).context("invalid transaction gasLimit")?,
                _ => return refuse(&format!("unknown field in transaction: {key}")),
            }
        }
        Ok(tx)
    }

    /// One token, or a list of them.
    fn tx_tokens(&self, node: &Node) -> Result<Vec<TxToken>> {
        match &node.json {
            Json::List(items) => items.iter().map(|item| self.tx_token(item)).collect(),
            _ => Ok(vec![self.tx_token(node)?]),
        }
    }

    fn tx_token(&self, node: &Node) -> Result<TxToken> {
        let mut token = TxToken::default();
        for Entry { pos, key, value } in map(node, "unmarshalled account object is not a map")? {
            match key.as_str() {
                "tokenIdentifier" => {
                    token.identifier = self.bytes(value).context("invalid ESDT token name")?;
                }
                "nonce" => token.nonce = self.u64(value).or_say("invalid account nonce")?,
                "value" => token.value = self.amount(value).context("invalid ESDT balance")?,
                _ => {
                    let message = format!("unknown transaction ESDT data field: {key}");
                    return Err(ParseError::new(*pos, message));
                }
            }
        }
        Ok(token)
    }

    pub(super) fn expected_result(&self, node: &Node) -> Result<ExpectedResult> {
        let mut result = ExpectedResult::default();
        for Entry { pos, key, value } in map(node, "unmarshalled block result is not a map")? {
            match key.as_str() {
                "out" => result.out = self.check_out(value).context("invalid block result out")?,
                "status" => {
                    result.status = self
                        .check_integer(value, Integer::Signed)
                        .context("invalid block result status")?;
                }
                "message" => {
                    result.message = self.check_bytes(value).context("invalid block result message")?;
                }
                "logs" => result.logs = self.check_logs(value)?,
                "gas" => result.gas = self.check_u64(value).context("invalid block result gas")?,
                "refund" => {
                    result.refund = self
                        .check_integer(value, Integer::Unsigned)
                        .context("invalid block result refund")?;
                }
                _ => return Err(ParseError::new(*pos, format!("unknown tx result field: {key}"))),
            }
        }
        Ok(result)
    }

    fn check_out(&self, node: &Node) -> Result<CheckOut> {
        Ok(match node.json {
            Json::Str(_) if is_star(node) => CheckOut::Any,
            Json::Str(_) => CheckOut::Items(vec![self.check_bytes(node)?]),
            _ => CheckOut::Items(self.check_bytes_list(node)?),
        })
    }

    fn check_logs(&self, node: &Node) -> Result<CheckLogs> {
        let mut entries = Vec::new();
        if let Json::Str(_) = node.json {
            // Any string but "*" is a hash of the logs, from times gone by; the reference then expects no logs.
            let none = CheckLogs::Entries {
                entries,
                more_allowed: false,
            };
            return Ok(if is_star(node) { CheckLogs::Any } else { none });
        }
        let items = list(node, "unmarshalled logs list is not a list")?;
        let more_allowed = matches!(items.last(), Some(Node { json: Json::Str(text), .. }) if text == "+");
        for item in &items[..items.len() - usize::from(more_allowed)] {
            entries.push(self.check_log(item)?);
        }
        Ok(CheckLogs::Entries {
            entries,
            more_allowed,
        })
    }

    fn check_log(&self, node: &Node) -> Result<CheckLog> {
        let mut log = CheckLog {
            topics: Some(Vec::new()),
            ..CheckLog::default()
        };
        for Entry { pos, key, value } in map(node, "unmarshalled log entry is not a map")? {
            match key.as_str() {
                "address" => log.address = self.check_bytes(value).context("invalid log address")?,
                "identifier" | "endpoint" => {
                    log.identifier = self.check_bytes(value).context("invalid log identifier")?;
                }
                "topics" if is_star(value) => log.topics = None,
                "topics" => {
                    let topics = self.check_bytes_list(value).context("invalid log entry topics")?;
                    log.topics = Some(topics);
                }
                "data" => log.data = self.check_bytes(value).context("invalid log data")?,
                _ => return Err(ParseError::new(*pos, format!("unknown log field: {key}"))),
            }
        }
        Ok(log)
    }
}
