//! Steps.

use super::{Context, ParseError, Parser, Result, boolean, list, map, string};
use crate::json::{Entry, Node, Pos};
use crate::model::{NewAddress, SetBlock, SetState, Step, StepKind, TxKind, TxStep};
use crate::world::RANDOM_SEED_LEN;

impl Parser<'_> {
    pub(super) fn steps(&self, node: &Node) -> Result<Vec<Step>> {
        list(node, "steps not a JSON list")?
            .iter()
            .map(|step| self.step(step))
            .collect()
    }

    /// One step, from its own text.
    ///
    /// # Errors
    /// The first mistake in it.
    pub fn step(&self, node: &Node) -> Result<Step> {
        let entries = map(node, "unmarshalled step object is not a map")?;
        let name = match entries.iter().find(|entry| entry.key == "step") {
            Some(entry) => string(&entry.value).context("step type not a string")?,
            None => String::new(),
        };
        let mut comment = String::new();
        let kind = match name.as_str() {
            "" => return Err(ParseError::new(node.pos, "no step type field provided")),
            "externalSteps" => external(entries, &mut comment)?,
            "setState" => StepKind::SetState(self.set_state(entries, &mut comment)?),
            "checkState" => self.check_state(entries, &mut comment, node.pos)?,
            "dumpState" => {
                for Entry { pos, key, value } in entries {
                    match key.as_str() {
                        "step" => {}
                        // The reference names the wrong step here.
                        "comment" => comment = string(value).context("bad check state step comment")?,
                        _ => return Err(ParseError::new(*pos, format!("invalid check state field: {key}"))),
                    }
                }
                StepKind::DumpState
            }
            "deliver" => self.deliver(entries, &mut comment)?,
            "scCall" => self.tx_step(TxKind::ScCall, entries, &mut comment, node.pos)?,
            "scDeploy" => self.tx_step(TxKind::ScDeploy, entries, &mut comment, node.pos)?,
            "scQuery" => self.tx_step(TxKind::ScQuery, entries, &mut comment, node.pos)?,
            "scUpgrade" => self.tx_step(TxKind::ScUpgrade, entries, &mut comment, node.pos)?,
            "transfer" => self.tx_step(TxKind::Transfer, entries, &mut comment, node.pos)?,
            "validatorReward" => self.tx_step(TxKind::ValidatorReward, entries, &mut comment, node.pos)?,
            _ => return Err(ParseError::new(node.pos, format!("unknown step type: {name}"))),
        };
        Ok(Step {
            pos: node.pos,
            comment,
            kind,
        })
    }

    fn set_state(&self, entries: &[Entry], comment: &mut String) -> Result<SetState> {
        let mut step = SetState::default();
        for Entry { pos, key, value } in entries {
            match key.as_str() {
                "step" => {}
                "comment" => *comment = string(value).context("bad set state step comment")?,
                "accounts" => {
                    step.accounts = self.accounts(value).context("cannot parse set state step")?;
                }
                "newAddresses" => {
                    step.new_addresses = self.new_addresses(value).context("error parsing new addresses")?;
                }
                "previousBlockInfo" => {
                    step.previous_block = Some(self.block(value).context("error parsing previousBlockInfo")?);
                }
                "currentBlockInfo" => {
                    step.current_block = Some(self.block(value).context("error parsing currentBlockInfo")?);
                }
                "blockHashes" => {
                    step.block_hashes = self.bytes_list(value).context("error parsing block hashes")?;
                }
                _ => return Err(ParseError::new(*pos, format!("invalid set state field: {key}"))),
            }
        }
        Ok(step)
    }

    fn check_state(&self, entries: &[Entry], comment: &mut String, at: Pos) -> Result<StepKind> {
        let mut accounts = None;
        for Entry { pos, key, value } in entries {
            match key.as_str() {
                "step" => {}
                "comment" => *comment = string(value).context("bad check state step comment")?,
                "accounts" => {
                    accounts = Some(
                        self.check_accounts(value)
                            .context("cannot parse check state step")?,
                    );
                }
                _ => return Err(ParseError::new(*pos, format!("invalid check state field: {key}"))),
            }
        }
        accounts
            .map(StepKind::CheckState)
            .ok_or_else(|| ParseError::new(at, "missing field in check state step: accounts"))
    }

    fn tx_step(&self, kind: TxKind, entries: &[Entry], comment: &mut String, at: Pos) -> Result<StepKind> {
        let (mut id, mut tx, mut expect) = (String::new(), None, None);
        for Entry { pos, key, value } in entries {
            match key.as_str() {
                "step" => {}
                "txId" | "id" => id = string(value).context("bad tx step id")?,
                "comment" => *comment = string(value).context("bad tx step comment")?,
                "displayLogs" => drop(boolean(value, "bad tx step displayLogs: not boolean")?),
                "tx" => {
                    tx = Some(
                        self.transaction(kind, value)
                            .context("cannot parse tx step transaction")?,
                    );
                }
                "expect" if !kind.runs_contract() => {
                    let message = format!("no expected result allowed for step of type {}", kind.step_name());
                    return Err(ParseError::new(*pos, message));
                }
                "expect" => {
                    expect = Some(
                        self.expected_result(value)
                            .context("cannot parse tx expected result")?,
                    );
                }
                _ => return Err(ParseError::new(*pos, format!("invalid tx step field: {key}"))),
            }
        }
        let tx = tx.ok_or_else(|| ParseError::new(at, "missing field in tx step: tx"))?;
        Ok(StepKind::Tx(Box::new(TxStep { id, tx, expect })))
    }

    fn deliver(&self, entries: &[Entry], comment: &mut String) -> Result<StepKind> {
        let mut expect = None;
        for Entry { pos, key, value } in entries {
            match key.as_str() {
                "step" => {}
                "comment" => *comment = string(value).context("bad deliver step comment")?,
                "expect" => {
                    let results = list(value, "deliver step expect is not a list")?
                        .iter()
                        .map(|item| self.expected_result(item));
                    expect = Some(
                        results
                            .collect::<Result<_>>()
                            .context("cannot parse deliver expect")?,
                    );
                }
                _ => return Err(ParseError::new(*pos, format!("invalid deliver field: {key}"))),
            }
        }
        Ok(StepKind::Deliver { expect })
    }

    fn new_addresses(&self, node: &Node) -> Result<Vec<NewAddress>> {
        list(node, "newAddresses list is not a list")?
            .iter()
            .map(|item| self.new_address(item))
            .collect()
    }

    fn new_address(&self, node: &Node) -> Result<NewAddress> {
        let mut entry = NewAddress::default();
        for Entry { pos, key, value } in map(node, "new address mock entry is not a map")? {
            match key.as_str() {
                "creatorAddress" => {
                    let text = string(value).context("creatorAddress is not a json string")?;
                    entry.creator = self.address(&text, value.pos)?.value;
                }
                "creatorNonce" => entry.creator_nonce = self.u64(value).or_say("invalid creatorNonce")?,
                "newAddress" => {
                    let text = string(value).context("newAddress is not a json string")?;
                    entry.address = self.address(&text, value.pos)?;
                }
                _ => return Err(ParseError::new(*pos, format!("unknown nam field: {key}"))),
            }
        }
        Ok(entry)
    }

    fn block(&self, node: &Node) -> Result<SetBlock> {
        let mut block = SetBlock::default();
        for Entry { pos, key, value } in map(node, "unmarshalled block info object is not a map")? {
            match key.as_str() {
                "blockTimestamp" => {
                    block.timestamp = self.u64(value).context("error parsing blockTimestamp")?;
                }
                // Contracts of this VM see seconds only.
                "blockTimestampMs" => {
                    block.timestamp = self.u64(value).context("error parsing blockTimestampMs")? / 1000;
                }
                "blockNonce" => block.nonce = self.u64(value).context("error parsing blockNonce")?,
                "blockRound" => block.round = self.u64(value).context("error parsing blockRound")?,
                "blockEpoch" => block.epoch = self.u64(value).context("error parsing blockEpoch")?,
                "blockRandomSeed" => {
                    // The reference names the wrong field here.
                    let seed = self.tree(value).context("error parsing blockEpoch")?;
                    if seed.len() != RANDOM_SEED_LEN {
                        let message = format!(
                            "blockRandomSeed must be {RANDOM_SEED_LEN} bytes long. Actual length: {}",
                            seed.len()
                        );
                        return Err(ParseError::new(value.pos, message));
                    }
                    block.random_seed = Some(seed);
                }
                _ => return Err(ParseError::new(*pos, format!("unknown block info field: {key}"))),
            }
        }
        Ok(block)
    }
}

fn external(entries: &[Entry], comment: &mut String) -> Result<StepKind> {
    let mut path = String::new();
    for Entry { pos, key, value } in entries {
        match key.as_str() {
            "step" => {}
            "comment" => *comment = string(value).context("bad externalSteps step comment")?,
            "path" => path = string(value).context("bad externalSteps path")?,
            _ => {
                return Err(ParseError::new(
                    *pos,
                    format!("invalid externalSteps field: {key}"),
                ));
            }
        }
    }
    Ok(StepKind::External { path })
}
