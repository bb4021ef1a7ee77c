//! The plain data between node and VM, as trace files hold them: the names of their fields.

use std::collections::BTreeMap;

use arwen_eei::builtin::BuiltinPrices;
use arwen_eei::{BuiltinMode, Tier, VmSettings};
use arwen_interface::{
    AccountUpdate, CallInput, CreateInput, EsdtMetadata, EsdtToken, EsdtTransfer, LogEntry, OutputAccount,
    OutputTransfer, StorageUpdate, UserAccount, VmInput, VmOutput,
};
use arwen_metering::BuiltInKey;
use arwen_scenario::run::scenario_settings;
use serde_json::Value;

use super::json::{Fields, Json, Wrong, records};

records! {
    EsdtTransfer { value, token_name, token_type, token_nonce } granted Self::default();
    VmInput {
        caller, arguments, call_value, call_type, gas_price, gas_provided, gas_locked, original_tx_hash,
        current_tx_hash, prev_tx_hash, esdt_transfers, return_call_after_error,
    } granted Self::default();
    CreateInput { vm_input, code, code_metadata } granted Self::default();
    CallInput { vm_input, recipient, function, allow_init_function } granted Self::default();
    VmOutput {
        return_data, return_code, return_message, gas_remaining, gas_refund, output_accounts, deleted_accounts,
        touched_accounts, logs, account_updates,
    } granted Self::default();
    AccountUpdate { address, owner, user_name, claimed_reward } granted Self::default();
    OutputAccount {
        address, nonce, balance, balance_delta, storage_updates, code, code_metadata, gas_used, transfers,
        code_deployer,
    } granted Self::default();
    StorageUpdate { offset, data } granted Self::default();
    OutputTransfer { value, data, gas_limit, gas_locked, call_type, sender } granted Self::default();
    LogEntry { identifier, address, topics, data } granted Self::default();
    UserAccount {
        nonce, balance, code_hash, root_hash, address, developer_reward, owner, user_name, code_metadata,
    } granted Self::default();
    EsdtToken { token_type, value, properties, metadata, reserved } granted Self::default();
    EsdtMetadata { nonce, name, creator, royalties, hash, uris, attributes } granted Self::default();
    // Which tier runs is the choice of who replays; no output depends on what is kept for later.
    VmSettings {
        vm_type, block_gas_limit, protected_key_prefix, arwen_v2_enable_epoch, ahead_of_time_enable_epoch,
        dyn_gas_lock_enable_epoch, arwen_v3_enable_epoch, esdt_functions_enable_epoch, use_warm_instance, builtins,
        account_updates, name_services, builtin_prices, builtin_function_names, save_compiled_code;
        tier = Tier::Interpreter, compile_threads = 1, artefacts = None, module_cache_bytes = VmSettings::default().module_cache_bytes
    } granted scenario_settings(Tier::Interpreter);
}

impl Json for BuiltinMode {
    fn to_json(&self) -> Value {
        Value::from(match self {
            Self::InVm => "vm",
            Self::Node => "node",
        })
    }

    fn from_json(value: &Value) -> Result<Self, Wrong> {
        match value.as_str() {
            Some("vm") => Ok(Self::InVm),
            Some("node") => Ok(Self::Node),
            _ => Err(Wrong::new("vm or node")),
        }
    }
}

impl Json for BuiltinPrices {
    fn to_json(&self) -> Value {
        let priced = |key: &BuiltInKey| Some((key.name().to_owned(), self.function(*key).ok()?));
        let functions: BTreeMap<String, u64> = BuiltInKey::ALL.iter().filter_map(priced).collect();
        let mut fields = Fields::default();
        fields.write("store_per_byte", &self.store_per_byte, &0);
        fields.write("persist_per_byte", &self.persist_per_byte, &0);
        fields.write("copy_per_byte", &self.copy_per_byte, &0);
        fields.write("functions", &functions, &BTreeMap::new());
        fields.into()
    }

    fn from_json(value: &Value) -> Result<Self, Wrong> {
        let mut fields = Fields::read(value)?;
        let bytes = [
            fields.take("store_per_byte", 0)?,
            fields.take("persist_per_byte", 0)?,
            fields.take("copy_per_byte", 0)?,
        ];
        let mut functions: BTreeMap<String, u64> = fields.take("functions", BTreeMap::new())?;
        fields.finish()?;
        let prices = Self::new(bytes, |key| functions.remove(key.name()));
        match functions.into_keys().next() {
            Some(name) => Err(Wrong::new("a built-in function").below(&name).below("functions")),
            None => Ok(prices),
        }
    }
}
