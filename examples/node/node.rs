//! A node in a few maps: it starts a VM child, deploys a contract, calls it and asks it, all over the pipes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use arwen_interface::{
    BigInt, BlockchainHook, Bytes, CallInput, CreateInput, EsdtToken, HookError, ReturnCode, UserAccount,
    VmInput, VmOutput,
};
use arwen_ipc_host::driver::{Driver, DriverConfig};
use arwen_ipc_host::records::InitializeArguments;
use arwen_metering::Schedule;

const ALICE: [u8; 32] = [b'a'; 32];

/// The two bytes of the VM in every contract's address.
const VM_TYPE: [u8; 2] = [5, 0];

/// A failure of any kind; an example need not tell them apart.
pub type Failure = Box<dyn std::error::Error>;

#[derive(Default)]
struct Account {
    nonce: u64,
    balance: BigInt,
    storage: BTreeMap<Bytes, Bytes>,
    code: Bytes,
    code_metadata: Bytes,
    owner: Bytes,
}

/// The state of the chain. The VM reads it through the hook below and never writes to it.
#[derive(Default)]
struct Node {
    accounts: BTreeMap<Bytes, Account>,
}

impl Node {
    /// Applies what a successful run changes. Nothing of this happens after a failure.
    fn apply(&mut self, output: VmOutput) {
        for update in output.output_accounts {
            let account = self.accounts.entry(update.address).or_default();
            account.balance += update.balance_delta.unwrap_or_default();
            account.nonce = account.nonce.max(update.nonce);
            for entry in update.storage_updates {
                account.storage.insert(entry.offset, entry.data);
            }
            if !update.code.is_empty() {
                account.code = update.code;
                account.code_metadata = update.code_metadata;
                account.owner = update.code_deployer;
            }
        }
    }
}

/// A real node answers from its tries and block headers. What this one has not got is answered with an error or zero.
impl BlockchainHook for Node {
    fn user_account(&mut self, address: &[u8]) -> Result<Option<UserAccount>, HookError> {
        let account = self.accounts.get(address).map(|account| UserAccount {
            nonce: account.nonce,
            balance: Some(account.balance.clone()),
            address: address.to_vec(),
            // Anything that differs when the code does.
            code_hash: if account.code.is_empty() {
                Bytes::new()
            } else {
                address.to_vec()
            },
            code_metadata: account.code_metadata.clone(),
            owner: account.owner.clone(),
            ..UserAccount::default()
        });
        Ok(account)
    }

    fn code(&mut self, account: &UserAccount) -> Bytes {
        let known = self.accounts.get(&account.address);
        known.map(|known| known.code.clone()).unwrap_or_default()
    }

    fn storage_data(&mut self, account: &[u8], key: &[u8]) -> Result<Bytes, HookError> {
        let value = self
            .accounts
            .get(account)
            .and_then(|account| account.storage.get(key));
        Ok(value.cloned().unwrap_or_default())
    }

    fn all_state(&mut self, address: &[u8]) -> Result<Vec<(Bytes, Bytes)>, HookError> {
        let storage = self.accounts.get(address).map(|account| account.storage.clone());
        Ok(storage.unwrap_or_default().into_iter().collect())
    }

    /// Eight zeros, the VM, and then anything that no other deployment gets.
    fn new_address(&mut self, creator: &[u8], nonce: u64, vm_type: &[u8]) -> Result<Bytes, HookError> {
        let mut address = [&[0; 8], vm_type, &nonce.to_be_bytes(), creator].concat();
        address.truncate(32);
        Ok(address)
    }

    fn is_smart_contract(&mut self, address: &[u8]) -> bool {
        address.starts_with(&[0; 8])
    }

    fn is_payable(&mut self, address: &[u8]) -> Result<bool, HookError> {
        let account = self.accounts.get(address);
        Ok(account.is_none_or(|account| account.code_metadata.get(1).is_some_and(|byte| byte & 2 != 0)))
    }

    fn block_hash(&mut self, _nonce: u64) -> Result<Bytes, HookError> {
        Err(HookError("this node has no blocks".into()))
    }

    fn esdt_token(&mut self, _address: &[u8], _token: &[u8], _nonce: u64) -> Result<EsdtToken, HookError> {
        Ok(EsdtToken::default())
    }

    fn last_nonce(&mut self) -> u64 {
        0
    }
    fn last_round(&mut self) -> u64 {
        0
    }
    fn last_timestamp(&mut self) -> u64 {
        0
    }
    fn last_random_seed(&mut self) -> Bytes {
        Bytes::new()
    }
    fn last_epoch(&mut self) -> u32 {
        0
    }
    fn state_root_hash(&mut self) -> Bytes {
        Bytes::new()
    }
    fn current_nonce(&mut self) -> u64 {
        1
    }
    fn current_round(&mut self) -> u64 {
        1
    }
    fn current_timestamp(&mut self) -> u64 {
        1
    }
    fn current_random_seed(&mut self) -> Bytes {
        Bytes::new()
    }
    fn current_epoch(&mut self) -> u32 {
        0
    }
    fn builtin_function_names(&mut self) -> BTreeSet<String> {
        BTreeSet::new()
    }
    fn shard_of_address(&mut self, _address: &[u8]) -> u32 {
        0
    }

    // The child keeps compiled code by itself, and computes built-in functions by itself.
    fn save_compiled_code(&mut self, _code_hash: &[u8], _code: &[u8]) {}
    fn compiled_code(&mut self, _code_hash: &[u8]) -> Option<Bytes> {
        None
    }
    fn snapshot(&mut self) -> i64 {
        0
    }
    fn revert_to_snapshot(&mut self, _snapshot: i64) -> Result<(), HookError> {
        Ok(())
    }
    fn process_builtin_function(&mut self, _input: &CallInput) -> Result<VmOutput, HookError> {
        Err(HookError("the VM computes built-in functions".into()))
    }
}

fn vm_input(arguments: Vec<Bytes>) -> VmInput {
    VmInput {
        caller: ALICE.to_vec(),
        arguments,
        call_value: Some(BigInt::ZERO),
        gas_provided: 20_000_000,
        ..VmInput::default()
    }
}

fn call(contract: &[u8], function: &str) -> CallInput {
    CallInput {
        vm_input: vm_input(vec![]),
        recipient: contract.to_vec(),
        function: function.into(),
        ..CallInput::default()
    }
}

fn succeeded(output: VmOutput) -> Result<VmOutput, Failure> {
    match output.return_code {
        ReturnCode::Ok => Ok(output),
        code => Err(format!("{code:?}: {}", String::from_utf8_lossy(&output.return_message)).into()),
    }
}

/// Deploys the counter, increments it three times and asks for its value. Returns what happened, a line each.
pub fn run(program: Option<PathBuf>, counter: Bytes) -> Result<String, Failure> {
    let mut log = String::new();
    let mut node = Node::default();
    node.accounts.insert(ALICE.to_vec(), Account::default());

    let mut driver = Driver::start(DriverConfig {
        program,
        arguments: InitializeArguments {
            vm_type: VM_TYPE.to_vec(),
            block_gas_limit: 1_500_000_000,
            gas_schedule: Schedule::bundled_raw("v3").ok_or("no such gas schedule")?,
            protected_key_prefix: b"ELROND".to_vec(),
            ..InitializeArguments::default()
        },
        ..DriverConfig::default()
    })?;

    // The transaction counts before it runs.
    node.accounts.entry(ALICE.to_vec()).or_default().nonce += 1;
    let deployment = CreateInput {
        vm_input: vm_input(vec![vec![5]]),
        code: counter.clone(),
        code_metadata: vec![1, 0],
    };
    let output = succeeded(driver.create(&mut node, &deployment)?)?;
    let deployed = output
        .output_accounts
        .iter()
        .find(|account| account.code == counter);
    let contract = deployed.ok_or("nothing was deployed")?.address.clone();
    node.apply(output);
    writeln!(log, "deployed a counter that starts at 5")?;

    for _ in 0..3 {
        let output = succeeded(driver.call(&mut node, &call(&contract, "increment"))?)?;
        writeln!(log, "incremented for {} gas", 20_000_000 - output.gas_remaining)?;
        node.apply(output);
    }

    // A query is a call whose output is not applied.
    let output = succeeded(driver.call(&mut node, &call(&contract, "get"))?)?;
    writeln!(log, "the counter says {:?}", output.return_data)?;
    driver.stop();
    Ok(log)
}
