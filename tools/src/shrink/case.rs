//! The world that a trace shows, and the transaction in it.

use std::collections::BTreeMap;

use arwen_eei::builtin::{decode_token, encode_token, instance_key, token_key};
use arwen_interface::{BigInt, Bytes, CallType, EsdtMetadata, EsdtToken, EsdtTransfer, VmInput};
use arwen_scenario::model::TxKind;
use arwen_scenario::world::is_contract_format;
use arwen_scenario::{Account, BlockInfo};

use super::ShrinkError;
use crate::input::RunInput;
use crate::trace::{Answer, CallTrace, Question};

/// Stands for code that was not looked at: a scenario has no contract without code.
pub(super) const UNSEEN_CODE: &[u8] = &[0];

/// A scenario of one transaction: what it begins with.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Case {
    pub accounts: BTreeMap<Bytes, Account>,
    pub current_block: BlockInfo,
    pub previous_block: BlockInfo,
    /// The current block's first.
    pub block_hashes: Vec<Bytes>,
    /// Creator, its nonce, the address it gets.
    pub new_addresses: Vec<(Bytes, u64, Bytes)>,
    pub kind: TxKind,
    /// The gas of the transaction, which pays for its token transfers too.
    pub gas_limit: u64,
}

impl Case {
    /// All that the trace shows.
    ///
    /// # Errors
    /// When no transaction of a scenario could have run this.
    pub fn of(trace: &CallTrace) -> Result<Self, ShrinkError> {
        let input = trace.input.vm_input();
        let kind = kind(&trace.input)?;
        let mut case = Self {
            accounts: BTreeMap::new(),
            current_block: BlockInfo::default(),
            previous_block: BlockInfo::default(),
            block_hashes: Vec::new(),
            new_addresses: Vec::new(),
            kind,
            gas_limit: input.gas_provided,
        };
        for asked in &trace.asked {
            if let Some(answer) = asked.answers.first() {
                case.first_answer(&asked.question, answer);
            }
        }
        for asked in &trace.asked {
            if let Some(answer) = asked.answers.first() {
                case.other_answer(&asked.question, answer);
            }
        }
        case.fill_codes();
        if let RunInput::Call(call) = &trace.input {
            for transfer in &input.esdt_transfers {
                case.give_back(&input.caller, &call.recipient, transfer);
            }
        }
        if kind.has_sender() {
            case.before_transaction(input);
        }
        Ok(case)
    }

    /// What other answers are read by: accounts, and the block that others are older than.
    fn first_answer(&mut self, question: &Question, answer: &Answer) {
        if let Answer::CurrentNonce(nonce) = answer {
            self.current_block.nonce = *nonce;
        }
        if let (Question::UserAccount { address }, Answer::UserAccount(Ok(Some(known)))) = (question, answer)
        {
            let account = Account {
                nonce: known.nonce,
                balance: known.balance.clone().unwrap_or_default(),
                owner: known.owner.clone(),
                username: known.user_name.clone(),
                developer_reward: known.developer_reward.clone().unwrap_or_default(),
                code_hash: known.code_hash.clone(),
                code_metadata: known.code_metadata.clone(),
                ..Account::default()
            };
            self.accounts.insert(address.clone(), account);
        }
    }

    fn other_answer(&mut self, question: &Question, answer: &Answer) {
        match (question, answer) {
            (Question::Code { account }, Answer::Code(code)) if !code.is_empty() => {
                let known = self.accounts.entry(account.address.clone()).or_default();
                let metadata = std::mem::take(&mut known.code_metadata);
                known.set_code(code.clone(), metadata);
            }
            (Question::StorageData { account, key }, Answer::StorageData(Ok(value))) if !value.is_empty() => {
                self.store(account, key.clone(), value.clone());
            }
            (Question::AllState { address }, Answer::AllState(Ok(entries))) => {
                for (key, value) in entries {
                    self.store(address, key.clone(), value.clone());
                }
            }
            (
                Question::EsdtToken {
                    address,
                    token,
                    nonce,
                },
                Answer::EsdtToken(Ok(held)),
            ) => {
                let held_any = held.value.as_ref().is_some_and(|value| *value != BigInt::ZERO);
                if held_any || held.metadata.is_some() {
                    self.store(
                        address,
                        instance_key(&token_key(token), *nonce),
                        encode_token(held),
                    );
                }
            }
            (Question::ShardOfAddress { address }, Answer::ShardOfAddress(shard)) if *shard > 0 => {
                self.accounts.entry(address.clone()).or_default().shard = *shard;
            }
            (
                Question::NewAddress {
                    creator,
                    creator_nonce,
                    ..
                },
                Answer::NewAddress(Ok(address)),
            ) => {
                self.new_addresses
                    .push((creator.clone(), *creator_nonce, address.clone()));
            }
            (Question::BlockHash { nonce }, Answer::BlockHash(Ok(hash))) => self.block_hash(*nonce, hash),
            (Question::CurrentRound {}, Answer::CurrentRound(round)) => self.current_block.round = *round,
            (Question::CurrentTimestamp {}, Answer::CurrentTimestamp(time)) => {
                self.current_block.timestamp = *time
            }
            (Question::CurrentEpoch {}, Answer::CurrentEpoch(epoch)) => self.current_block.epoch = *epoch,
            (Question::CurrentRandomSeed {}, Answer::CurrentRandomSeed(seed)) => {
                self.current_block.random_seed.clone_from(seed);
            }
            (Question::LastNonce {}, Answer::LastNonce(nonce)) => self.previous_block.nonce = *nonce,
            (Question::LastRound {}, Answer::LastRound(round)) => self.previous_block.round = *round,
            (Question::LastTimestamp {}, Answer::LastTimestamp(time)) => {
                self.previous_block.timestamp = *time
            }
            (Question::LastEpoch {}, Answer::LastEpoch(epoch)) => self.previous_block.epoch = *epoch,
            (Question::LastRandomSeed {}, Answer::LastRandomSeed(seed)) => {
                self.previous_block.random_seed.clone_from(seed);
            }
            _ => {}
        }
    }

    fn store(&mut self, account: &Bytes, key: Bytes, value: Bytes) {
        self.accounts
            .entry(account.clone())
            .or_default()
            .storage
            .insert(key, value);
    }

    /// A hash stands as far from the start of the list as its block is old.
    fn block_hash(&mut self, nonce: u64, hash: &Bytes) {
        self.current_block.nonce = self.current_block.nonce.max(nonce);
        // Nodes keep a few hashes only; one that is further away is not there, and the case shows to be another.
        const OLDEST: u64 = 1024;
        let age = self.current_block.nonce - nonce;
        if age < OLDEST {
            let age = age as usize;
            if self.block_hashes.len() <= age {
                self.block_hashes.resize(age + 1, Bytes::new());
            }
            self.block_hashes[age].clone_from(hash);
        }
    }

    /// Contracts have code, and nothing else has.
    fn fill_codes(&mut self) {
        for (address, account) in &mut self.accounts {
            if is_contract_format(address) && account.code.is_empty() {
                let metadata = std::mem::take(&mut account.code_metadata);
                account.set_code(UNSEEN_CODE.to_vec(), metadata);
            }
        }
    }

    /// Puts a token back to where it was before the transaction moved it.
    fn give_back(&mut self, sender: &Bytes, recipient: &Bytes, transfer: &EsdtTransfer) {
        let key = instance_key(&token_key(&transfer.token_name), transfer.token_nonce);
        let amount = transfer.value.clone().unwrap_or_default();
        let held = self
            .accounts
            .get(recipient)
            .and_then(|account| account.storage.get(&key));
        let mut token = held
            .and_then(|held| decode_token(held).ok())
            .unwrap_or_else(|| unseen_token(transfer));
        let left = token.value.take().unwrap_or_default() - &amount;
        let account = self.accounts.entry(recipient.clone()).or_default();
        if left > BigInt::ZERO {
            token.value = Some(left);
            account.storage.insert(key.clone(), encode_token(&token));
        } else {
            account.storage.remove(&key);
        }
        token.value = Some(amount);
        self.store(sender, key, encode_token(&token));
    }

    /// Undoes what beginning a transaction does to its sender.
    fn before_transaction(&mut self, input: &VmInput) {
        let value = input.call_value.clone().unwrap_or_default();
        let sender = self.accounts.entry(input.caller.clone()).or_default();
        if sender.balance < value {
            sender.balance = value;
        }
        sender.balance += BigInt::from(self.gas_limit) * input.gas_price;
        sender.nonce = sender.nonce.wrapping_sub(1);
    }

    /// Gives the transaction more gas, and its sender what that costs.
    pub fn add_gas(&mut self, input: &VmInput, gas: u64) {
        self.gas_limit = self.gas_limit.saturating_add(gas);
        if let Some(sender) = self.accounts.get_mut(&input.caller) {
            sender.balance += BigInt::from(gas) * input.gas_price;
        }
    }
}

/// A token of which the run has seen nothing but its name.
fn unseen_token(transfer: &EsdtTransfer) -> EsdtToken {
    EsdtToken {
        value: transfer.value.clone(),
        metadata: (transfer.token_nonce > 0).then(|| EsdtMetadata {
            nonce: transfer.token_nonce,
            name: transfer.token_name.clone(),
            ..EsdtMetadata::default()
        }),
        ..EsdtToken::default()
    }
}

/// What kind of transaction runs it.
fn kind(input: &RunInput) -> Result<TxKind, ShrinkError> {
    let common = input.vm_input();
    let refuse = |what| Err(ShrinkError::Inexpressible(what));
    if common.call_type != CallType::Direct || common.gas_locked > 0 {
        return refuse("it is an asynchronous call, or the callback of one");
    }
    if common.return_call_after_error {
        return refuse("it gives tokens back after an error");
    }
    match input {
        RunInput::Create(_) => Ok(TxKind::ScDeploy),
        RunInput::Call(call) if call.allow_init_function => refuse("it may call init by name"),
        RunInput::Call(call) if common.caller == call.recipient && common.gas_provided == u64::MAX => {
            Ok(TxKind::ScQuery)
        }
        RunInput::Call(_) => Ok(TxKind::ScCall),
    }
}
