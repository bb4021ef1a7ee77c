// The environment interface: the 122 functions a contract may import, all from module `env`.
// Generated from `eei/src/table/`; do not edit. `docs/eei.md` adds what each costs.

/// The handle of a big integer.
pub type BigInt = i32;

#[link(wasm_import_module = "env")]
extern "C" {
    // ---- Contracts, accounts and the chain ----

    /// Writes the address of the running contract, 32 bytes, at `result`.
    pub fn getSCAddress(result: *mut u8);

    /// Writes the address of the running contract's owner, 32 bytes, at `result`; nothing when the node does
    /// not know the contract.
    pub fn getOwnerAddress(result: *mut u8);

    /// The number of the shard of the account whose 32-byte address is at `address`.
    pub fn getShardOfAddress(address: *const u8) -> i32;

    /// 1 if the 32-byte address at `address` is a contract's, 0 otherwise.
    pub fn isSmartContract(address: *const u8) -> i32;

    /// Writes an account's EGLD at `result`, big-endian without leading zeros; nothing when it is zero.
    pub fn getExternalBalance(address: *const u8, result: *mut u8);

    /// Writes the address of the caller, 32 bytes, at `result`.
    pub fn getCaller(result: *mut u8);

    /// Writes the name of the called function at `result`; returns its length.
    pub fn getFunction(result: *mut u8) -> i32;

    /// Writes the hash of the transaction that began the chain of calls at `data`.
    pub fn getOriginalTxHash(data: *mut u8);

    /// The gas left to the contract, in gas units, after the charge for this call.
    pub fn getGasLeft() -> i64;

    /// Writes the hash of the block with this nonce at `result`; nothing when the node has none or the nonce
    /// is negative. Returns 0.
    pub fn getBlockHash(nonce: i64, result: *mut u8) -> i32;

    /// The time of the current block, in seconds since 1970.
    pub fn getBlockTimestamp() -> i64;

    /// The nonce of the current block.
    pub fn getBlockNonce() -> i64;

    /// The round of the current block.
    pub fn getBlockRound() -> i64;

    /// The epoch of the current block.
    pub fn getBlockEpoch() -> i64;

    /// Writes the random seed of the current block at `data`; its length is the node's choice, in practice 48
    /// bytes.
    pub fn getBlockRandomSeed(data: *mut u8);

    /// The time of the last committed block, in seconds since 1970.
    pub fn getPrevBlockTimestamp() -> i64;

    /// The nonce of the last committed block.
    pub fn getPrevBlockNonce() -> i64;

    /// The round of the last committed block.
    pub fn getPrevBlockRound() -> i64;

    /// The epoch of the last committed block.
    pub fn getPrevBlockEpoch() -> i64;

    /// Writes the random seed of the last committed block at `data`.
    pub fn getPrevBlockRandomSeed(data: *mut u8);

    /// Writes the root hash of the state at `data`.
    pub fn getStateRootHash(data: *mut u8);

    /// How many arguments the call has.
    pub fn getNumArguments() -> i32;

    /// Writes argument `id` at `data`; returns its length, or -1 when there is no such argument.
    pub fn getArgument(id: i32, data: *mut u8) -> i32;

    /// The length of argument `id`, or -1 when there is no such argument.
    pub fn getArgumentLength(id: i32) -> i32;

    /// Fails the execution if EGLD or a token came with the call.
    pub fn checkNoPayment();

    /// Writes the EGLD of the call at `result`, big-endian in 32 bytes, and returns 32; for zero it writes
    /// nothing and returns 0.
    pub fn getCallValue(result: *mut u8) -> i32;

    /// Writes the value of the call's first token transfer at `result`, as `getCallValue` does.
    pub fn getESDTValue(result: *mut u8) -> i32;

    /// Writes the identifier of the call's first token transfer at `result`; returns its length, 0 when there
    /// is none.
    pub fn getESDTTokenName(result: *mut u8) -> i32;

    /// The nonce of the call's first token transfer; 0 when there is none.
    pub fn getESDTTokenNonce() -> i64;

    /// The type of the call's first token transfer: 0 fungible, 1 non-fungible; 0 when there is none.
    pub fn getESDTTokenType() -> i32;

    /// Writes the value of the call's first token transfer, or the EGLD when there is none, at `value`, as
    /// `getCallValue` does. Nothing is ever written at `name`, and the result is always 0.
    pub fn getCallValueTokenName(value: *mut u8, name: *mut u8) -> i32;

    /// Writes how much of a token an account has at `result`, big-endian without leading zeros; returns the
    /// length.
    pub fn getESDTBalance(address: *const u8, token: *const u8, token_len: i32, nonce: i64, result: *mut u8) -> i32;

    /// Reads a token of an account: its value and royalties into big integers, its properties, hash, name,
    /// attributes, creator and first URI into memory. Returns the length of the value in bytes. Without
    /// metadata only value and properties are written.
    pub fn getESDTTokenData(address: *const u8, token: *const u8, token_len: i32, nonce: i64, value: BigInt, properties: *mut u8, hash: *mut u8, name: *mut u8, attributes: *mut u8, creator: *mut u8, royalties: BigInt, uris: *mut u8) -> i32;

    /// The length of a token's name; 0 without metadata.
    pub fn getESDTNFTNameLength(address: *const u8, token: *const u8, token_len: i32, nonce: i64) -> i32;

    /// The length of a token's attributes; 0 without metadata.
    pub fn getESDTNFTAttributeLength(address: *const u8, token: *const u8, token_len: i32, nonce: i64) -> i32;

    /// The length of a token's first URI; 0 without one.
    pub fn getESDTNFTURILength(address: *const u8, token: *const u8, token_len: i32, nonce: i64) -> i32;

    /// The last nonce an account has given to an instance of a token; 0 when it cannot be read.
    pub fn getCurrentESDTNFTNonce(address: *const u8, token: *const u8, token_len: i32) -> i64;

    /// Stores `data_len` bytes under a key; no bytes delete the entry. Returns 0 unchanged, 1 modified, 2
    /// added, 3 deleted. In read-only mode it does nothing and returns 0.
    pub fn storageStore(key: *const u8, key_len: i32, data: *const u8, data_len: i32) -> i32;

    /// Writes the value of a key at `data`; returns its length.
    pub fn storageLoad(key: *const u8, key_len: i32, data: *mut u8) -> i32;

    /// The length of the value of a key.
    pub fn storageLoadLength(key: *const u8, key_len: i32) -> i32;

    /// Writes the value of a key of another account at `data`; returns its length, 0 when that account is
    /// absent or not readable.
    pub fn storageLoadFromAddress(address: *const u8, key: *const u8, key_len: i32, data: *mut u8) -> i32;

    /// Locks a key until `timestamp`, in seconds since 1970. Returns as `storageStore` does.
    pub fn setStorageLock(key: *const u8, key_len: i32, timestamp: i64) -> i32;

    /// Until when a key is locked, in seconds since 1970; 0 when it never was.
    pub fn getStorageLock(key: *const u8, key_len: i32) -> i64;

    /// 1 when the lock of a key ends after the current block's time, 0 otherwise.
    pub fn isStorageLocked(key: *const u8, key_len: i32) -> i32;

    /// Removes the lock of a key. Returns as `storageStore` does.
    pub fn clearStorageLock(key: *const u8, key_len: i32) -> i32;

    /// Appends `data_len` bytes to the return data. The contract goes on.
    pub fn finish(data: *const u8, data_len: i32);

    /// Ends the execution as failed by the user; the bytes are the message.
    pub fn signalError(message: *const u8, message_len: i32);

    /// Writes a log entry with `num_topics` topics of 32 bytes each, the first being its identifier. Does
    /// nothing in read-only mode.
    pub fn writeLog(data: *const u8, data_len: i32, topics: *const u8, num_topics: i32);

    /// Writes a log entry whose topics have the lengths listed at `topics_lengths` (32-bit little-endian),
    /// the first being its identifier. Does nothing in read-only mode.
    pub fn writeEventLog(num_topics: i32, topics_lengths: *const i32, topics_data: *const u8, data: *const u8, data_len: i32);

    /// How many items of return data there are: this contract's and those of the calls it made.
    pub fn getNumReturnData() -> i32;

    /// The length of item `id` of the return data; 0 past the end. A negative `id` aborts the VM's run.
    pub fn getReturnDataSize(id: i32) -> i32;

    /// Writes item `id` of the return data at `data`; returns its length, 0 past the end. A negative `id`
    /// aborts the VM's run.
    pub fn getReturnData(id: i32, data: *mut u8) -> i32;

    /// Sends EGLD (32 bytes, big-endian) with `data_len` bytes of data. Returns 0; 1, and sends nothing, when
    /// the data calls a built-in function.
    pub fn transferValue(dest: *const u8, value: *const u8, data: *const u8, data_len: i32) -> i32;

    /// Sends EGLD and calls a function: at once when `dest` is a contract of this shard, otherwise with the
    /// transfer. Returns 0, or 1 when the call failed. The price is charged twice.
    pub fn transferValueExecute(dest: *const u8, value: *const u8, gas_limit: i64, function_name: *const u8, function_name_len: i32, num_arguments: i32, arguments_lengths: *const i32, arguments_data: *const u8) -> i32;

    /// Does nothing but cost gas; always returns 1. Kept for contracts that import it.
    pub fn transferESDT(dest: *const u8, token: *const u8, token_len: i32, value: *const u8, gas_limit: i64, data: *const u8, data_len: i32) -> i32;

    /// Sends a fungible token and calls a function, as `transferESDTNFTExecute` with nonce 0.
    pub fn transferESDTExecute(dest: *const u8, token: *const u8, token_len: i32, value: *const u8, gas_limit: i64, function_name: *const u8, function_name_len: i32, num_arguments: i32, arguments_lengths: *const i32, arguments_data: *const u8) -> i32;

    /// Sends a token and calls a function: at once when `dest` is a contract of this shard, otherwise with
    /// the transfer. Returns 0, or 1 when the call failed.
    pub fn transferESDTNFTExecute(dest: *const u8, token: *const u8, token_len: i32, value: *const u8, nonce: i64, gas_limit: i64, function_name: *const u8, function_name_len: i32, num_arguments: i32, arguments_lengths: *const i32, arguments_data: *const u8) -> i32;

    /// Calls a contract of this shard with its own storage and waits for it; a built-in function may be
    /// called too. Its return data are appended to this contract's. Returns 0; a failure of the call fails
    /// this contract.
    pub fn executeOnDestContext(gas_limit: i64, address: *const u8, value: *const u8, function_name: *const u8, function_name_len: i32, num_arguments: i32, arguments_lengths: *const i32, arguments_data: *const u8) -> i32;

    /// As `executeOnDestContext`, but the called contract sees this contract's caller, who also pays the
    /// value. Returns 1 for a built-in function.
    pub fn executeOnDestContextByCaller(gas_limit: i64, address: *const u8, value: *const u8, function_name: *const u8, function_name_len: i32, num_arguments: i32, arguments_lengths: *const i32, arguments_data: *const u8) -> i32;

    /// Runs a contract of this shard on this contract's storage and waits for it. Returns 0, or 1 for a
    /// built-in function; a failure of the call fails this contract.
    pub fn executeOnSameContext(gas_limit: i64, address: *const u8, value: *const u8, function_name: *const u8, function_name_len: i32, num_arguments: i32, arguments_lengths: *const i32, arguments_data: *const u8) -> i32;

    /// As `executeOnSameContext`, with the value of the current call.
    pub fn delegateExecution(gas_limit: i64, address: *const u8, function_name: *const u8, function_name_len: i32, num_arguments: i32, arguments_lengths: *const i32, arguments_data: *const u8) -> i32;

    /// As `delegateExecution`, but nothing is stored or logged meanwhile.
    pub fn executeReadOnly(gas_limit: i64, address: *const u8, function_name: *const u8, function_name_len: i32, num_arguments: i32, arguments_lengths: *const i32, arguments_data: *const u8) -> i32;

    /// Deploys code and runs its `init`; writes the new address, 32 bytes, at `result`. Returns 0, or 1 when
    /// it failed.
    pub fn createContract(gas_limit: i64, value: *const u8, code: *const u8, code_metadata: *const u8, length: i32, result: *mut u8, num_arguments: i32, arguments_lengths: *const i32, arguments_data: *const u8) -> i32;

    /// As `createContract`, with the code of the account at `source`.
    pub fn deployFromSourceContract(gas_limit: i64, value: *const u8, source: *const u8, code_metadata: *const u8, result: *mut u8, num_arguments: i32, arguments_lengths: *const i32, arguments_data: *const u8) -> i32;

    /// Upgrades a contract that this contract owns, through an asynchronous call; ends the execution.
    pub fn upgradeContract(dest: *const u8, gas_limit: i64, value: *const u8, code: *const u8, code_metadata: *const u8, length: i32, num_arguments: i32, arguments_lengths: *const i32, arguments_data: *const u8);

    /// As `upgradeContract`, with the code of the account at `source`.
    pub fn upgradeFromSourceContract(dest: *const u8, gas_limit: i64, value: *const u8, source: *const u8, code_metadata: *const u8, num_arguments: i32, arguments_lengths: *const i32, arguments_data: *const u8);

    /// Ends the execution and calls a contract with value and data (`function@hex@hex…`); its result comes
    /// back as a call of `callBack`.
    pub fn asyncCall(dest: *const u8, value: *const u8, data: *const u8, data_len: i32);

    // ---- Big integers ----

    /// Makes a big integer with this value; returns its handle.
    pub fn bigIntNew(value: i64) -> BigInt;

    /// The length of the absolute value, in bytes.
    pub fn bigIntUnsignedByteLength(a: BigInt) -> i32;

    /// The length of the value as two's complement, in bytes.
    pub fn bigIntSignedByteLength(a: BigInt) -> i32;

    /// Writes the absolute value at `bytes`, big-endian; returns its length.
    pub fn bigIntGetUnsignedBytes(a: BigInt, bytes: *mut u8) -> i32;

    /// Writes the value at `bytes`, big-endian two's complement; returns its length.
    pub fn bigIntGetSignedBytes(a: BigInt, bytes: *mut u8) -> i32;

    /// Sets a value from unsigned big-endian bytes.
    pub fn bigIntSetUnsignedBytes(dest: BigInt, bytes: *const u8, bytes_len: i32);

    /// Sets a value from big-endian two's complement bytes.
    pub fn bigIntSetSignedBytes(dest: BigInt, bytes: *const u8, bytes_len: i32);

    /// 1 if the value fits a signed 64-bit integer, 0 otherwise.
    pub fn bigIntIsInt64(dest: BigInt) -> i32;

    /// The lowest 64 bits of the absolute value, with the value's sign.
    pub fn bigIntGetInt64(dest: BigInt) -> i64;

    /// Sets a value.
    pub fn bigIntSetInt64(dest: BigInt, value: i64);

    /// Sets `dest` to a + b.
    pub fn bigIntAdd(dest: BigInt, a: BigInt, b: BigInt);

    /// Sets `dest` to a - b.
    pub fn bigIntSub(dest: BigInt, a: BigInt, b: BigInt);

    /// Sets `dest` to a * b.
    pub fn bigIntMul(dest: BigInt, a: BigInt, b: BigInt);

    /// Sets `dest` to a / b, rounded towards zero. Division by zero fails the execution.
    pub fn bigIntTDiv(dest: BigInt, a: BigInt, b: BigInt);

    /// Sets `dest` to the remainder that goes with `bigIntTDiv`; it has the sign of a.
    pub fn bigIntTMod(dest: BigInt, a: BigInt, b: BigInt);

    /// Sets `dest` to the Euclidean quotient of a and b. Division by zero fails the execution.
    pub fn bigIntEDiv(dest: BigInt, a: BigInt, b: BigInt);

    /// Sets `dest` to the Euclidean remainder of a and b, which is never negative.
    pub fn bigIntEMod(dest: BigInt, a: BigInt, b: BigInt);

    /// Sets `dest` to the absolute value of a.
    pub fn bigIntAbs(dest: BigInt, a: BigInt);

    /// Sets `dest` to -a.
    pub fn bigIntNeg(dest: BigInt, a: BigInt);

    /// -1, 0 or 1 for a negative, zero or positive value.
    pub fn bigIntSign(a: BigInt) -> i32;

    /// -1, 0 or 1 when a is smaller than, equal to or greater than b.
    pub fn bigIntCmp(a: BigInt, b: BigInt) -> i32;

    /// Sets `dest` to -(a + 1). A negative a fails the execution.
    pub fn bigIntNot(dest: BigInt, a: BigInt);

    /// Sets `dest` to a and b, bit by bit. Negative operands fail the execution.
    pub fn bigIntAnd(dest: BigInt, a: BigInt, b: BigInt);

    /// Sets `dest` to a or b, bit by bit. Negative operands fail the execution.
    pub fn bigIntOr(dest: BigInt, a: BigInt, b: BigInt);

    /// Sets `dest` to a exclusive-or b, bit by bit. Negative operands fail the execution.
    pub fn bigIntXor(dest: BigInt, a: BigInt, b: BigInt);

    /// Sets `dest` to a shifted right. A negative a or amount fails the execution.
    pub fn bigIntShr(dest: BigInt, a: BigInt, bits: i32);

    /// Sets `dest` to a shifted left. A negative a or amount fails the execution.
    pub fn bigIntShl(dest: BigInt, a: BigInt, bits: i32);

    /// Appends the absolute value, big-endian, to the return data.
    pub fn bigIntFinishUnsigned(a: BigInt);

    /// Appends the value, big-endian two's complement, to the return data.
    pub fn bigIntFinishSigned(a: BigInt);

    /// Sets `dest` from argument `id`, unsigned big-endian; leaves it when there is no such argument. A
    /// negative `id` aborts the VM's run.
    pub fn bigIntGetUnsignedArgument(id: i32, dest: BigInt);

    /// Sets `dest` from argument `id`, big-endian two's complement; leaves it when there is no such argument.
    /// A negative `id` aborts the VM's run.
    pub fn bigIntGetSignedArgument(id: i32, dest: BigInt);

    /// Stores the absolute value of `source` under a key. Returns as `storageStore` does.
    pub fn bigIntStorageStoreUnsigned(key: *const u8, key_len: i32, source: BigInt) -> i32;

    /// Sets `dest` from the value of a key, unsigned big-endian; returns the value's length.
    pub fn bigIntStorageLoadUnsigned(key: *const u8, key_len: i32, dest: BigInt) -> i32;

    /// Sets `dest` to the EGLD of the call.
    pub fn bigIntGetCallValue(dest: BigInt);

    /// Sets `dest` to the value of the call's first token transfer; 0 when there is none.
    pub fn bigIntGetESDTCallValue(dest: BigInt);

    /// Sets `dest` to an account's EGLD.
    pub fn bigIntGetExternalBalance(address: *const u8, dest: BigInt);

    /// Sets `dest` to how much of a token an account has.
    pub fn bigIntGetESDTExternalBalance(address: *const u8, token: *const u8, token_len: i32, nonce: i64, dest: BigInt);

    // ---- Small integers ----

    /// Argument `id` as an unsigned 64-bit integer. An absent or wider argument fails the execution.
    pub fn smallIntGetUnsignedArgument(id: i32) -> i64;

    /// Argument `id` as a signed 64-bit integer. An absent or wider argument fails the execution.
    pub fn smallIntGetSignedArgument(id: i32) -> i64;

    /// Appends an unsigned integer to the return data, big-endian without leading zeros.
    pub fn smallIntFinishUnsigned(value: i64);

    /// Appends a signed integer to the return data, as the shortest big-endian two's complement.
    pub fn smallIntFinishSigned(value: i64);

    /// Stores an unsigned integer under a key. Returns as `storageStore` does.
    pub fn smallIntStorageStoreUnsigned(key: *const u8, key_len: i32, value: i64) -> i32;

    /// Stores a signed integer under a key. Returns as `storageStore` does.
    pub fn smallIntStorageStoreSigned(key: *const u8, key_len: i32, value: i64) -> i32;

    /// The value of a key as an unsigned 64-bit integer; 0 when unset. A wider value fails the execution.
    pub fn smallIntStorageLoadUnsigned(key: *const u8, key_len: i32) -> i64;

    /// The value of a key as a signed 64-bit integer; 0 when unset. A wider value fails the execution.
    pub fn smallIntStorageLoadSigned(key: *const u8, key_len: i32) -> i64;

    /// As `smallIntGetSignedArgument`.
    pub fn int64getArgument(id: i32) -> i64;

    /// As `smallIntFinishSigned`.
    pub fn int64finish(value: i64);

    /// As `smallIntStorageStoreUnsigned`: the value is stored unsigned.
    pub fn int64storageStore(key: *const u8, key_len: i32, value: i64) -> i32;

    /// As `smallIntStorageLoadUnsigned`: the value is read unsigned.
    pub fn int64storageLoad(key: *const u8, key_len: i32) -> i64;

    // ---- Hashes and signatures ----

    /// Writes the SHA-256 of `data_len` bytes, 32 bytes, at `result`. Returns 0.
    pub fn sha256(data: *const u8, data_len: i32, result: *mut u8) -> i32;

    /// Writes the Keccak-256 of `data_len` bytes, 32 bytes, at `result`. Returns 0.
    pub fn keccak256(data: *const u8, data_len: i32, result: *mut u8) -> i32;

    /// Writes the RIPEMD-160 of `data_len` bytes, 20 bytes, at `result`. Returns 0.
    pub fn ripemd160(data: *const u8, data_len: i32, result: *mut u8) -> i32;

    /// Checks a BLS12-381 signature of 48 bytes with a public key of 96 bytes. Returns 0 when it is good, -1
    /// otherwise.
    pub fn verifyBLS(key: *const u8, message: *const u8, message_len: i32, signature: *const u8) -> i32;

    /// Checks an Ed25519 signature of 64 bytes with a public key of 32 bytes. Returns 0 when it is good, -1
    /// otherwise.
    pub fn verifyEd25519(key: *const u8, message: *const u8, message_len: i32, signature: *const u8) -> i32;

    /// Checks a DER-encoded secp256k1 signature of the double SHA-256 of the message, with a public key of 33
    /// or 65 bytes. Returns 0 when it is good, -1 otherwise; another key length fails the execution.
    pub fn verifySecp256k1(key: *const u8, key_len: i32, message: *const u8, message_len: i32, signature: *const u8) -> i32;
}
