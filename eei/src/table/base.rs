//! Rows: contracts, accounts and the chain.

use crate::abi::{BigHandle, MemLen, MemList, MemOut, MemPtr, MemSlice};

host_fns! {
    /// Writes the address of the running contract, 32 bytes, at `result`.
    "getSCAddress" = get_sc_address(result: MemOut),
        gas [GetSCAddress];
    /// Writes the address of the running contract's owner, 32 bytes, at `result`; nothing when the node does not know
    /// the contract.
    "getOwnerAddress" = get_owner_address(result: MemOut),
        gas [GetOwnerAddress];
    /// The number of the shard of the account whose 32-byte address is at `address`.
    "getShardOfAddress" = get_shard_of_address(address: MemPtr) -> i32,
        gas [GetShardOfAddress];
    /// 1 if the 32-byte address at `address` is a contract's, 0 otherwise.
    "isSmartContract" = is_smart_contract(address: MemPtr) -> i32,
        gas [IsSmartContract];
    /// Writes an account's EGLD at `result`, big-endian without leading zeros; nothing when it is zero.
    "getExternalBalance" = get_external_balance(address: MemPtr, result: MemOut),
        gas [GetExternalBalance];
    /// Writes the address of the caller, 32 bytes, at `result`.
    "getCaller" = get_caller(result: MemOut),
        gas [GetCaller];
    /// Writes the name of the called function at `result`; returns its length.
    "getFunction" = get_function(result: MemOut) -> i32,
        gas [GetFunction];
    /// Writes the hash of the transaction that began the chain of calls at `data`.
    "getOriginalTxHash" = get_original_tx_hash(data: MemOut),
        gas [GetBlockHash];
    /// The gas left to the contract, in gas units, after the charge for this call.
    "getGasLeft" = get_gas_left() -> i64,
        gas [GetGasLeft];
    /// Writes the hash of the block with this nonce at `result`; nothing when the node has none or the nonce is
    /// negative. Returns 0.
    "getBlockHash" = get_block_hash(nonce: i64, result: MemOut) -> i32,
        gas [GetBlockHash];
    /// The time of the current block, in seconds since 1970.
    "getBlockTimestamp" = get_block_timestamp() -> i64,
        gas [GetBlockTimeStamp];
    /// The nonce of the current block.
    "getBlockNonce" = get_block_nonce() -> i64,
        gas [GetBlockNonce];
    /// The round of the current block.
    "getBlockRound" = get_block_round() -> i64,
        gas [GetBlockRound];
    /// The epoch of the current block.
    "getBlockEpoch" = get_block_epoch() -> i64,
        gas [GetBlockEpoch];
    /// Writes the random seed of the current block at `data`; its length is the node's choice, in practice 48 bytes.
    "getBlockRandomSeed" = get_block_random_seed(data: MemOut),
        gas [GetBlockRandomSeed];
    /// The time of the last committed block, in seconds since 1970.
    "getPrevBlockTimestamp" = get_prev_block_timestamp() -> i64,
        gas [GetBlockTimeStamp];
    /// The nonce of the last committed block.
    "getPrevBlockNonce" = get_prev_block_nonce() -> i64,
        gas [GetBlockNonce];
    /// The round of the last committed block.
    "getPrevBlockRound" = get_prev_block_round() -> i64,
        gas [GetBlockRound];
    /// The epoch of the last committed block.
    "getPrevBlockEpoch" = get_prev_block_epoch() -> i64,
        gas [GetBlockEpoch];
    /// Writes the random seed of the last committed block at `data`.
    "getPrevBlockRandomSeed" = get_prev_block_random_seed(data: MemOut),
        gas [GetBlockRandomSeed];
    /// Writes the root hash of the state at `data`.
    "getStateRootHash" = get_state_root_hash(data: MemOut),
        gas [GetStateRootHash];
    /// How many arguments the call has.
    "getNumArguments" = get_num_arguments() -> i32,
        gas [GetNumArguments];
    /// Writes argument `id` at `data`; returns its length, or -1 when there is no such argument.
    "getArgument" = get_argument(id: i32, data: MemOut) -> i32,
        gas [GetArgument];
    /// The length of argument `id`, or -1 when there is no such argument.
    "getArgumentLength" = get_argument_length(id: i32) -> i32,
        gas [GetArgument];
    /// Fails the execution if EGLD or a token came with the call.
    "checkNoPayment" = check_no_payment(),
        gas [GetCallValue];
    /// Writes the EGLD of the call at `result`, big-endian in 32 bytes, and returns 32; for zero it writes nothing
    /// and returns 0.
    "getCallValue" = get_call_value(result: MemOut) -> i32,
        gas [GetCallValue];
    /// Writes the value of the call's first token transfer at `result`, as `getCallValue` does.
    "getESDTValue" = get_esdt_value(result: MemOut) -> i32,
        gas [GetCallValue];
    /// Writes the identifier of the call's first token transfer at `result`; returns its length, 0 when there is
    /// none.
    "getESDTTokenName" = get_esdt_token_name(result: MemOut) -> i32,
        gas [GetCallValue];
    /// The nonce of the call's first token transfer; 0 when there is none.
    "getESDTTokenNonce" = get_esdt_token_nonce() -> i64,
        gas [GetCallValue];
    /// The type of the call's first token transfer: 0 fungible, 1 non-fungible; 0 when there is none.
    "getESDTTokenType" = get_esdt_token_type() -> i32,
        gas [GetCallValue];
    /// Writes the value of the call's first token transfer, or the EGLD when there is none, at `value`, as
    /// `getCallValue` does. Nothing is ever written at `name`, and the result is always 0.
    "getCallValueTokenName" = get_call_value_token_name(value: MemOut, name: MemOut) -> i32,
        gas [GetCallValue];
    /// Writes how much of a token an account has at `result`, big-endian without leading zeros; returns the length.
    "getESDTBalance" = get_esdt_balance(
        address: MemPtr, token: MemSlice, nonce: i64, result: MemOut
    ) -> i32,
        gas [GetExternalBalance];
    /// Reads a token of an account: its value and royalties into big integers, its properties, hash, name,
    /// attributes, creator and first URI into memory. Returns the length of the value in bytes. Without metadata only
    /// value and properties are written.
    "getESDTTokenData" = get_esdt_token_data(
        address: MemPtr, token: MemSlice, nonce: i64, value: BigHandle, properties: MemOut,
        hash: MemOut, name: MemOut, attributes: MemOut, creator: MemOut, royalties: BigHandle, uris: MemOut
    ) -> i32,
        gas [GetExternalBalance];
    /// The length of a token's name; 0 without metadata.
    "getESDTNFTNameLength" = get_esdt_nft_name_length(
        address: MemPtr, token: MemSlice, nonce: i64
    ) -> i32,
        gas [GetExternalBalance];
    /// The length of a token's attributes; 0 without metadata.
    "getESDTNFTAttributeLength" = get_esdt_nft_attribute_length(
        address: MemPtr, token: MemSlice, nonce: i64
    ) -> i32,
        gas [GetExternalBalance];
    /// The length of a token's first URI; 0 without one.
    "getESDTNFTURILength" = get_esdt_nft_uri_length(
        address: MemPtr, token: MemSlice, nonce: i64
    ) -> i32,
        gas [GetExternalBalance];
    /// The last nonce an account has given to an instance of a token; 0 when it cannot be read.
    "getCurrentESDTNFTNonce" = get_current_esdt_nft_nonce(address: MemPtr, token: MemSlice) -> i64,
        gas [StorageLoad];
    /// Stores `data_len` bytes under a key; no bytes delete the entry. Returns 0 unchanged, 1 modified, 2 added, 3
    /// deleted. In read-only mode it does nothing and returns 0.
    "storageStore" = storage_store(key: MemSlice, data: MemSlice) -> i32,
        gas [StorageStore];
    /// Writes the value of a key at `data`; returns its length.
    "storageLoad" = storage_load(key: MemSlice, data: MemOut) -> i32,
        gas [StorageLoad];
    /// The length of the value of a key.
    "storageLoadLength" = storage_load_length(key: MemSlice) -> i32,
        gas [StorageLoad];
    /// Writes the value of a key of another account at `data`; returns its length, 0 when that account is absent or
    /// not readable.
    "storageLoadFromAddress" = storage_load_from_address(
        address: MemPtr, key: MemSlice, data: MemOut
    ) -> i32,
        gas [StorageLoad];
    /// Locks a key until `timestamp`, in seconds since 1970. Returns as `storageStore` does.
    "setStorageLock" = set_storage_lock(key: MemSlice, timestamp: i64) -> i32,
        gas [Int64StorageStore];
    /// Until when a key is locked, in seconds since 1970; 0 when it never was.
    "getStorageLock" = get_storage_lock(key: MemSlice) -> i64,
        gas [StorageLoad];
    /// 1 when the lock of a key ends after the current block's time, 0 otherwise.
    "isStorageLocked" = is_storage_locked(key: MemSlice) -> i32,
        gas within [StorageLoad, GetBlockTimeStamp];
    /// Removes the lock of a key. Returns as `storageStore` does.
    "clearStorageLock" = clear_storage_lock(key: MemSlice) -> i32,
        gas [Int64StorageStore];
    /// Appends `data_len` bytes to the return data. The contract goes on.
    "finish" = finish(data: MemSlice),
        gas [Finish];
    /// Ends the execution as failed by the user; the bytes are the message.
    "signalError" = signal_error(message: MemSlice),
        gas [SignalError];
    /// Writes a log entry with `num_topics` topics of 32 bytes each, the first being its identifier. Does nothing in
    /// read-only mode.
    "writeLog" = write_log(data: MemSlice, topics: MemPtr, num_topics: i32),
        gas [Log];
    /// Writes a log entry whose topics have the lengths listed at `topics_lengths` (32-bit little-endian), the first
    /// being its identifier. Does nothing in read-only mode.
    "writeEventLog" = write_event_log(
        topics: MemList, data: MemSlice
    ),
        gas within [Log];
    /// How many items of return data there are: this contract's and those of the calls it made.
    "getNumReturnData" = get_num_return_data() -> i32,
        gas [GetNumReturnData];
    /// The length of item `id` of the return data; 0 past the end. A negative `id` aborts the VM's run.
    "getReturnDataSize" = get_return_data_size(id: i32) -> i32,
        gas [GetReturnDataSize];
    /// Writes item `id` of the return data at `data`; returns its length, 0 past the end. A negative `id` aborts the
    /// VM's run.
    "getReturnData" = get_return_data(id: i32, data: MemOut) -> i32,
        gas [GetReturnData];
    /// Sends EGLD (32 bytes, big-endian) with `data_len` bytes of data. Returns 0; 1, and sends nothing, when the data
    /// calls a built-in function.
    "transferValue" = transfer_value(dest: MemPtr, value: MemPtr, data: MemSlice) -> i32,
        gas [TransferValue];
    /// Sends EGLD and calls a function: at once when `dest` is a contract of this shard, otherwise with the transfer.
    /// Returns 0, or 1 when the call failed. The price is charged twice.
    "transferValueExecute" = transfer_value_execute(
        dest: MemPtr, value: MemPtr, gas_limit: i64, function_name: MemSlice,
        arguments: MemList
    ) -> i32,
        gas [TransferValue];
    /// Does nothing but cost gas; always returns 1. Kept for contracts that import it.
    "transferESDT" = transfer_esdt(
        dest: MemPtr, token: MemSlice, value: MemPtr, gas_limit: i64, data: MemSlice
    ) -> i32,
        gas [TransferValue];
    /// Sends a fungible token and calls a function, as `transferESDTNFTExecute` with nonce 0.
    "transferESDTExecute" = transfer_esdt_execute(
        dest: MemPtr, token: MemSlice, value: MemPtr, gas_limit: i64, function_name: MemSlice, arguments: MemList
    ) -> i32,
        gas within [TransferValue];
    /// Sends a token and calls a function: at once when `dest` is a contract of this shard, otherwise with the
    /// transfer. Returns 0, or 1 when the call failed.
    "transferESDTNFTExecute" = transfer_esdt_nft_execute(
        dest: MemPtr, token: MemSlice, value: MemPtr, nonce: i64, gas_limit: i64,
        function_name: MemSlice, arguments: MemList
    ) -> i32,
        gas within [TransferValue];
    /// Calls a contract of this shard with its own storage and waits for it; a built-in function may be called too.
    /// Its return data are appended to this contract's. Returns 0; a failure of the call fails this contract.
    "executeOnDestContext" = execute_on_dest_context(
        gas_limit: i64, address: MemPtr, value: MemPtr, function_name: MemSlice,
        arguments: MemList
    ) -> i32,
        gas within [ExecuteOnDestContext];
    /// As `executeOnDestContext`, but the called contract sees this contract's caller, who also pays the value.
    /// Returns 1 for a built-in function.
    "executeOnDestContextByCaller" = execute_on_dest_context_by_caller(
        gas_limit: i64, address: MemPtr, value: MemPtr, function_name: MemSlice,
        arguments: MemList
    ) -> i32,
        gas within [ExecuteOnDestContext];
    /// Runs a contract of this shard on this contract's storage and waits for it. Returns 0, or 1 for a built-in
    /// function; a failure of the call fails this contract.
    "executeOnSameContext" = execute_on_same_context(
        gas_limit: i64, address: MemPtr, value: MemPtr, function_name: MemSlice,
        arguments: MemList
    ) -> i32,
        gas within [ExecuteOnSameContext];
    /// As `executeOnSameContext`, with the value of the current call.
    "delegateExecution" = delegate_execution(
        gas_limit: i64, address: MemPtr, function_name: MemSlice, arguments: MemList
    ) -> i32,
        gas within [DelegateExecution];
    /// As `delegateExecution`, but nothing is stored or logged meanwhile.
    "executeReadOnly" = execute_read_only(
        gas_limit: i64, address: MemPtr, function_name: MemSlice, arguments: MemList
    ) -> i32,
        gas within [ExecuteReadOnly];
    /// Deploys code and runs its `init`; writes the new address, 32 bytes, at `result`. Returns 0, or 1 when it
    /// failed.
    "createContract" = create_contract(
        gas_limit: i64, value: MemPtr, code: MemPtr, code_metadata: MemPtr, length: MemLen, result: MemOut,
        arguments: MemList
    ) -> i32,
        gas [CreateContract];
    /// As `createContract`, with the code of the account at `source`.
    "deployFromSourceContract" = deploy_from_source_contract(
        gas_limit: i64, value: MemPtr, source: MemPtr, code_metadata: MemPtr, result: MemOut, arguments: MemList
    ) -> i32,
        gas [CreateContract];
    /// Upgrades a contract that this contract owns, through an asynchronous call; ends the execution.
    "upgradeContract" = upgrade_contract(
        dest: MemPtr, gas_limit: i64, value: MemPtr, code: MemPtr, code_metadata: MemPtr, length: MemLen,
        arguments: MemList
    ),
        gas [CreateContract];
    /// As `upgradeContract`, with the code of the account at `source`.
    "upgradeFromSourceContract" = upgrade_from_source_contract(
        dest: MemPtr, gas_limit: i64, value: MemPtr, source: MemPtr, code_metadata: MemPtr, arguments: MemList
    ),
        gas [CreateContract];
    /// Ends the execution and calls a contract with value and data (`function@hex@hex…`); its result comes back as a
    /// call of `callBack`.
    "asyncCall" = async_call(dest: MemPtr, value: MemPtr, data: MemSlice),
        gas [AsyncCallStep];
}
