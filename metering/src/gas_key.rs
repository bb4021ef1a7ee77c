//! The prices outside operators: host functions, storage, code, built-in functions.

macro_rules! key_enum {
    ($(#[$meta:meta])* $name:ident { $($section:ident { $($key:ident),* $(,)? })* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(
            #[doc = concat!("`", stringify!($section), ".", stringify!($key), "`")]
            $key,
        )*)* }

        impl $name {
            /// Every key, in the order of the reference.
            pub const ALL: &'static [Self] = &[$($(Self::$key),*),*];

            /// The name of the key in its section.
            pub fn name(self) -> &'static str {
                match self { $($(Self::$key => stringify!($key),)*)* }
            }

            /// The section of the schedule that holds the key.
            pub fn section(self) -> &'static str {
                match self { $($(Self::$key => stringify!($section),)*)* }
            }

            /// The key called `name`, compared without regard to ASCII case.
            pub fn by_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|key| key.name().eq_ignore_ascii_case(name))
            }
        }
    };
}

key_enum! {
    /// A price that every schedule has, spelled as in the schedule.
    ///
    /// Unit: gas for one call, or for one byte where the name says `PerByte`.
    GasKey {
        BaseOperationCost {
            StorePerByte, ReleasePerByte, DataCopyPerByte, PersistPerByte, CompilePerByte, AoTPreparePerByte,
            GetCode,
        }
        ElrondAPICost {
            GetSCAddress, GetOwnerAddress, IsSmartContract, GetShardOfAddress, GetExternalBalance,
            GetBlockHash, TransferValue, GetArgument, GetFunction, GetNumArguments, StorageStore, StorageLoad,
            GetCaller, GetCallValue, Log, Finish, SignalError, GetBlockTimeStamp, GetGasLeft, Int64GetArgument,
            Int64StorageStore, Int64StorageLoad, Int64Finish, GetStateRootHash, GetBlockNonce, GetBlockEpoch,
            GetBlockRound, GetBlockRandomSeed, ExecuteOnSameContext, ExecuteOnDestContext, DelegateExecution,
            ExecuteReadOnly, AsyncCallStep, AsyncCallbackGasLock, CreateContract, GetReturnData,
            GetNumReturnData, GetReturnDataSize,
        }
        BigIntAPICost {
            BigIntNew, BigIntUnsignedByteLength, BigIntSignedByteLength, BigIntGetUnsignedBytes,
            BigIntGetSignedBytes, BigIntSetUnsignedBytes, BigIntSetSignedBytes, BigIntIsInt64, BigIntGetInt64,
            BigIntSetInt64, BigIntAdd, BigIntSub, BigIntMul, BigIntTDiv, BigIntTMod, BigIntEDiv, BigIntEMod,
            BigIntAbs, BigIntNeg, BigIntSign, BigIntCmp, BigIntNot, BigIntAnd, BigIntOr, BigIntXor, BigIntShr,
            BigIntShl, BigIntFinishUnsigned, BigIntFinishSigned, BigIntStorageLoadUnsigned,
            BigIntStorageStoreUnsigned, BigIntGetUnsignedArgument, BigIntGetSignedArgument, BigIntGetCallValue,
            BigIntGetExternalBalance,
        }
        CryptoAPICost {
            SHA256, Keccak256, Ripemd160, VerifyBLS, VerifyEd25519, VerifySecp256k1,
        }
    }
}

key_enum! {
    /// A price of a built-in function, spelled as in the schedule. A schedule may leave any of them out.
    BuiltInKey {
        BuiltInCost {
            ChangeOwnerAddress, ClaimDeveloperRewards, SaveUserName, SaveKeyValue, ESDTTransfer, ESDTBurn,
            ESDTLocalMint, ESDTLocalBurn, ESDTNFTCreate, ESDTNFTAddQuantity, ESDTNFTBurn, ESDTNFTTransfer,
            ESDTNFTChangeCreateOwner, ESDTNFTMultiTransfer, ESDTNFTAddURI, ESDTNFTUpdateAttributes,
        }
    }
}

/// Section whose keys are mandatory although no function charges them.
pub(crate) const ETH_SECTION: &str = "EthAPICost";

/// The keys of [`ETH_SECTION`]; several share their name with a [`GasKey`].
#[rustfmt::skip]
pub(crate) const ETH_KEYS: &[&str] = &[
    "UseGas", "GetAddress", "GetExternalBalance", "GetBlockHash", "Call", "CallDataCopy",
    "GetCallDataSize", "CallCode", "CallDelegate", "CallStatic", "StorageStore", "StorageLoad",
    "GetCaller", "GetCallValue", "CodeCopy", "GetCodeSize", "GetBlockCoinbase", "Create",
    "GetBlockDifficulty", "ExternalCodeCopy", "GetExternalCodeSize", "GetGasLeft", "GetBlockGasLimit",
    "GetTxGasPrice", "Log", "GetBlockNumber", "GetTxOrigin", "Finish", "Revert", "GetReturnDataSize",
    "ReturnDataCopy", "SelfDestruct", "GetBlockTimeStamp",
];
