// The environment interface: the 122 functions a contract may import, all from module `env`.
// Generated from `eei/src/table/`; do not edit. `docs/eei.md` adds what each costs.

/** The handle of a big integer. */
export type BigInt = i32;

// ---- Contracts, accounts and the chain ----

/** Writes the address of the running contract, 32 bytes, at `result`. */
@external("env", "getSCAddress")
export declare function getSCAddress(result: usize): void;

/** Writes the address of the running contract's owner, 32 bytes, at `result`; nothing when the node does not
 * know the contract. */
@external("env", "getOwnerAddress")
export declare function getOwnerAddress(result: usize): void;

/** The number of the shard of the account whose 32-byte address is at `address`. */
@external("env", "getShardOfAddress")
export declare function getShardOfAddress(address: usize): i32;

/** 1 if the 32-byte address at `address` is a contract's, 0 otherwise. */
@external("env", "isSmartContract")
export declare function isSmartContract(address: usize): i32;

/** Writes an account's EGLD at `result`, big-endian without leading zeros; nothing when it is zero. */
@external("env", "getExternalBalance")
export declare function getExternalBalance(address: usize, result: usize): void;

/** Writes the address of the caller, 32 bytes, at `result`. */
@external("env", "getCaller")
export declare function getCaller(result: usize): void;

/** Writes the name of the called function at `result`; returns its length. */
@external("env", "getFunction")
export declare function getFunction(result: usize): i32;

/** Writes the hash of the transaction that began the chain of calls at `data`. */
@external("env", "getOriginalTxHash")
export declare function getOriginalTxHash(data: usize): void;

/** The gas left to the contract, in gas units, after the charge for this call. */
@external("env", "getGasLeft")
export declare function getGasLeft(): i64;

/** Writes the hash of the block with this nonce at `result`; nothing when the node has none or the nonce is
 * negative. Returns 0. */
@external("env", "getBlockHash")
export declare function getBlockHash(nonce: i64, result: usize): i32;

/** The time of the current block, in seconds since 1970. */
@external("env", "getBlockTimestamp")
export declare function getBlockTimestamp(): i64;

/** The nonce of the current block. */
@external("env", "getBlockNonce")
export declare function getBlockNonce(): i64;

/** The round of the current block. */
@external("env", "getBlockRound")
export declare function getBlockRound(): i64;

/** The epoch of the current block. */
@external("env", "getBlockEpoch")
export declare function getBlockEpoch(): i64;

/** Writes the random seed of the current block at `data`; its length is the node's choice, in practice 48
 * bytes. */
@external("env", "getBlockRandomSeed")
export declare function getBlockRandomSeed(data: usize): void;

/** The time of the last committed block, in seconds since 1970. */
@external("env", "getPrevBlockTimestamp")
export declare function getPrevBlockTimestamp(): i64;

/** The nonce of the last committed block. */
@external("env", "getPrevBlockNonce")
export declare function getPrevBlockNonce(): i64;

/** The round of the last committed block. */
@external("env", "getPrevBlockRound")
export declare function getPrevBlockRound(): i64;

/** The epoch of the last committed block. */
@external("env", "getPrevBlockEpoch")
export declare function getPrevBlockEpoch(): i64;

/** Writes the random seed of the last committed block at `data`. */
@external("env", "getPrevBlockRandomSeed")
export declare function getPrevBlockRandomSeed(data: usize): void;

/** Writes the root hash of the state at `data`. */
@external("env", "getStateRootHash")
export declare function getStateRootHash(data: usize): void;

/** How many arguments the call has. */
@external("env", "getNumArguments")
export declare function getNumArguments(): i32;

/** Writes argument `id` at `data`; returns its length, or -1 when there is no such argument. */
@external("env", "getArgument")
export declare function getArgument(id: i32, data: usize): i32;

/** The length of argument `id`, or -1 when there is no such argument. */
@external("env", "getArgumentLength")
export declare function getArgumentLength(id: i32): i32;

/** Fails the execution if EGLD or a token came with the call. */
@external("env", "checkNoPayment")
export declare function checkNoPayment(): void;

/** Writes the EGLD of the call at `result`, big-endian in 32 bytes, and returns 32; for zero it writes
 * nothing and returns 0. */
@external("env", "getCallValue")
export declare function getCallValue(result: usize): i32;

/** Writes the value of the call's first token transfer at `result`, as `getCallValue` does. */
@external("env", "getESDTValue")
export declare function getESDTValue(result: usize): i32;

/** Writes the identifier of the call's first token transfer at `result`; returns its length, 0 when there is
 * none. */
@external("env", "getESDTTokenName")
export declare function getESDTTokenName(result: usize): i32;

/** The nonce of the call's first token transfer; 0 when there is none. */
@external("env", "getESDTTokenNonce")
export declare function getESDTTokenNonce(): i64;

/** The type of the call's first token transfer: 0 fungible, 1 non-fungible; 0 when there is none. */
@external("env", "getESDTTokenType")
export declare function getESDTTokenType(): i32;

/** Writes the value of the call's first token transfer, or the EGLD when there is none, at `value`, as
 * `getCallValue` does. Nothing is ever written at `name`, and the result is always 0. */
@external("env", "getCallValueTokenName")
export declare function getCallValueTokenName(value: usize, name: usize): i32;

/** Writes how much of a token an account has at `result`, big-endian without leading zeros; returns the
 * length. */
@external("env", "getESDTBalance")
export declare function getESDTBalance(address: usize, token: usize, tokenLen: i32, nonce: i64, result: usize): i32;

/** Reads a token of an account: its value and royalties into big integers, its properties, hash, name,
 * attributes, creator and first URI into memory. Returns the length of the value in bytes. Without metadata
 * only value and properties are written. */
@external("env", "getESDTTokenData")
export declare function getESDTTokenData(address: usize, token: usize, tokenLen: i32, nonce: i64, value: BigInt, properties: usize, hash: usize, name: usize, attributes: usize, creator: usize, royalties: BigInt, uris: usize): i32;

/** The length of a token's name; 0 without metadata. */
@external("env", "getESDTNFTNameLength")
export declare function getESDTNFTNameLength(address: usize, token: usize, tokenLen: i32, nonce: i64): i32;

/** The length of a token's attributes; 0 without metadata. */
@external("env", "getESDTNFTAttributeLength")
export declare function getESDTNFTAttributeLength(address: usize, token: usize, tokenLen: i32, nonce: i64): i32;

/** The length of a token's first URI; 0 without one. */
@external("env", "getESDTNFTURILength")
export declare function getESDTNFTURILength(address: usize, token: usize, tokenLen: i32, nonce: i64): i32;

/** The last nonce an account has given to an instance of a token; 0 when it cannot be read. */
@external("env", "getCurrentESDTNFTNonce")
export declare function getCurrentESDTNFTNonce(address: usize, token: usize, tokenLen: i32): i64;

/** Stores `data_len` bytes under a key; no bytes delete the entry. Returns 0 unchanged, 1 modified, 2 added,
 * 3 deleted. In read-only mode it does nothing and returns 0. */
@external("env", "storageStore")
export declare function storageStore(key: usize, keyLen: i32, data: usize, dataLen: i32): i32;

/** Writes the value of a key at `data`; returns its length. */
@external("env", "storageLoad")
export declare function storageLoad(key: usize, keyLen: i32, data: usize): i32;

/** The length of the value of a key. */
@external("env", "storageLoadLength")
export declare function storageLoadLength(key: usize, keyLen: i32): i32;

/** Writes the value of a key of another account at `data`; returns its length, 0 when that account is absent
 * or not readable. */
@external("env", "storageLoadFromAddress")
export declare function storageLoadFromAddress(address: usize, key: usize, keyLen: i32, data: usize): i32;

/** Locks a key until `timestamp`, in seconds since 1970. Returns as `storageStore` does. */
@external("env", "setStorageLock")
export declare function setStorageLock(key: usize, keyLen: i32, timestamp: i64): i32;

/** Until when a key is locked, in seconds since 1970; 0 when it never was. */
@external("env", "getStorageLock")
export declare function getStorageLock(key: usize, keyLen: i32): i64;

/** 1 when the lock of a key ends after the current block's time, 0 otherwise. */
@external("env", "isStorageLocked")
export declare function isStorageLocked(key: usize, keyLen: i32): i32;

/** Removes the lock of a key. Returns as `storageStore` does. */
@external("env", "clearStorageLock")
export declare function clearStorageLock(key: usize, keyLen: i32): i32;

/** Appends `data_len` bytes to the return data. The contract goes on. */
@external("env", "finish")
export declare function finish(data: usize, dataLen: i32): void;

/** Ends the execution as failed by the user; the bytes are the message. */
@external("env", "signalError")
export declare function signalError(message: usize, messageLen: i32): void;

/** Writes a log entry with `num_topics` topics of 32 bytes each, the first being its identifier. Does nothing
 * in read-only mode. */
@external("env", "writeLog")
export declare function writeLog(data: usize, dataLen: i32, topics: usize, numTopics: i32): void;

/** Writes a log entry whose topics have the lengths listed at `topics_lengths` (32-bit little-endian), the
 * first being its identifier. Does nothing in read-only mode. */
@external("env", "writeEventLog")
export declare function writeEventLog(numTopics: i32, topicsLengths: usize, topicsData: usize, data: usize, dataLen: i32): void;

/** How many items of return data there are: this contract's and those of the calls it made. */
@external("env", "getNumReturnData")
export declare function getNumReturnData(): i32;

/** The length of item `id` of the return data; 0 past the end. A negative `id` aborts the VM's run. */
@external("env", "getReturnDataSize")
export declare function getReturnDataSize(id: i32): i32;

/** Writes item `id` of the return data at `data`; returns its length, 0 past the end. A negative `id` aborts
 * the VM's run. */
@external("env", "getReturnData")
export declare function getReturnData(id: i32, data: usize): i32;

/** Sends EGLD (32 bytes, big-endian) with `data_len` bytes of data. Returns 0; 1, and sends nothing, when the
 * data calls a built-in function. */
@external("env", "transferValue")
export declare function transferValue(dest: usize, value: usize, data: usize, dataLen: i32): i32;

/** Sends EGLD and calls a function: at once when `dest` is a contract of this shard, otherwise with the
 * transfer. Returns 0, or 1 when the call failed. The price is charged twice. */
@external("env", "transferValueExecute")
export declare function transferValueExecute(dest: usize, value: usize, gasLimit: i64, functionName: usize, functionNameLen: i32, numArguments: i32, argumentsLengths: usize, argumentsData: usize): i32;

/** Does nothing but cost gas; always returns 1. Kept for contracts that import it. */
@external("env", "transferESDT")
export declare function transferESDT(dest: usize, token: usize, tokenLen: i32, value: usize, gasLimit: i64, data: usize, dataLen: i32): i32;

/** Sends a fungible token and calls a function, as `transferESDTNFTExecute` with nonce 0. */
@external("env", "transferESDTExecute")
export declare function transferESDTExecute(dest: usize, token: usize, tokenLen: i32, value: usize, gasLimit: i64, functionName: usize, functionNameLen: i32, numArguments: i32, argumentsLengths: usize, argumentsData: usize): i32;

/** Sends a token and calls a function: at once when `dest` is a contract of this shard, otherwise with the
 * transfer. Returns 0, or 1 when the call failed. */
@external("env", "transferESDTNFTExecute")
export declare function transferESDTNFTExecute(dest: usize, token: usize, tokenLen: i32, value: usize, nonce: i64, gasLimit: i64, functionName: usize, functionNameLen: i32, numArguments: i32, argumentsLengths: usize, argumentsData: usize): i32;

/** Calls a contract of this shard with its own storage and waits for it; a built-in function may be called
 * too. Its return data are appended to this contract's. Returns 0; a failure of the call fails this contract. */
@external("env", "executeOnDestContext")
export declare function executeOnDestContext(gasLimit: i64, address: usize, value: usize, functionName: usize, functionNameLen: i32, numArguments: i32, argumentsLengths: usize, argumentsData: usize): i32;

/** As `executeOnDestContext`, but the called contract sees this contract's caller, who also pays the value.
 * Returns 1 for a built-in function. */
@external("env", "executeOnDestContextByCaller")
export declare function executeOnDestContextByCaller(gasLimit: i64, address: usize, value: usize, functionName: usize, functionNameLen: i32, numArguments: i32, argumentsLengths: usize, argumentsData: usize): i32;

/** Runs a contract of this shard on this contract's storage and waits for it. Returns 0, or 1 for a built-in
 * function; a failure of the call fails this contract. */
@external("env", "executeOnSameContext")
export declare function executeOnSameContext(gasLimit: i64, address: usize, value: usize, functionName: usize, functionNameLen: i32, numArguments: i32, argumentsLengths: usize, argumentsData: usize): i32;

/** As `executeOnSameContext`, with the value of the current call. */
@external("env", "delegateExecution")
export declare function delegateExecution(gasLimit: i64, address: usize, functionName: usize, functionNameLen: i32, numArguments: i32, argumentsLengths: usize, argumentsData: usize): i32;

/** As `delegateExecution`, but nothing is stored or logged meanwhile. */
@external("env", "executeReadOnly")
export declare function executeReadOnly(gasLimit: i64, address: usize, functionName: usize, functionNameLen: i32, numArguments: i32, argumentsLengths: usize, argumentsData: usize): i32;

/** Deploys code and runs its `init`; writes the new address, 32 bytes, at `result`. Returns 0, or 1 when it
 * failed. */
@external("env", "createContract")
export declare function createContract(gasLimit: i64, value: usize, code: usize, codeMetadata: usize, length: i32, result: usize, numArguments: i32, argumentsLengths: usize, argumentsData: usize): i32;

/** As `createContract`, with the code of the account at `source`. */
@external("env", "deployFromSourceContract")
export declare function deployFromSourceContract(gasLimit: i64, value: usize, source: usize, codeMetadata: usize, result: usize, numArguments: i32, argumentsLengths: usize, argumentsData: usize): i32;

/** Upgrades a contract that this contract owns, through an asynchronous call; ends the execution. */
@external("env", "upgradeContract")
export declare function upgradeContract(dest: usize, gasLimit: i64, value: usize, code: usize, codeMetadata: usize, length: i32, numArguments: i32, argumentsLengths: usize, argumentsData: usize): void;

/** As `upgradeContract`, with the code of the account at `source`. */
@external("env", "upgradeFromSourceContract")
export declare function upgradeFromSourceContract(dest: usize, gasLimit: i64, value: usize, source: usize, codeMetadata: usize, numArguments: i32, argumentsLengths: usize, argumentsData: usize): void;

/** Ends the execution and calls a contract with value and data (`function@hex@hex…`); its result comes back
 * as a call of `callBack`. */
@external("env", "asyncCall")
export declare function asyncCall(dest: usize, value: usize, data: usize, dataLen: i32): void;

// ---- Big integers ----

/** Makes a big integer with this value; returns its handle. */
@external("env", "bigIntNew")
export declare function bigIntNew(value: i64): BigInt;

/** The length of the absolute value, in bytes. */
@external("env", "bigIntUnsignedByteLength")
export declare function bigIntUnsignedByteLength(a: BigInt): i32;

/** The length of the value as two's complement, in bytes. */
@external("env", "bigIntSignedByteLength")
export declare function bigIntSignedByteLength(a: BigInt): i32;

/** Writes the absolute value at `bytes`, big-endian; returns its length. */
@external("env", "bigIntGetUnsignedBytes")
export declare function bigIntGetUnsignedBytes(a: BigInt, bytes: usize): i32;

/** Writes the value at `bytes`, big-endian two's complement; returns its length. */
@external("env", "bigIntGetSignedBytes")
export declare function bigIntGetSignedBytes(a: BigInt, bytes: usize): i32;

/** Sets a value from unsigned big-endian bytes. */
@external("env", "bigIntSetUnsignedBytes")
export declare function bigIntSetUnsignedBytes(dest: BigInt, bytes: usize, bytesLen: i32): void;

/** Sets a value from big-endian two's complement bytes. */
@external("env", "bigIntSetSignedBytes")
export declare function bigIntSetSignedBytes(dest: BigInt, bytes: usize, bytesLen: i32): void;

/** 1 if the value fits a signed 64-bit integer, 0 otherwise. */
@external("env", "bigIntIsInt64")
export declare function bigIntIsInt64(dest: BigInt): i32;

/** The lowest 64 bits of the absolute value, with the value's sign. */
@external("env", "bigIntGetInt64")
export declare function bigIntGetInt64(dest: BigInt): i64;

/** Sets a value. */
@external("env", "bigIntSetInt64")
export declare function bigIntSetInt64(dest: BigInt, value: i64): void;

/** Sets `dest` to a + b. */
@external("env", "bigIntAdd")
export declare function bigIntAdd(dest: BigInt, a: BigInt, b: BigInt): void;

/** Sets `dest` to a - b. */
@external("env", "bigIntSub")
export declare function bigIntSub(dest: BigInt, a: BigInt, b: BigInt): void;

/** Sets `dest` to a * b. */
@external("env", "bigIntMul")
export declare function bigIntMul(dest: BigInt, a: BigInt, b: BigInt): void;

/** Sets `dest` to a / b, rounded towards zero. Division by zero fails the execution. */
@external("env", "bigIntTDiv")
export declare function bigIntTDiv(dest: BigInt, a: BigInt, b: BigInt): void;

/** Sets `dest` to the remainder that goes with `bigIntTDiv`; it has the sign of a. */
@external("env", "bigIntTMod")
export declare function bigIntTMod(dest: BigInt, a: BigInt, b: BigInt): void;

/** Sets `dest` to the Euclidean quotient of a and b. Division by zero fails the execution. */
@external("env", "bigIntEDiv")
export declare function bigIntEDiv(dest: BigInt, a: BigInt, b: BigInt): void;

/** Sets `dest` to the Euclidean remainder of a and b, which is never negative. */
@external("env", "bigIntEMod")
export declare function bigIntEMod(dest: BigInt, a: BigInt, b: BigInt): void;

/** Sets `dest` to the absolute value of a. */
@external("env", "bigIntAbs")
export declare function bigIntAbs(dest: BigInt, a: BigInt): void;

/** Sets `dest` to -a. */
@external("env", "bigIntNeg")
export declare function bigIntNeg(dest: BigInt, a: BigInt): void;

/** -1, 0 or 1 for a negative, zero or positive value. */
@external("env", "bigIntSign")
export declare function bigIntSign(a: BigInt): i32;

/** -1, 0 or 1 when a is smaller than, equal to or greater than b. */
@external("env", "bigIntCmp")
export declare function bigIntCmp(a: BigInt, b: BigInt): i32;

/** Sets `dest` to -(a + 1). A negative a fails the execution. */
@external("env", "bigIntNot")
export declare function bigIntNot(dest: BigInt, a: BigInt): void;

/** Sets `dest` to a and b, bit by bit. Negative operands fail the execution. */
@external("env", "bigIntAnd")
export declare function bigIntAnd(dest: BigInt, a: BigInt, b: BigInt): void;

/** Sets `dest` to a or b, bit by bit. Negative operands fail the execution. */
@external("env", "bigIntOr")
export declare function bigIntOr(dest: BigInt, a: BigInt, b: BigInt): void;

/** Sets `dest` to a exclusive-or b, bit by bit. Negative operands fail the execution. */
@external("env", "bigIntXor")
export declare function bigIntXor(dest: BigInt, a: BigInt, b: BigInt): void;

/** Sets `dest` to a shifted right. A negative a or amount fails the execution. */
@external("env", "bigIntShr")
export declare function bigIntShr(dest: BigInt, a: BigInt, bits: i32): void;

/** Sets `dest` to a shifted left. A negative a or amount fails the execution. */
@external("env", "bigIntShl")
export declare function bigIntShl(dest: BigInt, a: BigInt, bits: i32): void;

/** Appends the absolute value, big-endian, to the return data. */
@external("env", "bigIntFinishUnsigned")
export declare function bigIntFinishUnsigned(a: BigInt): void;

/** Appends the value, big-endian two's complement, to the return data. */
@external("env", "bigIntFinishSigned")
export declare function bigIntFinishSigned(a: BigInt): void;

/** Sets `dest` from argument `id`, unsigned big-endian; leaves it when there is no such argument. A negative
 * `id` aborts the VM's run. */
@external("env", "bigIntGetUnsignedArgument")
export declare function bigIntGetUnsignedArgument(id: i32, dest: BigInt): void;

/** Sets `dest` from argument `id`, big-endian two's complement; leaves it when there is no such argument. A
 * negative `id` aborts the VM's run. */
@external("env", "bigIntGetSignedArgument")
export declare function bigIntGetSignedArgument(id: i32, dest: BigInt): void;

/** Stores the absolute value of `source` under a key. Returns as `storageStore` does. */
@external("env", "bigIntStorageStoreUnsigned")
export declare function bigIntStorageStoreUnsigned(key: usize, keyLen: i32, source: BigInt): i32;

/** Sets `dest` from the value of a key, unsigned big-endian; returns the value's length. */
@external("env", "bigIntStorageLoadUnsigned")
export declare function bigIntStorageLoadUnsigned(key: usize, keyLen: i32, dest: BigInt): i32;

/** Sets `dest` to the EGLD of the call. */
@external("env", "bigIntGetCallValue")
export declare function bigIntGetCallValue(dest: BigInt): void;

/** Sets `dest` to the value of the call's first token transfer; 0 when there is none. */
@external("env", "bigIntGetESDTCallValue")
export declare function bigIntGetESDTCallValue(dest: BigInt): void;

/** Sets `dest` to an account's EGLD. */
@external("env", "bigIntGetExternalBalance")
export declare function bigIntGetExternalBalance(address: usize, dest: BigInt): void;

/** Sets `dest` to how much of a token an account has. */
@external("env", "bigIntGetESDTExternalBalance")
export declare function bigIntGetESDTExternalBalance(address: usize, token: usize, tokenLen: i32, nonce: i64, dest: BigInt): void;

// ---- Small integers ----

/** Argument `id` as an unsigned 64-bit integer. An absent or wider argument fails the execution. */
@external("env", "smallIntGetUnsignedArgument")
export declare function smallIntGetUnsignedArgument(id: i32): i64;

/** Argument `id` as a signed 64-bit integer. An absent or wider argument fails the execution. */
@external("env", "smallIntGetSignedArgument")
export declare function smallIntGetSignedArgument(id: i32): i64;

/** Appends an unsigned integer to the return data, big-endian without leading zeros. */
@external("env", "smallIntFinishUnsigned")
export declare function smallIntFinishUnsigned(value: i64): void;

/** Appends a signed integer to the return data, as the shortest big-endian two's complement. */
@external("env", "smallIntFinishSigned")
export declare function smallIntFinishSigned(value: i64): void;

/** Stores an unsigned integer under a key. Returns as `storageStore` does. */
@external("env", "smallIntStorageStoreUnsigned")
export declare function smallIntStorageStoreUnsigned(key: usize, keyLen: i32, value: i64): i32;

/** Stores a signed integer under a key. Returns as `storageStore` does. */
@external("env", "smallIntStorageStoreSigned")
export declare function smallIntStorageStoreSigned(key: usize, keyLen: i32, value: i64): i32;

/** The value of a key as an unsigned 64-bit integer; 0 when unset. A wider value fails the execution. */
@external("env", "smallIntStorageLoadUnsigned")
export declare function smallIntStorageLoadUnsigned(key: usize, keyLen: i32): i64;

/** The value of a key as a signed 64-bit integer; 0 when unset. A wider value fails the execution. */
@external("env", "smallIntStorageLoadSigned")
export declare function smallIntStorageLoadSigned(key: usize, keyLen: i32): i64;

/** As `smallIntGetSignedArgument`. */
@external("env", "int64getArgument")
export declare function int64getArgument(id: i32): i64;

/** As `smallIntFinishSigned`. */
@external("env", "int64finish")
export declare function int64finish(value: i64): void;

/** As `smallIntStorageStoreUnsigned`: the value is stored unsigned. */
@external("env", "int64storageStore")
export declare function int64storageStore(key: usize, keyLen: i32, value: i64): i32;

/** As `smallIntStorageLoadUnsigned`: the value is read unsigned. */
@external("env", "int64storageLoad")
export declare function int64storageLoad(key: usize, keyLen: i32): i64;

// ---- Hashes and signatures ----

/** Writes the SHA-256 of `data_len` bytes, 32 bytes, at `result`. Returns 0. */
@external("env", "sha256")
export declare function sha256(data: usize, dataLen: i32, result: usize): i32;

/** Writes the Keccak-256 of `data_len` bytes, 32 bytes, at `result`. Returns 0. */
@external("env", "keccak256")
export declare function keccak256(data: usize, dataLen: i32, result: usize): i32;

/** Writes the RIPEMD-160 of `data_len` bytes, 20 bytes, at `result`. Returns 0. */
@external("env", "ripemd160")
export declare function ripemd160(data: usize, dataLen: i32, result: usize): i32;

/** Checks a BLS12-381 signature of 48 bytes with a public key of 96 bytes. Returns 0 when it is good, -1
 * otherwise. */
@external("env", "verifyBLS")
export declare function verifyBLS(key: usize, message: usize, messageLen: i32, signature: usize): i32;

/** Checks an Ed25519 signature of 64 bytes with a public key of 32 bytes. Returns 0 when it is good, -1
 * otherwise. */
@external("env", "verifyEd25519")
export declare function verifyEd25519(key: usize, message: usize, messageLen: i32, signature: usize): i32;

/** Checks a DER-encoded secp256k1 signature of the double SHA-256 of the message, with a public key of 33 or
 * 65 bytes. Returns 0 when it is good, -1 otherwise; another key length fails the execution. */
@external("env", "verifySecp256k1")
export declare function verifySecp256k1(key: usize, keyLen: i32, message: usize, messageLen: i32, signature: usize): i32;
