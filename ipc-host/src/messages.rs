//! The messages, each declared once: number, name, what answers it, fields.
//!
//! Names of kinds and fields are the protocol's. The rows give the structs, the kinds, the bodies both sides decode
//! into, and the pairing of a request with its reply.

use std::collections::BTreeSet;
use std::fmt;

use arwen_interface::{CallInput, CreateInput, EsdtToken, UserAccount, VmOutput};

use crate::record;
use crate::records::{GasSchedule, InitializeArguments};
use crate::wire::{
    Blank, Bool, Bytes, Declared, FirstOf, Int, List, Map, Opaque, Output, Ptr, Rec, Record, RecordMut,
    RecordType, SecondOf, Text, Uint,
};

/// A message that can be sent: its kind, its fields.
pub trait Message: Declared {
    /// Its number.
    const KIND: Kind;
    /// Takes this message out of a received body, if it is one.
    fn from_body(body: Body) -> Option<Self>;
}

/// A message that another one answers.
pub trait Request: Message {
    /// What answers it.
    type Reply: Message;
}

macro_rules! messages {
    ($(
        $(#[doc = $doc:literal])*
        $number:literal $kind:ident $go:literal $(=> $reply:ident)? {
            $($(#[doc = $fdoc:literal])* $json:literal: $codec:ty => $field:ident: $ty:ty
                $(, .$option:ident($($arg:expr)?))*;)*
        }
    )*) => {
        /// The kinds that are messages.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u32)]
        pub enum Kind { $($(#[doc = $doc])* $kind = $number,)* }

        impl Kind {
            /// Every kind, in the order of its number.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The kind with this number, if it is a message.
            pub fn from_number(number: u32) -> Option<Self> {
                match number { $($number => Some(Self::$kind),)* _ => None }
            }

            /// What it is for.
            pub fn doc(self) -> &'static str {
                match self { $(Self::$kind => concat!($($doc),*).trim_ascii(),)* }
            }

            /// The kind that answers it, if it is a request.
            pub fn reply(self) -> Option<Self> {
                match self { $(Self::$kind => None $(.or(Some(Self::$reply)))?,)* }
            }

            /// Its fields, after the three that every message begins with.
            pub fn table(self) -> &'static RecordType {
                match self { $(Self::$kind => const { &<$kind as Declared>::TABLE },)* }
            }

            /// Its name, as documents spell it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => stringify!($kind),)* }
            }
        }

        $(
            $(#[doc = $doc])*
            #[derive(Clone, Debug, Default, PartialEq, Eq)]
            pub struct $kind { $($(#[doc = $fdoc])* pub $field: $ty,)* }

            record! {
                $kind, $go => { $($json: $codec => $field $(, .$option($($arg)?))*;)* }
            }

            impl Message for $kind {
                const KIND: Kind = Kind::$kind;
                fn from_body(body: Body) -> Option<Self> {
                    match body { Body::$kind(message) => Some(message), _ => None }
                }
            }

            $(impl Request for $kind { type Reply = $reply; })?
        )*

        /// A received message of any kind.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Body { $($(#[doc = $doc])* $kind($kind),)* }

        impl Body {
            /// An empty message of `kind`, to be read into.
            pub fn empty(kind: Kind) -> Self {
                match kind { $(Kind::$kind => Self::$kind($kind::default()),)* }
            }

            /// Its kind.
            pub fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind,)* }
            }

            /// Its fields.
            pub fn record(&self) -> &dyn Record {
                match self { $(Self::$kind(message) => message,)* }
            }

            /// Its fields, to be read into.
            pub fn record_mut(&mut self) -> &mut dyn RecordMut {
                match self { $(Self::$kind(message) => message,)* }
            }
        }

        $(impl From<$kind> for Body {
            fn from(message: $kind) -> Self { Self::$kind(message) }
        })*
    };
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), *self as u32)
    }
}

messages! {
    /// Nothing; a placeholder in the numbering.
    0 FirstKind "UndefinedMessage" {}
    /// Starts the child: sent once, on a pipe of its own, always in JSON, with nonce 0.
    1 Initialize "MessageInitialize" {
        /// The VM's parameters.
        "Arguments": Rec<InitializeArguments> => arguments: InitializeArguments;
    }
    /// Asks the child to end.
    2 Stop "MessageStop" {}
    /// Asks for a deployment.
    3 ContractDeployRequest "MessageContractDeployRequest" => ContractResponse {
        /// What to deploy.
        "CreateInput": Ptr<CreateInput> => create_input: Option<CreateInput>;
        /// As in a call.
        "KnownAnswers": Bytes => known: Vec<u8>, .own();
        /// As in a call.
        "ProfilesSent": Uint => profiles: u64, .own();
    }
    /// Asks for a call.
    4 ContractCallRequest "MessageContractCallRequest" => ContractResponse {
        /// What to call.
        "CallInput": Ptr<CallInput> => call_input: Option<CallInput>;
        /// Answers to questions that are likely to be asked, each in binary: kind, question, error, answer, shelf.
        "KnownAnswers": Bytes => known: Vec<u8>, .own();
        /// How many messages went through the pipe of log profiles before this one, so that the child need not look
        /// there when it has seen them all.
        "ProfilesSent": Uint => profiles: u64, .own();
    }
    /// What a deployment or call changes; none after an error of the VM itself.
    5 ContractResponse "MessageContractResponse" {
        /// The output.
        "SerializableVMOutput": Output => output: Option<VmOutput>;
        /// Which of the known answers were of no use, by their position, from 0.
        "UnusedAnswers": List<Uint> => unused: Vec<u32>, .own();
    }
    /// Changes the prices.
    6 GasScheduleChangeRequest "MessageGasScheduleChangeRequest" => GasScheduleChangeResponse {
        /// The new prices.
        "GasSchedule": Map<Map<Uint>> => gas_schedule: GasSchedule;
    }
    /// The prices are changed, unless there is an error.
    7 GasScheduleChangeResponse "UndefinedMessage" {}
    /// The address of a contract about to be deployed.
    8 BlockchainNewAddressRequest "MessageBlockchainNewAddressRequest" => BlockchainNewAddressResponse {
        /// Who deploys.
        "CreatorAddress": Bytes => creator: Vec<u8>, .blank(Blank::Null);
        /// The deployer's nonce.
        "CreatorNonce": Uint => creator_nonce: u64;
        /// The two bytes of the VM.
        "VmType": Bytes => vm_type: Vec<u8>, .blank(Blank::Null);
    }
    /// Answers 8.
    9 BlockchainNewAddressResponse "MessageBlockchainNewAddressResponse" {
        /// The address.
        "Result": Bytes => result: Vec<u8>, .blank(Blank::Null);
    }
    /// A storage value.
    10 BlockchainGetStorageDataRequest "MessageBlockchainGetStorageDataRequest"
        => BlockchainGetStorageDataResponse {
        /// Whose storage.
        "AccountAddress": Bytes => address: Vec<u8>, .blank(Blank::Null);
        /// The key.
        "Index": Bytes => index: Vec<u8>;
    }
    /// Answers 10.
    11 BlockchainGetStorageDataResponse "MessageBlockchainGetStorageDataResponse" {
        /// The value; empty when unset.
        "Data": Bytes => data: Vec<u8>;
    }
    /// The hash of a block.
    12 BlockchainGetBlockhashRequest "MessageBlockchainGetBlockhashRequest" => BlockchainGetBlockhashResponse {
        /// The block.
        "Nonce": Uint => nonce: u64;
    }
    /// Answers 12.
    13 BlockchainGetBlockhashResponse "MessageBlockchainGetBlockhashResponse" {
        /// The hash.
        "Result": Bytes => result: Vec<u8>, .blank(Blank::Null);
    }
    /// The nonce of the last block.
    14 BlockchainLastNonceRequest "MessageBlockchainLastNonceRequest" => BlockchainLastNonceResponse {}
    /// Answers 14.
    15 BlockchainLastNonceResponse "MessageBlockchainLastNonceResponse" {
        /// The nonce.
        "Result": Uint => result: u64;
    }
    /// The round of the last block.
    16 BlockchainLastRoundRequest "MessageBlockchainLastRoundRequest" => BlockchainLastRoundResponse {}
    /// Answers 16.
    17 BlockchainLastRoundResponse "MessageBlockchainLastRoundResponse" {
        /// The round.
        "Result": Uint => result: u64;
    }
    /// The time of the last block.
    18 BlockchainLastTimeStampRequest "MessageBlockchainLastTimeStampRequest"
        => BlockchainLastTimeStampResponse {}
    /// Answers 18.
    19 BlockchainLastTimeStampResponse "MessageBlockchainLastTimeStampResponse" {
        /// Seconds since 1970.
        "Result": Uint => result: u64;
    }
    /// The random seed of the last block.
    20 BlockchainLastRandomSeedRequest "MessageBlockchainLastRandomSeedRequest"
        => BlockchainLastRandomSeedResponse {}
    /// Answers 20.
    21 BlockchainLastRandomSeedResponse "MessageBlockchainLastRandomSeedResponse" {
        /// The seed.
        "Result": Bytes => result: Vec<u8>, .blank(Blank::Null);
    }
    /// The epoch of the last block.
    22 BlockchainLastEpochRequest "MessageBlockchainLastEpochRequest" => BlockchainLastEpochResponse {}
    /// Answers 22.
    23 BlockchainLastEpochResponse "MessageBlockchainLastEpochResponse" {
        /// The epoch.
        "Result": Uint => result: u32;
    }
    /// The root of the state.
    24 BlockchainGetStateRootHashRequest "MessageBlockchainGetStateRootHashRequest"
        => BlockchainGetStateRootHashResponse {}
    /// Answers 24.
    25 BlockchainGetStateRootHashResponse "MessageBlockchainGetStateRootHashResponse" {
        /// The hash.
        "Result": Bytes => result: Vec<u8>, .blank(Blank::Null);
    }
    /// The nonce of the block being executed.
    26 BlockchainCurrentNonceRequest "MessageBlockchainCurrentNonceRequest" => BlockchainCurrentNonceResponse {}
    /// Answers 26.
    27 BlockchainCurrentNonceResponse "MessageBlockchainCurrentNonceResponse" {
        /// The nonce.
        "Result": Uint => result: u64;
    }
    /// The round of the block being executed.
    28 BlockchainCurrentRoundRequest "MessageBlockchainCurrentRoundRequest" => BlockchainCurrentRoundResponse {}
    /// Answers 28.
    29 BlockchainCurrentRoundResponse "MessageBlockchainCurrentRoundResponse" {
        /// The round.
        "Result": Uint => result: u64;
    }
    /// The time of the block being executed.
    30 BlockchainCurrentTimeStampRequest "MessageBlockchainCurrentTimeStampRequest"
        => BlockchainCurrentTimeStampResponse {}
    /// Answers 30.
    31 BlockchainCurrentTimeStampResponse "MessageBlockchainCurrentTimeStampResponse" {
        /// Seconds since 1970.
        "Result": Uint => result: u64;
    }
    /// The random seed of the block being executed.
    32 BlockchainCurrentRandomSeedRequest "MessageBlockchainCurrentRandomSeedRequest"
        => BlockchainCurrentRandomSeedResponse {}
    /// Answers 32.
    33 BlockchainCurrentRandomSeedResponse "MessageBlockchainCurrentRandomSeedResponse" {
        /// The seed.
        "Result": Bytes => result: Vec<u8>, .blank(Blank::Null);
    }
    /// The epoch of the block being executed.
    34 BlockchainCurrentEpochRequest "MessageBlockchainCurrentEpochRequest" => BlockchainCurrentEpochResponse {}
    /// Answers 34.
    35 BlockchainCurrentEpochResponse "MessageBlockchainCurrentEpochResponse" {
        /// The epoch.
        "Result": Uint => result: u32;
    }
    /// An old spelling of 70 that nobody sends.
    36 BlockchainProcessBuiltinFunctionRequest "UndefinedMessage" {}
    /// An old spelling of 71 that nobody sends.
    37 BlockchainProcessBuiltinFunctionResponse "UndefinedMessage" {}
    /// A token in an account.
    38 BlockchainGetESDTTokenRequest "MessageBlockchainGetESDTTokenRequest" => BlockchainGetESDTTokenResponse {
        /// The account.
        "Address": Bytes => address: Vec<u8>, .blank(Blank::Null);
        /// The token.
        "TokenID": Bytes => token: Vec<u8>, .blank(Blank::Null);
        /// The instance; 0 for fungible tokens.
        "Nonce": Uint => nonce: u64;
    }
    /// Answers 38.
    39 BlockchainGetESDTTokenResponse "MessageBlockchainGetESDTTokenResponse" {
        /// The token's data.
        "Result": Ptr<EsdtToken> => result: Option<EsdtToken>;
    }
    /// The names of the node's built-in functions.
    40 BlockchainGetBuiltinFunctionNamesRequest "MessageBlockchainGetBuiltinFunctionNamesRequest"
        => BlockchainGetBuiltinFunctionNamesResponse {}
    /// Answers 40.
    41 BlockchainGetBuiltinFunctionNamesResponse "MessageBlockchainGetBuiltinFunctionNamesResponse" {
        /// The names.
        "Result": Map<Opaque> => result: BTreeSet<String>;
    }
    /// The whole storage of an account.
    42 BlockchainGetAllStateRequest "MessageBlockchainGetAllStateRequest" => BlockchainGetAllStateResponse {
        /// The account.
        "Address": Bytes => address: Vec<u8>, .blank(Blank::Null);
    }
    /// Answers 42.
    43 BlockchainGetAllStateResponse "MessageBlockchainGetAllStateResponse" {
        /// The entries.
        "Result": Rec<AllState> => result: AllState;
    }
    /// An account.
    44 BlockchainGetUserAccountRequest "MessageBlockchainGetUserAccountRequest"
        => BlockchainGetUserAccountResponse {
        /// Its address.
        "Address": Bytes => address: Vec<u8>, .blank(Blank::Null);
    }
    /// Answers 44.
    45 BlockchainGetUserAccountResponse "MessageBlockchainGetUserAccountResponse" {
        /// The account; none when there is none.
        "Result": Ptr<UserAccount> => result: Option<UserAccount>;
    }
    /// The code of an account.
    46 BlockchainGetCodeRequest "MessageBlockchainGetCodeRequest" => BlockchainGetCodeResponse {
        /// The account, as the node gave it.
        "Account": Ptr<UserAccount> => account: Option<UserAccount>;
    }
    /// Answers 46.
    47 BlockchainGetCodeResponse "MessageBlockchainGetCodeResponse" {
        /// The code.
        "Code": Bytes => code: Vec<u8>, .blank(Blank::Null);
    }
    /// The shard of an address.
    48 BlockchainGetShardOfAddressRequest "MessageBlockchainGetShardOfAddressRequest"
        => BlockchainGetShardOfAddressResponse {
        /// The address.
        "Address": Bytes => address: Vec<u8>, .blank(Blank::Null);
    }
    /// Answers 48.
    49 BlockchainGetShardOfAddressResponse "MessageBlockchainGetShardOfAddressResponse" {
        /// The shard.
        "Result": Uint => result: u32;
    }
    /// Whether an account accepts EGLD.
    50 BlockchainIsPayableRequest "MessageBlockchainIsPayableRequest" => BlockchainIsPayableResponse {
        /// The account.
        "Address": Bytes => address: Vec<u8>, .blank(Blank::Null);
    }
    /// Answers 50.
    51 BlockchainIsPayableResponse "MessageBlockchainIsPayableResponse" {
        /// The answer.
        "Result": Bool => result: bool;
    }
    /// Whether an address is a contract's.
    52 BlockchainIsSmartContractRequest "MessageBlockchainIsSmartContractRequest"
        => BlockchainIsSmartContractResponse {
        /// The address.
        "Address": Bytes => address: Vec<u8>, .blank(Blank::Null);
    }
    /// Answers 52.
    53 BlockchainIsSmartContractResponse "MessageBlockchainIsSmartContractResponse" {
        /// The answer.
        "Result": Bool => result: bool;
    }
    /// Keeps compiled code.
    54 BlockchainSaveCompiledCodeRequest "MessageBlockchainSaveCompiledCodeRequest"
        => BlockchainSaveCompiledCodeResponse {
        /// The hash of the contract's code.
        "CodeHash": Bytes => code_hash: Vec<u8>, .blank(Blank::Null);
        /// What it compiled to.
        "Code": Bytes => code: Vec<u8>, .blank(Blank::Null);
    }
    /// Answers 54.
    55 BlockchainSaveCompiledCodeResponse "MessageBlockchainSaveCompiledCodeResponse" {}
    /// Compiled code kept earlier.
    56 BlockchainGetCompiledCodeRequest "MessageBlockchainGetCompiledCodeRequest"
        => BlockchainGetCompiledCodeResponse {
        /// The hash of the contract's code.
        "CodeHash": Bytes => code_hash: Vec<u8>, .blank(Blank::Null);
    }
    /// Answers 56.
    57 BlockchainGetCompiledCodeResponse "MessageBlockchainGetCompiledCodeResponse" {
        /// Whether there is any.
        "Found": Bool => found: bool;
        /// The compiled code.
        "Code": Bytes => code: Vec<u8>, .blank(Blank::Null);
    }
    /// Asks the child to do nothing for a while.
    58 DiagnoseWaitRequest "MessageDiagnoseWaitRequest" => DiagnoseWaitResponse {
        /// How long, in milliseconds.
        "Milliseconds": Uint => milliseconds: u32;
    }
    /// Answers 58.
    59 DiagnoseWaitResponse "MessageDiagnoseWaitResponse" {}
    /// Asks which program answers.
    60 VersionRequest "MessageVersionRequest" => VersionResponse {
        /// The [fingerprint](crate::binary::fingerprint) of the asker, if it wants to go on in binary.
        "BinaryTables": Uint => binary_tables: u64, .own();
    }
    /// Answers 60.
    61 VersionResponse "MessageVersionResponse" {
        /// The version.
        "Version": Text => version: String;
        /// The fingerprint of the request, if it is this side's too: from the next message on both speak binary.
        "BinaryTables": Uint => binary_tables: u64, .own();
    }
    /// Forgets all compiled code. From here to 71: only when built-in functions are delegated to the node.
    62 BlockchainClearCompiledCodesRequest "MessageBlockchainClearCompiledCodesRequest"
        => BlockchainClearCompiledCodesResponse {}
    /// Answers 62.
    63 BlockchainClearCompiledCodesResponse "MessageBlockchainClearCompiledCodesResponse" {}
    /// Marks the state.
    64 BlockchainGetSnapshotRequest "MessageBlockchainGetSnapshotRequest" => BlockchainGetSnapshotResponse {}
    /// Answers 64.
    65 BlockchainGetSnapshotResponse "MessageBlockchainGetSnapshotResponse" {
        /// The mark.
        "Result": Int => result: i64;
    }
    /// Whether the node's hook is missing.
    66 BlockchainIsInterfaceNilRequest "MessageBlockchainIsInterfaceNilRequest"
        => BlockchainIsInterfaceNilResponse {}
    /// Answers 66.
    67 BlockchainIsInterfaceNilResponse "MessageBlockchainIsInterfaceNilResponse" {
        /// The answer.
        "Result": Bool => result: bool;
    }
    /// Returns to a mark.
    68 BlockchainRevertToSnapshotRequest "MessageBlockchainRevertToSnapshotRequest"
        => BlockchainRevertToSnapshotResponse {
        /// The mark.
        "Snapshot": Int => snapshot: i64;
    }
    /// Answers 68.
    69 BlockchainRevertToSnapshotResponse "MessageBlockchainRevertToSnapshotResponse" {}
    /// Runs a built-in function.
    70 BlockchainProcessBuiltInFunctionRequest "MessageBlockchainProcessBuiltInFunctionRequest"
        => BlockchainProcessBuiltInFunctionResponse {
        /// What to run.
        "Input": Ptr<CallInput> => input: Option<CallInput>;
    }
    /// Answers 70.
    71 BlockchainProcessBuiltInFunctionResponse "MessageBlockchainProcessBuiltInFunctionResponse" {
        /// What it changes.
        "VmOutput": Output => output: Option<VmOutput>;
    }
    /// The answer to a message that this side cannot answer.
    72 UndefinedRequestOrResponse "UndefinedMessage" {}
    /// The end of the numbering; no message.
    73 LastKind "UndefinedMessage" {}
}

/// The storage of an account, as two lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllState {
    /// Keys and values.
    pub entries: Vec<(Vec<u8>, Vec<u8>)>,
}

record! {
    AllState, "SerializableMapStringBytes" => {
        "Keys": FirstOf => entries;
        "Values": SecondOf => entries;
    }
}
