//! A small node: accounts in maps, and contracts written in place.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::{BTreeMap, BTreeSet};

use arwen_eei::builtin::{self, BuiltinPrices, BuiltinWorld};
use arwen_eei::{Tier, Vm, VmError, VmSettings};
use arwen_interface::{
    BigInt, BlockchainHook, Bytes, CallInput, CreateInput, EsdtToken, HookError, ReturnCode, UserAccount,
    VmInput, VmOutput,
};
use arwen_metering::Schedule;

/// The account that deploys and calls.
pub const ALICE: [u8; 32] = [b'a'; 32];
/// The contract under test; contracts have eight zero bytes in front.
pub const CONTRACT: [u8; 32] = [
    0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
];

/// What the node knows.
#[derive(Clone, Default)]
pub struct Node {
    pub accounts: BTreeMap<Bytes, UserAccount>,
    pub storage: BTreeMap<(Bytes, Bytes), Bytes>,
    pub code: BTreeMap<Bytes, Bytes>,
    pub tokens: BTreeMap<(Bytes, Bytes, u64), EsdtToken>,
    pub payable: BTreeSet<Bytes>,
    pub questions: usize,
}

impl Node {
    /// A node with Alice, and the contract if there is code for it.
    pub fn new(code: Option<&[u8]>) -> Self {
        let mut node = Self::default();
        node.add_account(&ALICE, 1_000);
        if let Some(code) = code {
            node.add_account(&CONTRACT, 50);
            node.code.insert(CONTRACT.to_vec(), code.to_vec());
        }
        node
    }

    pub fn add_account(&mut self, address: &[u8], balance: u64) {
        let account = UserAccount {
            nonce: 7,
            balance: Some(balance.into()),
            address: address.to_vec(),
            owner: ALICE.to_vec(),
            ..UserAccount::default()
        };
        self.accounts.insert(address.to_vec(), account);
    }
}

impl BlockchainHook for Node {
    fn new_address(&mut self, creator: &[u8], nonce: u64, _: &[u8]) -> Result<Bytes, HookError> {
        if creator == ALICE {
            assert_eq!(nonce, 6, "the transaction at hand is already counted");
            return Ok(CONTRACT.to_vec());
        }
        let mut address = CONTRACT.to_vec();
        address[30] = nonce as u8;
        Ok(address)
    }
    fn storage_data(&mut self, account: &[u8], key: &[u8]) -> Result<Bytes, HookError> {
        self.questions += 1;
        Ok(self
            .storage
            .get(&(account.to_vec(), key.to_vec()))
            .cloned()
            .unwrap_or_default())
    }
    fn block_hash(&mut self, nonce: u64) -> Result<Bytes, HookError> {
        if nonce == 9 {
            Ok(b"hash of nine".to_vec())
        } else {
            Err(HookError("no such block".into()))
        }
    }
    fn last_nonce(&mut self) -> u64 {
        21
    }
    fn last_round(&mut self) -> u64 {
        22
    }
    fn last_timestamp(&mut self) -> u64 {
        23
    }
    fn last_random_seed(&mut self) -> Bytes {
        b"last seed".to_vec()
    }
    fn last_epoch(&mut self) -> u32 {
        24
    }
    fn state_root_hash(&mut self) -> Bytes {
        b"root".to_vec()
    }
    fn current_nonce(&mut self) -> u64 {
        31
    }
    fn current_round(&mut self) -> u64 {
        32
    }
    fn current_timestamp(&mut self) -> u64 {
        33
    }
    fn current_random_seed(&mut self) -> Bytes {
        b"current seed".to_vec()
    }
    fn current_epoch(&mut self) -> u32 {
        34
    }
    fn esdt_token(&mut self, address: &[u8], token: &[u8], nonce: u64) -> Result<EsdtToken, HookError> {
        let key = (address.to_vec(), token.to_vec(), nonce);
        self.tokens
            .get(&key)
            .cloned()
            .ok_or_else(|| HookError("no such token".into()))
    }
    fn builtin_function_names(&mut self) -> BTreeSet<String> {
        BTreeSet::new()
    }
    fn all_state(&mut self, _: &[u8]) -> Result<Vec<(Bytes, Bytes)>, HookError> {
        Ok(Vec::new())
    }
    fn user_account(&mut self, address: &[u8]) -> Result<Option<UserAccount>, HookError> {
        self.questions += 1;
        Ok(self.accounts.get(address).cloned())
    }
    fn code(&mut self, account: &UserAccount) -> Bytes {
        self.code.get(&account.address).cloned().unwrap_or_default()
    }
    fn shard_of_address(&mut self, address: &[u8]) -> u32 {
        u32::from(address.last().copied().unwrap_or(0))
    }
    fn is_payable(&mut self, address: &[u8]) -> Result<bool, HookError> {
        Ok(self.payable.contains(address))
    }
    fn is_smart_contract(&mut self, address: &[u8]) -> bool {
        address.starts_with(&[0; 8])
    }
    fn save_compiled_code(&mut self, _: &[u8], _: &[u8]) {}
    fn compiled_code(&mut self, _: &[u8]) -> Option<Bytes> {
        None
    }
    fn snapshot(&mut self) -> i64 {
        0
    }
    fn revert_to_snapshot(&mut self, _: i64) -> Result<(), HookError> {
        Ok(())
    }
    fn process_builtin_function(&mut self, input: &CallInput) -> Result<VmOutput, HookError> {
        let outcome = builtin::process(self, &BuiltinPrices::uniform(1), input);
        let outcome = outcome.map_err(|error| HookError(error.to_string()))?;
        for (account, entries) in outcome.changes.storage {
            let entries = entries
                .into_iter()
                .map(|(key, value)| ((account.clone(), key), value));
            self.storage.extend(entries);
        }
        Ok(outcome.output)
    }
}

impl BuiltinWorld for Node {
    fn storage(&mut self, account: &[u8], key: &[u8]) -> Bytes {
        self.storage_data(account, key).unwrap_or_default()
    }
    fn account(&mut self, address: &[u8]) -> Result<Option<UserAccount>, HookError> {
        self.user_account(address)
    }
    fn shard_of(&mut self, address: &[u8]) -> u32 {
        self.shard_of_address(address)
    }
    fn own_shard(&mut self) -> u32 {
        self.shard_of_address(&CONTRACT)
    }
    fn is_payable(&mut self, address: &[u8]) -> Result<bool, HookError> {
        BlockchainHook::is_payable(self, address)
    }
    fn is_name_service(&mut self, _: &[u8]) -> bool {
        false
    }
}

/// A contract from text: `imports` are names of host functions, in the order they are used.
pub fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A contract with a memory, some data at 0, and a function `f` with this body.
pub fn contract(data: &str, body: &str) -> Vec<u8> {
    contract_with(data, &[("f", body)])
}

/// A contract with a memory, some data at 0 as text has it, and functions with these names and bodies; each `$name` of a host
/// function that the bodies call is imported.
pub fn contract_with(data: &str, functions: &[(&str, &str)]) -> Vec<u8> {
    let calls: BTreeSet<&str> = functions
        .iter()
        .flat_map(|(_, body)| body.split(|c: char| !c.is_ascii_alphanumeric() && c != '$'))
        .collect();
    let mut imports = String::new();
    for (_, row) in arwen_eei::table::host_fns() {
        if calls.contains(format!("${}", row.name).as_str()) {
            let list = |word: &str, types: &[arwen_engine::ValType]| -> String {
                types.iter().map(|ty| format!(" ({word} {ty})")).collect()
            };
            let ty = row.ty();
            let (params, results) = (list("param", ty.params()), list("result", ty.results()));
            imports += &format!(
                "(import \"env\" \"{0}\" (func ${0}{params}{results}))\n",
                row.name
            );
        }
    }
    let functions: String = functions
        .iter()
        .map(|(name, body)| format!("(func (export \"{name}\") {body})\n"))
        .collect();
    wasm(&format!(
        "(module {imports} (memory (export \"memory\") 1) (data (i32.const 0) \"{data}\")\n{functions})"
    ))
}

/// A VM where every price is 1.
pub fn vm(tier: Tier) -> Vm {
    vm_with(tier, VmSettings::default())
}

/// A VM with settings of its own, where every price is 1.
pub fn vm_with(tier: Tier, settings: VmSettings) -> Vm {
    let schedule = Schedule::bundled("dummy").expect("a bundled schedule").clone();
    Vm::new(VmSettings { tier, ..settings }, schedule).expect("usable settings")
}

/// The tiers a node may choose: what a contract does must not depend on them.
pub const TIERS: [Tier; 3] = [Tier::Interpreter, Tier::Jit, Tier::Tiered];

/// What comes out in every tier.
pub fn agreed<T: PartialEq + std::fmt::Debug>(mut run: impl FnMut(Tier) -> T) -> T {
    let first = run(TIERS[0]);
    for tier in &TIERS[1..] {
        assert_eq!(run(*tier), first, "{tier:?} against {:?}", TIERS[0]);
    }
    first
}

/// An input from Alice.
pub fn input(arguments: &[&[u8]], gas: u64) -> VmInput {
    VmInput {
        caller: ALICE.to_vec(),
        arguments: arguments.iter().map(|argument| argument.to_vec()).collect(),
        gas_provided: gas,
        original_tx_hash: b"the first transaction".to_vec(),
        ..VmInput::default()
    }
}

/// A call of the contract by Alice.
pub fn call(function: &str, arguments: &[&[u8]], gas: u64) -> CallInput {
    CallInput {
        vm_input: input(arguments, gas),
        recipient: CONTRACT.to_vec(),
        function: function.to_owned(),
        allow_init_function: false,
    }
}

/// Calls a function of a contract, in every tier, with plenty of gas.
pub fn run(code: &[u8], function: &str, arguments: &[&[u8]]) -> Result<VmOutput, VmError> {
    run_in(&Node::new(Some(code)), &call(function, arguments, 1_000_000))
}

/// A call in every tier, with all prices 1.
pub fn run_in(node: &Node, call: &CallInput) -> Result<VmOutput, VmError> {
    agreed(|tier| vm(tier).call(&mut node.clone(), call))
}

/// Deploys in every tier, with all prices 1.
pub fn deploy(code: &[u8], settings: &VmSettings) -> VmOutput {
    let create = CreateInput {
        vm_input: input(&[b"argument"], 1_000_000),
        code: code.to_vec(),
        code_metadata: vec![5, 2],
    };
    agreed(|tier| {
        vm_with(tier, settings.clone())
            .create(&mut Node::new(None), &create)
            .expect("an output")
    })
}

/// Return code and message.
pub fn ending(output: &VmOutput) -> (ReturnCode, &str) {
    (
        output.return_code,
        std::str::from_utf8(&output.return_message).expect("text"),
    )
}

/// A number as contracts store it.
pub fn number(value: i64) -> BigInt {
    value.into()
}
