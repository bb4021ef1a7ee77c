//! A case as the text of a scenario.

use std::collections::BTreeMap;

use arwen_interface::{BigInt, Bytes, EsdtTransfer, VmOutput};
use arwen_scenario::expr::{Hint, exact};
use arwen_scenario::json::Json;
use arwen_scenario::world::SCENARIO_CODE_METADATA;
use arwen_scenario::{Account, BlockInfo, write};

use super::case::{Case, UNSEEN_CODE};
use crate::input::RunInput;
use crate::trace::CallTrace;

/// Code longer than this has a file of its own.
const INLINE_CODE: usize = 32;

/// Writes scenarios, and keeps the contracts that they name.
pub(super) struct Writer<'a> {
    trace: &'a CallTrace,
    /// What file names begin with.
    stem: &'a str,
    /// The contracts, by file name.
    pub files: BTreeMap<String, Bytes>,
}

impl<'a> Writer<'a> {
    pub fn new(trace: &'a CallTrace, stem: &'a str) -> Self {
        Self {
            trace,
            stem,
            files: BTreeMap::new(),
        }
    }

    /// The scenario of a case. It expects an output, if there is one to expect.
    pub fn scenario(&mut self, case: &Case, expected: Option<&VmOutput>) -> String {
        let state = self.state(case);
        let transaction = self.transaction(case, expected);
        let scenario = Json::map([
            ("name", text(self.stem)),
            ("comment", text(&self.trace.about)),
            ("gasSchedule", text(&self.trace.vm.gas_schedule)),
            ("steps", Json::list([state, transaction])),
        ]);
        scenario.pretty() + "\n"
    }

    fn state(&mut self, case: &Case) -> Json {
        let accounts = case
            .accounts
            .iter()
            .map(|(address, account)| (exact(address, Hint::Address), self.account(account)));
        let mut fields = vec![
            ("step", text("setState")),
            ("accounts", Json::map(accounts.collect::<Vec<_>>())),
        ];
        if !case.new_addresses.is_empty() {
            let entries = case.new_addresses.iter().map(|(creator, nonce, new)| {
                Json::map([
                    ("creatorAddress", address(creator)),
                    ("creatorNonce", number(nonce)),
                    ("newAddress", address(new)),
                ])
            });
            fields.push(("newAddresses", Json::list(entries)));
        }
        for (name, info) in [
            ("previousBlockInfo", &case.previous_block),
            ("currentBlockInfo", &case.current_block),
        ] {
            if *info != BlockInfo::default() {
                fields.push((name, write::block(info)));
            }
        }
        if !case.block_hashes.is_empty() {
            fields.push((
                "blockHashes",
                Json::list(case.block_hashes.iter().map(|hash| bytes(hash))),
            ));
        }
        Json::map(fields)
    }

    fn account(&mut self, account: &Account) -> Json {
        let mut fields = vec![
            ("nonce", number(account.nonce)),
            ("balance", number(&account.balance)),
        ];
        if account.shard > 0 {
            fields.push(("shard", number(account.shard)));
        }
        if !account.storage.is_empty() {
            let entries = account
                .storage
                .iter()
                .map(|(key, value)| (exact(key, Hint::None), bytes(value)));
            fields.push(("storage", Json::map(entries)));
        }
        if !account.code.is_empty() {
            fields.push(("code", self.code(&account.code)));
        }
        let usual: &[u8] = match account.code.is_empty() {
            true => &[],
            false => &SCENARIO_CODE_METADATA,
        };
        if account.code_metadata != usual {
            fields.push(("codeMetadata", bytes(&account.code_metadata)));
        }
        if !account.owner.is_empty() {
            fields.push(("owner", address(&account.owner)));
        }
        if !account.username.is_empty() {
            fields.push(("username", bytes(&account.username)));
        }
        if account.developer_reward != BigInt::ZERO {
            fields.push(("developerRewards", number(&account.developer_reward)));
        }
        Json::map(fields)
    }

    fn code(&mut self, code: &Bytes) -> Json {
        if code.len() <= INLINE_CODE || *code == UNSEEN_CODE {
            return bytes(code);
        }
        let known = self
            .files
            .iter()
            .find(|(_, known)| *known == code)
            .map(|(name, _)| name.clone());
        let name = known.unwrap_or_else(|| {
            let name = format!("{}-{}.wasm", self.stem, self.files.len() + 1);
            self.files.insert(name.clone(), code.clone());
            name
        });
        text(&format!("file:{name}"))
    }

    fn transaction(&mut self, case: &Case, expected: Option<&VmOutput>) -> Json {
        let input = self.trace.input.vm_input();
        let mut tx = Vec::new();
        if case.kind.has_sender() {
            tx.push(("from", address(&input.caller)));
        }
        match &self.trace.input {
            RunInput::Create(create) => {
                tx.push(("contractCode", self.code(&create.code)));
                if !create.code_metadata.is_empty() {
                    tx.push(("codeMetadata", bytes(&create.code_metadata)));
                }
            }
            RunInput::Call(call) => {
                tx.push(("to", address(&call.recipient)));
                tx.push(("function", text(&call.function)));
            }
        }
        let transfers = &input.esdt_transfers;
        if case.kind.has_sender() {
            tx.push(("value", number(input.call_value.clone().unwrap_or_default())));
            if !transfers.is_empty() {
                tx.push(("esdt", Json::list(transfers.iter().map(transfer))));
            }
        }
        tx.push((
            "arguments",
            Json::list(input.arguments.iter().map(|argument| bytes(argument))),
        ));
        if case.kind.has_sender() {
            tx.push(("gasLimit", number(case.gas_limit)));
            tx.push(("gasPrice", number(input.gas_price)));
        }
        let mut step = vec![
            ("step", text(case.kind.step_name())),
            ("txId", text(&id(&input.current_tx_hash))),
            ("tx", Json::map(tx)),
        ];
        if let Some(output) = expected {
            step.push(("expect", write::expected(output, !case.kind.has_sender())));
        }
        Json::map(step)
    }
}

fn transfer(transfer: &EsdtTransfer) -> Json {
    Json::map([
        ("tokenIdentifier", bytes(&transfer.token_name)),
        ("nonce", number(transfer.token_nonce)),
        ("value", number(transfer.value.clone().unwrap_or_default())),
    ])
}

/// The name that a transaction's hash is made of.
fn id(hash: &[u8]) -> String {
    String::from_utf8_lossy(hash).trim_end_matches('.').to_owned()
}

fn address(address: &[u8]) -> Json {
    Json::Str(exact(address, Hint::Address))
}

fn bytes(value: &[u8]) -> Json {
    Json::Str(exact(value, Hint::None))
}

/// Text as it is; what the dialect cannot hold becomes something else.
fn text(value: &str) -> Json {
    Json::str(value.replace(['"', '\\'], "'").replace(char::is_control, " "))
}

fn number(value: impl ToString) -> Json {
    Json::Str(value.to_string())
}
