//! Transactions.

use arwen_interface::{
    ADDRESS_LEN, BigInt, Bytes, CallInput, CallType, CreateInput, EsdtTransfer, EsdtType, OutputAccount,
    ReturnCode, StorageUpdate, VmInput, VmOutput,
};
use num_bigint::Sign;

use super::{Machine, Refusal};
use crate::check;
use crate::expr::{hex, minimal_unsigned};
use crate::model::{Transaction, TxKind, TxStep, TxToken};
use crate::world::token::nonce_bytes;
use crate::world::{MetadataRule, World};

/// Where the protocol notes a validator's rewards.
const REWARD_KEY: &[u8] = b"ELRONDreward";

/// What a transaction came to.
#[derive(Clone, Debug)]
pub struct Transacted {
    /// Its result. When it failed, the world has the sender's nonce raised and the gas paid, and nothing else changed.
    pub output: VmOutput,
    /// Where contracts stopped, when it failed and that was asked for; see [`Machine::stops`].
    pub stops: Vec<String>,
}

/// Executes a transaction and compares the result with what is expected.
pub(super) fn execute<M: Machine>(
    machine: &mut M,
    world: &mut World,
    step: &TxStep,
    check_gas: bool,
) -> Result<(), Refusal> {
    let mut verdict = Ok(());
    let done = transact(machine, world, step, |output| {
        if let Some(expected) = &step.expect {
            verdict = check::result(&step.id, expected, check_gas, output);
        }
        verdict.is_err()
    })?;
    verdict.map_err(|message| Refusal {
        message,
        stops: done.stops,
    })
}

/// Executes a transaction and changes the world accordingly. `explain` says of a result whether it matters where
/// contracts stopped.
///
/// # Errors
/// What no `expect` can match. The sender's nonce may be raised then and its gas paid.
pub fn transact<M: Machine>(
    machine: &mut M,
    world: &mut World,
    step: &TxStep,
    explain: impl FnOnce(&VmOutput) -> bool,
) -> Result<Transacted, Refusal> {
    let (id, tx) = (&step.id, &step.tx);
    machine.begin(step);
    let storages = (!tx.esdt.is_empty()).then(|| storages(world));
    let mut gas = 0;
    if tx.kind.has_sender() {
        world
            .begin_transaction(&tx.from, tx.gas_limit, tx.gas_price)
            .map_err(|error| format!("could not set up tx {id}: {error}"))?;
        gas = tx.gas_limit;
        for token in &tx.esdt {
            gas = transfer_token(world, tx, token, gas)?;
        }
    }
    let output = run(machine, world, id, tx, gas).map_err(|message| Refusal {
        message,
        stops: machine.stops(world),
    })?;
    // Asked while the world is as the run found it.
    let stops = match explain(&output) {
        true if output.return_code != ReturnCode::Ok => machine.stops(world),
        _ => Vec::new(),
    };
    if output.return_code == ReturnCode::Ok {
        commit(world, tx, &output)?;
    } else if let Some(storages) = storages {
        // Only storage returns, and tokens with it; the nonce stays raised and the gas paid.
        for (address, storage) in storages {
            if let Some(account) = world.accounts.get_mut(&address) {
                account.storage = storage;
            }
        }
    }
    Ok(Transacted { output, stops })
}

type Storages = Vec<(Bytes, std::collections::BTreeMap<Bytes, Bytes>)>;

fn storages(world: &World) -> Storages {
    world
        .accounts
        .iter()
        .map(|(address, account)| (address.clone(), account.storage.clone()))
        .collect()
}

/// Moves a token by the built-in function, before the VM runs, and gives back the gas that remains.
fn transfer_token(world: &mut World, tx: &Transaction, token: &TxToken, gas: u64) -> Result<u64, String> {
    let value = minimal_unsigned(token.value.magnitude());
    let identifier = token.identifier.clone();
    let (function, recipient, arguments) = if token.nonce == 0 {
        ("ESDTTransfer", tx.to.clone(), vec![identifier, value])
    } else {
        let arguments = vec![identifier, nonce_bytes(token.nonce), value, tx.to.clone()];
        ("ESDTNFTTransfer", tx.from.clone(), arguments)
    };
    if world.account(&tx.to).is_none() {
        return Err(format!(
            "token recipient (address: {}) does not exist",
            hex(&tx.to)
        ));
    }
    let input = CallInput {
        vm_input: VmInput {
            caller: tx.from.clone(),
            arguments,
            call_value: Some(BigInt::ZERO),
            gas_price: tx.gas_price,
            gas_provided: gas,
            ..VmInput::default()
        },
        recipient,
        function: function.to_owned(),
        allow_init_function: false,
    };
    // What it sends on is the transaction itself, which runs next.
    let output = world.run_builtin(&input).map_err(|error| error.to_string())?;
    if output.return_code != ReturnCode::Ok {
        let message = String::from_utf8_lossy(&output.return_message);
        let code = output.return_code as u8;
        return Err(format!("ESDTtransfer failed: retcode = {code}, msg = {message}"));
    }
    Ok(output.gas_remaining)
}

fn run<M: Machine>(
    machine: &mut M,
    world: &mut World,
    id: &str,
    tx: &Transaction,
    gas: u64,
) -> Result<VmOutput, String> {
    if tx.kind.has_sender() && world.balance(&tx.from) < tx.value {
        // Found out by the protocol, before the VM.
        return Ok(VmOutput {
            return_code: ReturnCode::OutOfFunds,
            ..VmOutput::default()
        });
    }
    match tx.kind {
        TxKind::ScDeploy => {
            let input = CreateInput {
                vm_input: vm_input(id, tx, &tx.from, gas),
                code: tx.code.clone(),
                code_metadata: tx.code_metadata.clone().unwrap_or_default(),
            };
            machine.create(world, &input).map_err(|error| error.to_string())
        }
        TxKind::ScCall => call(machine, world, tx, vm_input(id, tx, &tx.from, gas)),
        // A contract asks itself, for as long as it takes.
        TxKind::ScQuery => call(machine, world, tx, vm_input(id, tx, &tx.to, u64::MAX)),
        TxKind::ScUpgrade => Err("unknown transaction type".to_owned()),
        TxKind::Transfer => Ok(reached(tx, Vec::new())),
        TxKind::ValidatorReward => {
            let Some(recipient) = world.account(&tx.to) else {
                return Err(no_recipient(tx, "does not exist"));
            };
            let before = BigInt::from_bytes_be(Sign::Plus, recipient.value(REWARD_KEY));
            let after = minimal_unsigned((before + &tx.value).magnitude());
            Ok(reached(
                tx,
                vec![StorageUpdate {
                    offset: REWARD_KEY.to_vec(),
                    data: after,
                }],
            ))
        }
    }
}

fn call<M: Machine>(
    machine: &mut M,
    world: &mut World,
    tx: &Transaction,
    vm_input: VmInput,
) -> Result<VmOutput, String> {
    match world.account(&tx.to) {
        None => return Err(no_recipient(tx, "does not exist")),
        Some(account) if !account.is_contract() => return Err(no_recipient(tx, "is not a smart contract")),
        Some(_) => {}
    }
    let input = CallInput {
        vm_input,
        recipient: tx.to.clone(),
        function: tx.function.clone(),
        allow_init_function: false,
    };
    machine.call(world, &input).map_err(|error| error.to_string())
}

fn no_recipient(tx: &Transaction, why: &str) -> String {
    format!("tx recipient (address: {}) {why}", hex(&tx.to))
}

fn vm_input(id: &str, tx: &Transaction, caller: &[u8], gas: u64) -> VmInput {
    let hash = tx_hash(id);
    let transfer = |token: &TxToken| EsdtTransfer {
        value: Some(token.value.clone()),
        token_name: token.identifier.clone(),
        token_type: if token.nonce == 0 {
            EsdtType::Fungible
        } else {
            EsdtType::NonFungible
        } as u32,
        token_nonce: token.nonce,
    };
    VmInput {
        caller: caller.to_vec(),
        arguments: tx.arguments.clone(),
        call_value: Some(tx.value.clone()),
        call_type: CallType::Direct,
        gas_price: tx.gas_price,
        gas_provided: gas,
        gas_locked: 0,
        original_tx_hash: hash.clone(),
        current_tx_hash: hash,
        prev_tx_hash: Bytes::new(),
        esdt_transfers: tx.esdt.iter().map(transfer).collect(),
        return_call_after_error: false,
    }
}

/// The transaction's name, cut or padded with dots.
fn tx_hash(id: &str) -> Bytes {
    id.bytes()
        .chain(std::iter::repeat(b'.'))
        .take(ADDRESS_LEN)
        .collect()
}

/// The output of a transaction that needs no VM.
fn reached(tx: &Transaction, storage_updates: Vec<StorageUpdate>) -> VmOutput {
    let account = OutputAccount {
        address: tx.to.clone(),
        balance_delta: Some(tx.value.clone()),
        storage_updates,
        ..OutputAccount::default()
    };
    VmOutput {
        output_accounts: vec![account],
        ..VmOutput::default()
    }
}

fn commit(world: &mut World, tx: &Transaction, output: &VmOutput) -> Result<(), String> {
    let usual = world.metadata_rule;
    if tx.code_metadata.is_some() {
        world.metadata_rule = MetadataRule::AsDeployed;
    }
    let result = if tx.kind.has_sender() {
        world
            .commit(&tx.from, &tx.value, output)
            .map_err(|error| error.to_string())
    } else {
        world.apply(output);
        Ok(())
    };
    world.metadata_rule = usual;
    result
}
