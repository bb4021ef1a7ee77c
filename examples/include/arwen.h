// The environment interface: the 122 functions a contract may import, all from module `env`.
// Generated from `eei/src/table/`; do not edit. `docs/eei.md` adds what each costs.
#ifndef ARWEN_H
#define ARWEN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ARWEN_IMPORT(name) __attribute__((import_module("env"), import_name(#name))) extern

typedef int32_t BigInt; /* the handle of a big integer */

/* ---- Contracts, accounts and the chain ---- */

/* Writes the address of the running contract, 32 bytes, at `result`. */
ARWEN_IMPORT(getSCAddress)
void getSCAddress(void *result);

/* Writes the address of the running contract's owner, 32 bytes, at `result`; nothing when the node does not
 * know the contract. */
ARWEN_IMPORT(getOwnerAddress)
void getOwnerAddress(void *result);

/* The number of the shard of the account whose 32-byte address is at `address`. */
ARWEN_IMPORT(getShardOfAddress)
int32_t getShardOfAddress(const void *address);

/* 1 if the 32-byte address at `address` is a contract's, 0 otherwise. */
ARWEN_IMPORT(isSmartContract)
int32_t isSmartContract(const void *address);

/* Writes an account's EGLD at `result`, big-endian without leading zeros; nothing when it is zero. */
ARWEN_IMPORT(getExternalBalance)
void getExternalBalance(const void *address, void *result);

/* Writes the address of the caller, 32 bytes, at `result`. */
ARWEN_IMPORT(getCaller)
void getCaller(void *result);

/* Writes the name of the called function at `result`; returns its length. */
ARWEN_IMPORT(getFunction)
int32_t getFunction(void *result);

/* Writes the hash of the transaction that began the chain of calls at `data`. */
ARWEN_IMPORT(getOriginalTxHash)
void getOriginalTxHash(void *data);

/* The gas left to the contract, in gas units, after the charge for this call. */
ARWEN_IMPORT(getGasLeft)
int64_t getGasLeft(void);

/* Writes the hash of the block with this nonce at `result`; nothing when the node has none or the nonce is
 * negative. Returns 0. */
ARWEN_IMPORT(getBlockHash)
int32_t getBlockHash(int64_t nonce, void *result);

/* The time of the current block, in seconds since 1970. */
ARWEN_IMPORT(getBlockTimestamp)
int64_t getBlockTimestamp(void);

/* The nonce of the current block. */
ARWEN_IMPORT(getBlockNonce)
int64_t getBlockNonce(void);

/* The round of the current block. */
ARWEN_IMPORT(getBlockRound)
int64_t getBlockRound(void);

/* The epoch of the current block. */
ARWEN_IMPORT(getBlockEpoch)
int64_t getBlockEpoch(void);

/* Writes the random seed of the current block at `data`; its length is the node's choice, in practice 48
 * bytes. */
ARWEN_IMPORT(getBlockRandomSeed)
void getBlockRandomSeed(void *data);

/* The time of the last committed block, in seconds since 1970. */
ARWEN_IMPORT(getPrevBlockTimestamp)
int64_t getPrevBlockTimestamp(void);

/* The nonce of the last committed block. */
ARWEN_IMPORT(getPrevBlockNonce)
int64_t getPrevBlockNonce(void);

/* The round of the last committed block. */
ARWEN_IMPORT(getPrevBlockRound)
int64_t getPrevBlockRound(void);

/* The epoch of the last committed block. */
ARWEN_IMPORT(getPrevBlockEpoch)
int64_t getPrevBlockEpoch(void);

/* Writes the random seed of the last committed block at `data`. */
ARWEN_IMPORT(getPrevBlockRandomSeed)
void getPrevBlockRandomSeed(void *data);

/* Writes the root hash of the state at `data`. */
ARWEN_IMPORT(getStateRootHash)
void getStateRootHash(void *data);

/* How many arguments the call has. */
ARWEN_IMPORT(getNumArguments)
int32_t getNumArguments(void);

/* Writes argument `id` at `data`; returns its length, or -1 when there is no such argument. */
ARWEN_IMPORT(getArgument)
int32_t getArgument(int32_t id, void *data);

/* The length of argument `id`, or -1 when there is no such argument. */
ARWEN_IMPORT(getArgumentLength)
int32_t getArgumentLength(int32_t id);

/* Fails the execution if EGLD or a token came with the call. */
ARWEN_IMPORT(checkNoPayment)
void checkNoPayment(void);

/* Writes the EGLD of the call at `result`, big-endian in 32 bytes, and returns 32; for zero it writes nothing
 * and returns 0. */
ARWEN_IMPORT(getCallValue)
int32_t getCallValue(void *result);

/* Writes the value of the call's first token transfer at `result`, as `getCallValue` does. */
ARWEN_IMPORT(getESDTValue)
int32_t getESDTValue(void *result);

/* Writes the identifier of the call's first token transfer at `result`; returns its length, 0 when there is
 * none. */
ARWEN_IMPORT(getESDTTokenName)
int32_t getESDTTokenName(void *result);

/* The nonce of the call's first token transfer; 0 when there is none. */
ARWEN_IMPORT(getESDTTokenNonce)
int64_t getESDTTokenNonce(void);

/* The type of the call's first token transfer: 0 fungible, 1 non-fungible; 0 when there is none. */
ARWEN_IMPORT(getESDTTokenType)
int32_t getESDTTokenType(void);

/* Writes the value of the call's first token transfer, or the EGLD when there is none, at `value`, as
 * `getCallValue` does. Nothing is ever written at `name`, and the result is always 0. */
ARWEN_IMPORT(getCallValueTokenName)
int32_t getCallValueTokenName(void *value, void *name);

/* Writes how much of a token an account has at `result`, big-endian without leading zeros; returns the
 * length. */
ARWEN_IMPORT(getESDTBalance)
int32_t getESDTBalance(const void *address, const void *token, int32_t token_len, int64_t nonce, void *result);

/* Reads a token of an account: its value and royalties into big integers, its properties, hash, name,
 * attributes, creator and first URI into memory. Returns the length of the value in bytes. Without metadata
 * only value and properties are written. */
ARWEN_IMPORT(getESDTTokenData)
int32_t getESDTTokenData(const void *address, const void *token, int32_t token_len, int64_t nonce, BigInt value, void *properties, void *hash, void *name, void *attributes, void *creator, BigInt royalties, void *uris);

/* The length of a token's name; 0 without metadata. */
ARWEN_IMPORT(getESDTNFTNameLength)
int32_t getESDTNFTNameLength(const void *address, const void *token, int32_t token_len, int64_t nonce);

/* The length of a token's attributes; 0 without metadata. */
ARWEN_IMPORT(getESDTNFTAttributeLength)
int32_t getESDTNFTAttributeLength(const void *address, const void *token, int32_t token_len, int64_t nonce);

/* The length of a token's first URI; 0 without one. */
ARWEN_IMPORT(getESDTNFTURILength)
int32_t getESDTNFTURILength(const void *address, const void *token, int32_t token_len, int64_t nonce);

/* The last nonce an account has given to an instance of a token; 0 when it cannot be read. */
ARWEN_IMPORT(getCurrentESDTNFTNonce)
int64_t getCurrentESDTNFTNonce(const void *address, const void *token, int32_t token_len);

/* Stores `data_len` bytes under a key; no bytes delete the entry. Returns 0 unchanged, 1 modified, 2 added, 3
 * deleted. In read-only mode it does nothing and returns 0. */
ARWEN_IMPORT(storageStore)
int32_t storageStore(const void *key, int32_t key_len, const void *data, int32_t data_len);

/* Writes the value of a key at `data`; returns its length. */
ARWEN_IMPORT(storageLoad)
int32_t storageLoad(const void *key, int32_t key_len, void *data);

/* The length of the value of a key. */
ARWEN_IMPORT(storageLoadLength)
int32_t storageLoadLength(const void *key, int32_t key_len);

/* Writes the value of a key of another account at `data`; returns its length, 0 when that account is absent
 * or not readable. */
ARWEN_IMPORT(storageLoadFromAddress)
int32_t storageLoadFromAddress(const void *address, const void *key, int32_t key_len, void *data);

/* Locks a key until `timestamp`, in seconds since 1970. Returns as `storageStore` does. */
ARWEN_IMPORT(setStorageLock)
int32_t setStorageLock(const void *key, int32_t key_len, int64_t timestamp);

/* Until when a key is locked, in seconds since 1970; 0 when it never was. */
ARWEN_IMPORT(getStorageLock)
int64_t getStorageLock(const void *key, int32_t key_len);

/* 1 when the lock of a key ends after the current block's time, 0 otherwise. */
ARWEN_IMPORT(isStorageLocked)
int32_t isStorageLocked(const void *key, int32_t key_len);

/* Removes the lock of a key. Returns as `storageStore` does. */
ARWEN_IMPORT(clearStorageLock)
int32_t clearStorageLock(const void *key, int32_t key_len);

/* Appends `data_len` bytes to the return data. The contract goes on. */
ARWEN_IMPORT(finish)
void finish(const void *data, int32_t data_len);

/* Ends the execution as failed by the user; the bytes are the message. */
ARWEN_IMPORT(signalError)
void signalError(const void *message, int32_t message_len);

/* Writes a log entry with `num_topics` topics of 32 bytes each, the first being its identifier. Does nothing
 * in read-only mode. */
ARWEN_IMPORT(writeLog)
void writeLog(const void *data, int32_t data_len, const void *topics, int32_t num_topics);

/* Writes a log entry whose topics have the lengths listed at `topics_lengths` (32-bit little-endian), the
 * first being its identifier. Does nothing in read-only mode. */
ARWEN_IMPORT(writeEventLog)
void writeEventLog(int32_t num_topics, const int32_t *topics_lengths, const void *topics_data, const void *data, int32_t data_len);

/* How many items of return data there are: this contract's and those of the calls it made. */
ARWEN_IMPORT(getNumReturnData)
int32_t getNumReturnData(void);

/* The length of item `id` of the return data; 0 past the end. A negative `id` aborts the VM's run. */
ARWEN_IMPORT(getReturnDataSize)
int32_t getReturnDataSize(int32_t id);

/* Writes item `id` of the return data at `data`; returns its length, 0 past the end. A negative `id` aborts
 * the VM's run. */
ARWEN_IMPORT(getReturnData)
int32_t getReturnData(int32_t id, void *data);

/* Sends EGLD (32 bytes, big-endian) with `data_len` bytes of data. Returns 0; 1, and sends nothing, when the
 * data calls a built-in function. */
ARWEN_IMPORT(transferValue)
int32_t transferValue(const void *dest, const void *value, const void *data, int32_t data_len);

/* Sends EGLD and calls a function: at once when `dest` is a contract of this shard, otherwise with the
 * transfer. Returns 0, or 1 when the call failed. The price is charged twice. */
ARWEN_IMPORT(transferValueExecute)
int32_t transferValueExecute(const void *dest, const void *value, int64_t gas_limit, const void *function_name, int32_t function_name_len, int32_t num_arguments, const int32_t *arguments_lengths, const void *arguments_data);

/* Does nothing but cost gas; always returns 1. Kept for contracts that import it. */
ARWEN_IMPORT(transferESDT)
int32_t transferESDT(const void *dest, const void *token, int32_t token_len, const void *value, int64_t gas_limit, const void *data, int32_t data_len);

/* Sends a fungible token and calls a function, as `transferESDTNFTExecute` with nonce 0. */
ARWEN_IMPORT(transferESDTExecute)
int32_t transferESDTExecute(const void *dest, const void *token, int32_t token_len, const void *value, int64_t gas_limit, const void *function_name, int32_t function_name_len, int32_t num_arguments, const int32_t *arguments_lengths, const void *arguments_data);

/* Sends a token and calls a function: at once when `dest` is a contract of this shard, otherwise with the
 * transfer. Returns 0, or 1 when the call failed. */
ARWEN_IMPORT(transferESDTNFTExecute)
int32_t transferESDTNFTExecute(const void *dest, const void *token, int32_t token_len, const void *value, int64_t nonce, int64_t gas_limit, const void *function_name, int32_t function_name_len, int32_t num_arguments, const int32_t *arguments_lengths, const void *arguments_data);

/* Calls a contract of this shard with its own storage and waits for it; a built-in function may be called
 * too. Its return data are appended to this contract's. Returns 0; a failure of the call fails this contract. */
ARWEN_IMPORT(executeOnDestContext)
int32_t executeOnDestContext(int64_t gas_limit, const void *address, const void *value, const void *function_name, int32_t function_name_len, int32_t num_arguments, const int32_t *arguments_lengths, const void *arguments_data);

/* As `executeOnDestContext`, but the called contract sees this contract's caller, who also pays the value.
 * Returns 1 for a built-in function. */
ARWEN_IMPORT(executeOnDestContextByCaller)
int32_t executeOnDestContextByCaller(int64_t gas_limit, const void *address, const void *value, const void *function_name, int32_t function_name_len, int32_t num_arguments, const int32_t *arguments_lengths, const void *arguments_data);

/* Runs a contract of this shard on this contract's storage and waits for it. Returns 0, or 1 for a built-in
 * function; a failure of the call fails this contract. */
ARWEN_IMPORT(executeOnSameContext)
int32_t executeOnSameContext(int64_t gas_limit, const void *address, const void *value, const void *function_name, int32_t function_name_len, int32_t num_arguments, const int32_t *arguments_lengths, const void *arguments_data);

/* As `executeOnSameContext`, with the value of the current call. */
ARWEN_IMPORT(delegateExecution)
int32_t delegateExecution(int64_t gas_limit, const void *address, const void *function_name, int32_t function_name_len, int32_t num_arguments, const int32_t *arguments_lengths, const void *arguments_data);

/* As `delegateExecution`, but nothing is stored or logged meanwhile. */
ARWEN_IMPORT(executeReadOnly)
int32_t executeReadOnly(int64_t gas_limit, const void *address, const void *function_name, int32_t function_name_len, int32_t num_arguments, const int32_t *arguments_lengths, const void *arguments_data);

/* Deploys code and runs its `init`; writes the new address, 32 bytes, at `result`. Returns 0, or 1 when it
 * failed. */
ARWEN_IMPORT(createContract)
int32_t createContract(int64_t gas_limit, const void *value, const void *code, const void *code_metadata, int32_t length, void *result, int32_t num_arguments, const int32_t *arguments_lengths, const void *arguments_data);

/* As `createContract`, with the code of the account at `source`. */
ARWEN_IMPORT(deployFromSourceContract)
int32_t deployFromSourceContract(int64_t gas_limit, const void *value, const void *source, const void *code_metadata, void *result, int32_t num_arguments, const int32_t *arguments_lengths, const void *arguments_data);

/* Upgrades a contract that this contract owns, through an asynchronous call; ends the execution. */
ARWEN_IMPORT(upgradeContract)
void upgradeContract(const void *dest, int64_t gas_limit, const void *value, const void *code, const void *code_metadata, int32_t length, int32_t num_arguments, const int32_t *arguments_lengths, const void *arguments_data);

/* As `upgradeContract`, with the code of the account at `source`. */
ARWEN_IMPORT(upgradeFromSourceContract)
void upgradeFromSourceContract(const void *dest, int64_t gas_limit, const void *value, const void *source, const void *code_metadata, int32_t num_arguments, const int32_t *arguments_lengths, const void *arguments_data);

/* Ends the execution and calls a contract with value and data (`function@hex@hex…`); its result comes back
 * as a call of `callBack`. */
ARWEN_IMPORT(asyncCall)
void asyncCall(const void *dest, const void *value, const void *data, int32_t data_len);

/* ---- Big integers ---- */

/* Makes a big integer with this value; returns its handle. */
ARWEN_IMPORT(bigIntNew)
BigInt bigIntNew(int64_t value);

/* The length of the absolute value, in bytes. */
ARWEN_IMPORT(bigIntUnsignedByteLength)
int32_t bigIntUnsignedByteLength(BigInt a);

/* The length of the value as two's complement, in bytes. */
ARWEN_IMPORT(bigIntSignedByteLength)
int32_t bigIntSignedByteLength(BigInt a);

/* Writes the absolute value at `bytes`, big-endian; returns its length. */
ARWEN_IMPORT(bigIntGetUnsignedBytes)
int32_t bigIntGetUnsignedBytes(BigInt a, void *bytes);

/* Writes the value at `bytes`, big-endian two's complement; returns its length. */
ARWEN_IMPORT(bigIntGetSignedBytes)
int32_t bigIntGetSignedBytes(BigInt a, void *bytes);

/* Sets a value from unsigned big-endian bytes. */
ARWEN_IMPORT(bigIntSetUnsignedBytes)
void bigIntSetUnsignedBytes(BigInt dest, const void *bytes, int32_t bytes_len);

/* Sets a value from big-endian two's complement bytes. */
ARWEN_IMPORT(bigIntSetSignedBytes)
void bigIntSetSignedBytes(BigInt dest, const void *bytes, int32_t bytes_len);

/* 1 if the value fits a signed 64-bit integer, 0 otherwise. */
ARWEN_IMPORT(bigIntIsInt64)
int32_t bigIntIsInt64(BigInt dest);

/* The lowest 64 bits of the absolute value, with the value's sign. */
ARWEN_IMPORT(bigIntGetInt64)
int64_t bigIntGetInt64(BigInt dest);

/* Sets a value. */
ARWEN_IMPORT(bigIntSetInt64)
void bigIntSetInt64(BigInt dest, int64_t value);

/* Sets `dest` to a + b. */
ARWEN_IMPORT(bigIntAdd)
void bigIntAdd(BigInt dest, BigInt a, BigInt b);

/* Sets `dest` to a - b. */
ARWEN_IMPORT(bigIntSub)
void bigIntSub(BigInt dest, BigInt a, BigInt b);

/* Sets `dest` to a * b. */
ARWEN_IMPORT(bigIntMul)
void bigIntMul(BigInt dest, BigInt a, BigInt b);

/* Sets `dest` to a / b, rounded towards zero. Division by zero fails the execution. */
ARWEN_IMPORT(bigIntTDiv)
void bigIntTDiv(BigInt dest, BigInt a, BigInt b);

/* Sets `dest` to the remainder that goes with `bigIntTDiv`; it has the sign of a. */
ARWEN_IMPORT(bigIntTMod)
void bigIntTMod(BigInt dest, BigInt a, BigInt b);

/* Sets `dest` to the Euclidean quotient of a and b. Division by zero fails the execution. */
ARWEN_IMPORT(bigIntEDiv)
void bigIntEDiv(BigInt dest, BigInt a, BigInt b);

/* Sets `dest` to the Euclidean remainder of a and b, which is never negative. */
ARWEN_IMPORT(bigIntEMod)
void bigIntEMod(BigInt dest, BigInt a, BigInt b);

/* Sets `dest` to the absolute value of a. */
ARWEN_IMPORT(bigIntAbs)
void bigIntAbs(BigInt dest, BigInt a);

/* Sets `dest` to -a. */
ARWEN_IMPORT(bigIntNeg)
void bigIntNeg(BigInt dest, BigInt a);

/* -1, 0 or 1 for a negative, zero or positive value. */
ARWEN_IMPORT(bigIntSign)
int32_t bigIntSign(BigInt a);

/* -1, 0 or 1 when a is smaller than, equal to or greater than b. */
ARWEN_IMPORT(bigIntCmp)
int32_t bigIntCmp(BigInt a, BigInt b);

/* Sets `dest` to -(a + 1). A negative a fails the execution. */
ARWEN_IMPORT(bigIntNot)
void bigIntNot(BigInt dest, BigInt a);

/* Sets `dest` to a and b, bit by bit. Negative operands fail the execution. */
ARWEN_IMPORT(bigIntAnd)
void bigIntAnd(BigInt dest, BigInt a, BigInt b);

/* Sets `dest` to a or b, bit by bit. Negative operands fail the execution. */
ARWEN_IMPORT(bigIntOr)
void bigIntOr(BigInt dest, BigInt a, BigInt b);

/* Sets `dest` to a exclusive-or b, bit by bit. Negative operands fail the execution. */
ARWEN_IMPORT(bigIntXor)
void bigIntXor(BigInt dest, BigInt a, BigInt b);

/* Sets `dest` to a shifted right. A negative a or amount fails the execution. */
ARWEN_IMPORT(bigIntShr)
void bigIntShr(BigInt dest, BigInt a, int32_t bits);

/* Sets `dest` to a shifted left. A negative a or amount fails the execution. */
ARWEN_IMPORT(bigIntShl)
void bigIntShl(BigInt dest, BigInt a, int32_t bits);

/* Appends the absolute value, big-endian, to the return data. */
ARWEN_IMPORT(bigIntFinishUnsigned)
void bigIntFinishUnsigned(BigInt a);

/* Appends the value, big-endian two's complement, to the return data. */
ARWEN_IMPORT(bigIntFinishSigned)
void bigIntFinishSigned(BigInt a);

/* Sets `dest` from argument `id`, unsigned big-endian; leaves it when there is no such argument. A negative
 * `id` aborts the VM's run. */
ARWEN_IMPORT(bigIntGetUnsignedArgument)
void bigIntGetUnsignedArgument(int32_t id, BigInt dest);

/* Sets `dest` from argument `id`, big-endian two's complement; leaves it when there is no such argument. A
 * negative `id` aborts the VM's run. */
ARWEN_IMPORT(bigIntGetSignedArgument)
void bigIntGetSignedArgument(int32_t id, BigInt dest);

/* Stores the absolute value of `source` under a key. Returns as `storageStore` does. */
ARWEN_IMPORT(bigIntStorageStoreUnsigned)
int32_t bigIntStorageStoreUnsigned(const void *key, int32_t key_len, BigInt source);

/* Sets `dest` from the value of a key, unsigned big-endian; returns the value's length. */
ARWEN_IMPORT(bigIntStorageLoadUnsigned)
int32_t bigIntStorageLoadUnsigned(const void *key, int32_t key_len, BigInt dest);

/* Sets `dest` to the EGLD of the call. */
ARWEN_IMPORT(bigIntGetCallValue)
void bigIntGetCallValue(BigInt dest);

/* Sets `dest` to the value of the call's first token transfer; 0 when there is none. */
ARWEN_IMPORT(bigIntGetESDTCallValue)
void bigIntGetESDTCallValue(BigInt dest);

/* Sets `dest` to an account's EGLD. */
ARWEN_IMPORT(bigIntGetExternalBalance)
void bigIntGetExternalBalance(const void *address, BigInt dest);

/* Sets `dest` to how much of a token an account has. */
ARWEN_IMPORT(bigIntGetESDTExternalBalance)
void bigIntGetESDTExternalBalance(const void *address, const void *token, int32_t token_len, int64_t nonce, BigInt dest);

/* ---- Small integers ---- */

/* Argument `id` as an unsigned 64-bit integer. An absent or wider argument fails the execution. */
ARWEN_IMPORT(smallIntGetUnsignedArgument)
int64_t smallIntGetUnsignedArgument(int32_t id);

/* Argument `id` as a signed 64-bit integer. An absent or wider argument fails the execution. */
ARWEN_IMPORT(smallIntGetSignedArgument)
int64_t smallIntGetSignedArgument(int32_t id);

/* Appends an unsigned integer to the return data, big-endian without leading zeros. */
ARWEN_IMPORT(smallIntFinishUnsigned)
void smallIntFinishUnsigned(int64_t value);

/* Appends a signed integer to the return data, as the shortest big-endian two's complement. */
ARWEN_IMPORT(smallIntFinishSigned)
void smallIntFinishSigned(int64_t value);

/* Stores an unsigned integer under a key. Returns as `storageStore` does. */
ARWEN_IMPORT(smallIntStorageStoreUnsigned)
int32_t smallIntStorageStoreUnsigned(const void *key, int32_t key_len, int64_t value);

/* Stores a signed integer under a key. Returns as `storageStore` does. */
ARWEN_IMPORT(smallIntStorageStoreSigned)
int32_t smallIntStorageStoreSigned(const void *key, int32_t key_len, int64_t value);

/* The value of a key as an unsigned 64-bit integer; 0 when unset. A wider value fails the execution. */
ARWEN_IMPORT(smallIntStorageLoadUnsigned)
int64_t smallIntStorageLoadUnsigned(const void *key, int32_t key_len);

/* The value of a key as a signed 64-bit integer; 0 when unset. A wider value fails the execution. */
ARWEN_IMPORT(smallIntStorageLoadSigned)
int64_t smallIntStorageLoadSigned(const void *key, int32_t key_len);

/* As `smallIntGetSignedArgument`. */
ARWEN_IMPORT(int64getArgument)
int64_t int64getArgument(int32_t id);

/* As `smallIntFinishSigned`. */
ARWEN_IMPORT(int64finish)
void int64finish(int64_t value);

/* As `smallIntStorageStoreUnsigned`: the value is stored unsigned. */
ARWEN_IMPORT(int64storageStore)
int32_t int64storageStore(const void *key, int32_t key_len, int64_t value);

/* As `smallIntStorageLoadUnsigned`: the value is read unsigned. */
ARWEN_IMPORT(int64storageLoad)
int64_t int64storageLoad(const void *key, int32_t key_len);

/* ---- Hashes and signatures ---- */

/* Writes the SHA-256 of `data_len` bytes, 32 bytes, at `result`. Returns 0. */
ARWEN_IMPORT(sha256)
int32_t sha256(const void *data, int32_t data_len, void *result);

/* Writes the Keccak-256 of `data_len` bytes, 32 bytes, at `result`. Returns 0. */
ARWEN_IMPORT(keccak256)
int32_t keccak256(const void *data, int32_t data_len, void *result);

/* Writes the RIPEMD-160 of `data_len` bytes, 20 bytes, at `result`. Returns 0. */
ARWEN_IMPORT(ripemd160)
int32_t ripemd160(const void *data, int32_t data_len, void *result);

/* Checks a BLS12-381 signature of 48 bytes with a public key of 96 bytes. Returns 0 when it is good, -1
 * otherwise. */
ARWEN_IMPORT(verifyBLS)
int32_t verifyBLS(const void *key, const void *message, int32_t message_len, const void *signature);

/* Checks an Ed25519 signature of 64 bytes with a public key of 32 bytes. Returns 0 when it is good, -1
 * otherwise. */
ARWEN_IMPORT(verifyEd25519)
int32_t verifyEd25519(const void *key, const void *message, int32_t message_len, const void *signature);

/* Checks a DER-encoded secp256k1 signature of the double SHA-256 of the message, with a public key of 33 or
 * 65 bytes. Returns 0 when it is good, -1 otherwise; another key length fails the execution. */
ARWEN_IMPORT(verifySecp256k1)
int32_t verifySecp256k1(const void *key, int32_t key_len, const void *message, int32_t message_len, const void *signature);

#ifdef __cplusplus
}
#endif

#endif
