//! The wire tables of the plain data that messages carry.
//!
//! Keys and their order are the protocol; the Rust side is `arwen-interface`.

use std::collections::{BTreeMap, BTreeSet};

use arwen_interface::{
    CallInput, CreateInput, EsdtMetadata, EsdtToken, EsdtTransfer, LogEntry, OutputAccount, OutputTransfer,
    ReturnCode, StorageUpdate, UserAccount, VmInput, VmOutput,
};

use crate::marshalizer::Marshalizer;
use crate::record;
use crate::wire::{
    Big, Blank, Bool, Bytes, Dialect, Int, LegacyName, LegacyNonce, LegacyType, LegacyValue, List, Map,
    MaybeBytes, Opaque, Presence, Ptr, Rec, Text, Uint,
};

/// A gas schedule as it travels: section, key, price in gas units.
pub type GasSchedule = BTreeMap<String, BTreeMap<String, u64>>;

/// What every message begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// The position in the dialogue, from 1; 0 in Initialize.
    pub nonce: u32,
    /// The kind; overrides the frame's.
    pub kind: u32,
    /// The error this message reports; empty when none.
    pub error: String,
}

/// What a node says when it starts the child.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InitializeArguments {
    /// The two bytes that say which VM runs a contract.
    pub vm_type: Vec<u8>,
    /// The gas that fits a block, in gas units.
    pub block_gas_limit: u64,
    /// The prices.
    pub gas_schedule: GasSchedule,
    /// Whether the node sent its container of built-in functions, which says nothing about them.
    pub builtin_container: bool,
    /// The node's built-in functions by name, in the dialect that lists them.
    pub builtin_functions: Option<BTreeSet<String>>,
    /// Storage keys with this prefix belong to the protocol.
    pub protected_key_prefix: Vec<u8>,
    /// Epoch from which the rules of Arwen 2 hold.
    pub arwen_v2_enable_epoch: u32,
    /// Epoch from which code is compiled ahead of time.
    pub ahead_of_time_enable_epoch: u32,
    /// Epoch from which gas is locked dynamically.
    pub dyn_gas_lock_enable_epoch: u32,
    /// Epoch from which the rules of Arwen 3 hold.
    pub arwen_v3_enable_epoch: u32,
    /// Epoch from which contracts may handle ESDT.
    pub esdt_functions_enable_epoch: u32,
    /// Whether instances are kept between calls.
    pub use_warm_instance: bool,
    /// The marshalizer of log lines; see [`LogLine::encode`](crate::log::LogLine::encode).
    pub logs_marshalizer: Marshalizer,
    /// The marshalizer of messages; binary is JSON until the version question agrees on it.
    pub messages_marshalizer: Marshalizer,
}

record! {
    Base, "Message" => {
        "DialogueNonce": Uint => nonce;
        "Kind": Uint => kind;
        "ErrorMessage": Text => error;
    }
    InitializeArguments, "ArwenArguments" => {
        "VMType": Bytes => vm_type;
        "BlockGasLimit": Uint => block_gas_limit;
        "GasSchedule": Map<Map<Uint>> => gas_schedule;
        "BuiltInFuncContainer": Opaque => builtin_container, .only(Dialect::Current);
        "ProtocolBuiltinFunctions": Map<Opaque> => builtin_functions, .only(Dialect::Legacy);
        "ElrondProtectedKeyPrefix": Bytes => protected_key_prefix;
        "ArwenV2EnableEpoch": Uint => arwen_v2_enable_epoch;
        "AheadOfTimeEnableEpoch": Uint => ahead_of_time_enable_epoch;
        "DynGasLockEnableEpoch": Uint => dyn_gas_lock_enable_epoch;
        "ArwenV3EnableEpoch": Uint => arwen_v3_enable_epoch;
        "ArwenESDTFunctionsEnableEpoch": Uint => esdt_functions_enable_epoch;
        "UseWarmInstance": Bool => use_warm_instance;
        "LogsMarshalizer": Uint => logs_marshalizer;
        "MessagesMarshalizer": Uint => messages_marshalizer;
    }
    EsdtTransfer, "ESDTTransfer" => {
        "ESDTValue": Big => value;
        "ESDTTokenName": Bytes => token_name;
        "ESDTTokenType": Uint => token_type;
        "ESDTTokenNonce": Uint => token_nonce;
    }
    VmInput, "VMInput" => {
        "CallerAddr": Bytes => caller, .blank(Blank::Null);
        "Arguments": List<Bytes> => arguments;
        "CallValue": Big => call_value;
        "CallType": Int => call_type;
        "GasPrice": Uint => gas_price;
        "GasProvided": Uint => gas_provided;
        "GasLocked": Uint => gas_locked;
        "OriginalTxHash": Bytes => original_tx_hash, .blank(Blank::Null);
        "CurrentTxHash": Bytes => current_tx_hash, .blank(Blank::Null);
        "PrevTxHash": Bytes => prev_tx_hash, .blank(Blank::Null);
        "ESDTTransfers": List<Rec<EsdtTransfer>> => esdt_transfers, .go_type("[]*vmcommon.ESDTTransfer"),
            .blank(Blank::Null), .only(Dialect::Current);
        "ESDTValue": LegacyValue => esdt_transfers, .only(Dialect::Legacy);
        "ESDTTokenName": LegacyName => esdt_transfers, .blank(Blank::Null), .only(Dialect::Legacy);
        "ESDTTokenType": LegacyType => esdt_transfers, .only(Dialect::Legacy);
        "ESDTTokenNonce": LegacyNonce => esdt_transfers, .only(Dialect::Legacy);
        "ReturnCallAfterError": Bool => return_call_after_error;
    }
    CreateInput, "ContractCreateInput" => {
        "VMInput": Rec<VmInput> => vm_input, .embedded();
        "ContractCode": Bytes => code, .blank(Blank::Null);
        "ContractCodeMetadata": Bytes => code_metadata, .blank(Blank::Null);
    }
    CallInput, "ContractCallInput" => {
        "VMInput": Rec<VmInput> => vm_input, .embedded();
        "RecipientAddr": Bytes => recipient, .blank(Blank::Null);
        "Function": Text => function;
        "AllowInitFunction": Bool => allow_init_function;
    }
    VmOutput, "SerializableVMOutput" presence |output: &VmOutput| match output.return_code {
        ReturnCode::Ok => Presence::Success,
        _ => Presence::Failure,
    } => {
        "ReturnData": List<Bytes> => return_data, .blank(Blank::EmptyOnSuccess);
        "ReturnCode": Int => return_code;
        "ReturnMessage": Text => return_message;
        "GasRemaining": Uint => gas_remaining;
        "GasRefund": Big => gas_refund;
        "CorrectedOutputAccounts": List<Rec<OutputAccount>> => output_accounts,
            .go_type("[]*common.SerializableOutputAccount"), .blank(Blank::EmptyIfPresent);
        "DeletedAccounts": List<Bytes> => deleted_accounts, .blank(Blank::EmptyOnSuccess);
        "TouchedAccounts": List<Bytes> => touched_accounts, .blank(Blank::EmptyOnSuccess);
        "Logs": List<Rec<LogEntry>> => logs, .go_type("[]*vmcommon.LogEntry"), .blank(Blank::EmptyOnSuccess);
    }
    OutputAccount, "SerializableOutputAccount" => {
        "Address": Bytes => address;
        "Nonce": Uint => nonce;
        "Balance": Big => balance;
        "BalanceDelta": Big => balance_delta;
        "StorageUpdates": List<Rec<StorageUpdate>> => storage_updates, .go_type("[]*vmcommon.StorageUpdate");
        "Code": Bytes => code, .blank(Blank::Null);
        "CodeMetadata": Bytes => code_metadata, .blank(Blank::Null);
        "GasUsed": Uint => gas_used;
        "Transfers": List<Rec<OutputTransfer>> => transfers, .go_type("[]common.SerializableOutputTransfer");
        "CodeDeployerAddress": Bytes => code_deployer, .blank(Blank::Null);
    }
    StorageUpdate, "StorageUpdate" => {
        "Offset": Bytes => offset;
        "Data": Bytes => data;
    }
    OutputTransfer, "SerializableOutputTransfer" => {
        "Value": Big => value;
        "Data": Bytes => data;
        "GasLimit": Uint => gas_limit;
        "GasLocked": Uint => gas_locked;
        "CallType": Int => call_type;
        "SenderAddress": Bytes => sender, .blank(Blank::Null);
    }
    // Without topics an entry has no identifier either: Go leaves both nil then.
    LogEntry, "LogEntry" presence |entry: &LogEntry| match (&entry.identifier[..], &entry.topics[..]) {
        ([], []) => Presence::Failure,
        _ => Presence::Success,
    } => {
        "Identifier": Bytes => identifier, .blank(Blank::EmptyOnSuccess);
        "Address": Bytes => address;
        "Topics": List<Bytes> => topics, .blank(Blank::EmptyOnSuccess);
        "Data": MaybeBytes => data;
    }
    UserAccount, "Account" => {
        "Nonce": Uint => nonce;
        "Balance": Big => balance;
        "CodeHash": Bytes => code_hash, .blank(Blank::Null);
        "RootHash": Bytes => root_hash, .blank(Blank::Null);
        "Address": Bytes => address, .blank(Blank::Null);
        "DeveloperReward": Big => developer_reward;
        "OwnerAddress": Bytes => owner, .blank(Blank::Null);
        "UserName": Bytes => user_name, .blank(Blank::Null);
        "CodeMetadata": Bytes => code_metadata, .blank(Blank::Null);
    }
    EsdtToken, "ESDigitalToken" => {
        "Type": Uint => token_type;
        "Value": Big => value;
        "Properties": Bytes => properties, .blank(Blank::Null);
        "MetaData": Ptr<EsdtMetadata> => metadata, .go("TokenMetaData");
        "Reserved": Bytes => reserved, .blank(Blank::Null);
    }
    EsdtMetadata, "MetaData" => {
        "Nonce": Uint => nonce;
        "Name": Bytes => name, .blank(Blank::Null);
        "Creator": Bytes => creator, .blank(Blank::Null);
        "Royalties": Uint => royalties;
        "Hash": Bytes => hash, .blank(Blank::Null);
        "URIs": List<Bytes> => uris, .blank(Blank::Null);
        "Attributes": Bytes => attributes, .blank(Blank::Null);
    }
}
