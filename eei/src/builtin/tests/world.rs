//! A world of two shards in memory.

use std::collections::BTreeMap;

use arwen_interface::{
    BigInt, Bytes, CallInput, CallType, EsdtToken, HookError, OutputTransfer, ReturnCode, UserAccount,
    VmInput, VmOutput,
};

use crate::builtin::address::METACHAIN;
use crate::builtin::token::{encode_roles, roles_key};
use crate::builtin::{
    BuiltinError, BuiltinPrices, BuiltinWorld, ESDT_SYSTEM_CONTRACT, decode_token, encode_token,
    instance_key, is_contract_address, process, token_key,
};

/// A user in the executing shard.
pub(super) const ALICE: [u8; 32] = [b'a'; 32];
/// Another one.
pub(super) const BOB: [u8; 32] = [b'b'; 32];
/// A user in the other shard.
pub(super) const FAR: [u8; 32] = [b'f'; 32];
pub(super) const TOKEN: &[u8] = b"COIN-123456";
pub(super) const ART: &[u8] = b"ART-123456";
pub(super) const GAS: u64 = 10_000;

/// A contract in the executing shard.
pub(super) const HERE: [u8; 32] = contract(2);
/// A contract in the other shard.
pub(super) const THERE: [u8; 32] = contract(3);
/// A contract in the executing shard that names accounts.
pub(super) const NAMES: [u8; 32] = contract(4);

pub(super) const fn contract(number: u8) -> [u8; 32] {
    let mut address = [0; 32];
    address[30] = number;
    address[31] = number;
    address
}

#[derive(Default)]
pub(super) struct World {
    pub(super) accounts: BTreeMap<Bytes, UserAccount>,
    pub(super) storage: BTreeMap<(Bytes, Bytes), Bytes>,
    pub(super) not_payable: bool,
}

impl World {
    pub(super) fn new() -> Self {
        let mut world = Self::default();
        for address in [ALICE, BOB, HERE, NAMES] {
            world.accounts.insert(address.to_vec(), UserAccount::default());
        }
        world
    }

    pub(super) fn set(mut self, account: &[u8], key: Bytes, value: impl Into<Bytes>) -> Self {
        self.storage.insert((account.to_vec(), key), value.into());
        self
    }

    pub(super) fn with_balance(self, account: &[u8], amount: i64) -> Self {
        self.set(account, token_key(TOKEN), balance(amount))
    }

    pub(super) fn with_role(self, account: &[u8], token: &[u8], role: &str) -> Self {
        self.set(
            account,
            roles_key(token),
            encode_roles(vec![role.as_bytes().to_vec()]),
        )
    }

    /// Runs a function, and on success applies what it changed.
    pub(super) fn run(
        &mut self,
        function: &str,
        from: &[u8],
        to: &[u8],
        arguments: &[&[u8]],
    ) -> Result<VmOutput, BuiltinError> {
        self.run_as(CallType::Direct, function, from, to, arguments)
    }

    pub(super) fn run_as(
        &mut self,
        call_type: CallType,
        function: &str,
        from: &[u8],
        to: &[u8],
        arguments: &[&[u8]],
    ) -> Result<VmOutput, BuiltinError> {
        let input = CallInput {
            vm_input: VmInput {
                caller: from.to_vec(),
                arguments: arguments.iter().map(|argument| argument.to_vec()).collect(),
                call_value: Some(BigInt::ZERO),
                call_type,
                gas_provided: GAS,
                gas_locked: 77,
                ..VmInput::default()
            },
            recipient: to.to_vec(),
            function: function.into(),
            allow_init_function: false,
        };
        let outcome = process(self, &BuiltinPrices::uniform(1), &input)?;
        for (account, entries) in outcome.changes.storage {
            for (key, value) in entries {
                self.storage.insert((account.clone(), key), value);
            }
        }
        for (account, owner) in outcome.changes.owners {
            self.accounts.entry(account).or_default().owner = owner;
        }
        for (account, name) in outcome.changes.user_names {
            self.accounts.entry(account).or_default().user_name = name;
        }
        for (account, reward) in outcome.changes.claimed_rewards {
            let account = self.accounts.entry(account).or_default();
            assert_eq!(account.developer_reward.take().unwrap_or_default(), reward);
        }
        for (account, added) in outcome.changes.balances {
            let balance = &mut self.accounts.entry(account).or_default().balance;
            *balance = Some(balance.clone().unwrap_or_default() + added);
        }
        assert_eq!(outcome.output.return_code, ReturnCode::Ok);
        Ok(outcome.output)
    }

    pub(super) fn value(&self, account: &[u8], key: &[u8]) -> Bytes {
        self.storage
            .get(&(account.to_vec(), key.to_vec()))
            .cloned()
            .unwrap_or_default()
    }

    /// How much an account has of a token, or of an instance of it; 0 when there is no entry.
    pub(super) fn quantity(&self, account: &[u8], token: &[u8], nonce: u64) -> i64 {
        match self
            .value(account, &instance_key(&token_key(token), nonce))
            .as_slice()
        {
            [] => 0,
            stored => i64::try_from(decode_token(stored).unwrap().value.unwrap()).unwrap(),
        }
    }
}

impl BuiltinWorld for World {
    fn storage(&mut self, account: &[u8], key: &[u8]) -> Bytes {
        self.value(account, key)
    }
    fn account(&mut self, address: &[u8]) -> Result<Option<UserAccount>, HookError> {
        Ok(self.accounts.get(address).cloned())
    }
    fn shard_of(&mut self, address: &[u8]) -> u32 {
        match address {
            _ if *address == ESDT_SYSTEM_CONTRACT => METACHAIN,
            _ if *address == FAR => 1,
            _ if is_contract_address(address) => u32::from(address[31] % 2),
            _ => 0,
        }
    }
    fn own_shard(&mut self) -> u32 {
        0
    }
    fn is_payable(&mut self, _address: &[u8]) -> Result<bool, HookError> {
        Ok(!self.not_payable)
    }
    fn is_name_service(&mut self, address: &[u8]) -> bool {
        *address == NAMES
    }
}

pub(super) fn balance(amount: i64) -> Bytes {
    encode_token(&EsdtToken {
        value: Some(amount.into()),
        ..EsdtToken::default()
    })
}

pub(super) fn only_transfer(output: &VmOutput) -> (&[u8], &OutputTransfer) {
    let [account] = output.output_accounts.as_slice() else {
        panic!("one account: {output:?}")
    };
    let [transfer] = account.transfers.as_slice() else {
        panic!("one transfer: {output:?}")
    };
    (&account.address, transfer)
}

pub(super) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
