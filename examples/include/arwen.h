/* The environment interface of the ruleset arwen-1.3, for contracts written in C: the 122 functions a contract may
 * import from the module `env`.
 *
 * Conventions
 *  - An address is 32 bytes, a value 32 bytes big-endian unsigned, a log topic 32 bytes, code metadata 2 bytes.
 *  - A function that writes to `result` writes as many bytes as it returns, unless its comment says otherwise; the
 *    caller provides the room.
 *  - Several arguments are passed as a count, an array of int32_t lengths and their bytes one after the other.
 *  - A big integer lives in the VM and is named by a handle. Any unused handle reads as 0.
 *  - "Stops" means that the contract does not continue after the call.
 *
 * An entry point is a function without parameters and result, marked CONTRACT_ENDPOINT(name).
 */
#ifndef ARWEN_H
#define ARWEN_H

#include <stdint.h>

#define ARWEN_IMPORT(name) __attribute__((import_module("env"), import_name(#name))) extern
#define CONTRACT_ENDPOINT(name) __attribute__((export_name(#name))) void endpoint_##name(void)

enum { ADDRESS_LENGTH = 32, VALUE_LENGTH = 32, TOPIC_LENGTH = 32, HASH_LENGTH = 32, CODE_METADATA_LENGTH = 2 };

/* What a storage write did to the entry. */
enum StorageStatus { STORAGE_UNCHANGED = 0, STORAGE_MODIFIED = 1, STORAGE_ADDED = 2, STORAGE_DELETED = 3 };

typedef int32_t BigInt; /* handle of a big integer */

/* ---- Arguments, results, errors ------------------------------------------------------------------------------- */

ARWEN_IMPORT(getNumArguments) int32_t getNumArguments(void);
/* Length in bytes of argument `id`, counted from 0. */
ARWEN_IMPORT(getArgumentLength) int32_t getArgumentLength(int32_t id);
ARWEN_IMPORT(getArgument) int32_t getArgument(int32_t id, uint8_t *result);
/* The name under which the contract was called. */
ARWEN_IMPORT(getFunction) int32_t getFunction(uint8_t *result);
/* Appends one item to the return data; the contract continues. */
ARWEN_IMPORT(finish) void finish(const uint8_t *data, int32_t length);
/* Stops with return code 4 (user error) and this message. */
ARWEN_IMPORT(signalError) void signalError(const char *message, int32_t length);
/* Return data so far: the contract's own and those of the contracts it called. */
ARWEN_IMPORT(getNumReturnData) int32_t getNumReturnData(void);
ARWEN_IMPORT(getReturnDataSize) int32_t getReturnDataSize(int32_t id);
ARWEN_IMPORT(getReturnData) int32_t getReturnData(int32_t id, uint8_t *result);
ARWEN_IMPORT(getGasLeft) int64_t getGasLeft(void);

/* Small integers: minimal big-endian bytes, zero is the empty string. Signed ones are two's complement. */
ARWEN_IMPORT(int64getArgument) int64_t int64getArgument(int32_t id); /* signed */
ARWEN_IMPORT(int64finish) void int64finish(int64_t value);           /* signed */
ARWEN_IMPORT(smallIntGetSignedArgument) int64_t smallIntGetSignedArgument(int32_t id);
ARWEN_IMPORT(smallIntGetUnsignedArgument) uint64_t smallIntGetUnsignedArgument(int32_t id);
ARWEN_IMPORT(smallIntFinishSigned) void smallIntFinishSigned(int64_t value);
ARWEN_IMPORT(smallIntFinishUnsigned) void smallIntFinishUnsigned(uint64_t value);

/* ---- Storage. An absent entry reads as the empty string; writing the empty string deletes. ------------------------ */

ARWEN_IMPORT(storageLoadLength) int32_t storageLoadLength(const uint8_t *key, int32_t key_length);
ARWEN_IMPORT(storageLoad) int32_t storageLoad(const uint8_t *key, int32_t key_length, uint8_t *result);
/* Empty when the account is absent or its code is not readable. */
ARWEN_IMPORT(storageLoadFromAddress)
int32_t storageLoadFromAddress(const uint8_t *address, const uint8_t *key, int32_t key_length, uint8_t *result);
/* Returns a StorageStatus, as every store below. */
ARWEN_IMPORT(storageStore)
int32_t storageStore(const uint8_t *key, int32_t key_length, const uint8_t *data, int32_t length);

ARWEN_IMPORT(int64storageLoad) int64_t int64storageLoad(const uint8_t *key, int32_t key_length);    /* unsigned */
ARWEN_IMPORT(int64storageStore) int32_t int64storageStore(const uint8_t *key, int32_t key_length, int64_t value);
ARWEN_IMPORT(smallIntStorageLoadSigned) int64_t smallIntStorageLoadSigned(const uint8_t *key, int32_t key_length);
ARWEN_IMPORT(smallIntStorageLoadUnsigned) uint64_t smallIntStorageLoadUnsigned(const uint8_t *key, int32_t key_length);
ARWEN_IMPORT(smallIntStorageStoreSigned)
int32_t smallIntStorageStoreSigned(const uint8_t *key, int32_t key_length, int64_t value);
ARWEN_IMPORT(smallIntStorageStoreUnsigned)
int32_t smallIntStorageStoreUnsigned(const uint8_t *key, int32_t key_length, uint64_t value);

/* A time lock is a timestamp kept beside an entry; the VM does not enforce it, the contract asks. */
ARWEN_IMPORT(setStorageLock) int32_t setStorageLock(const uint8_t *key, int32_t key_length, int64_t timestamp);
ARWEN_IMPORT(getStorageLock) int64_t getStorageLock(const uint8_t *key, int32_t key_length);
ARWEN_IMPORT(clearStorageLock) int32_t clearStorageLock(const uint8_t *key, int32_t key_length);
/* 1 while the lock lies after the timestamp of the current block. */
ARWEN_IMPORT(isStorageLocked) int32_t isStorageLocked(const uint8_t *key, int32_t key_length);

/* ---- Logs. The first topic becomes the identifier. ----------------------------------------------------------------- */

/* Topics of 32 bytes each, one after the other. */
ARWEN_IMPORT(writeLog)
void writeLog(const uint8_t *data, int32_t length, const uint8_t *topics, int32_t topic_count);
/* Topics of any length. */
ARWEN_IMPORT(writeEventLog)
void writeEventLog(int32_t topic_count, const int32_t *topic_lengths, const uint8_t *topics, const uint8_t *data,
                   int32_t length);

/* ---- Who, what was paid, accounts --------------------------------------------------------------------------------- */

ARWEN_IMPORT(getSCAddress) void getSCAddress(uint8_t *address);
ARWEN_IMPORT(getOwnerAddress) void getOwnerAddress(uint8_t *address);
ARWEN_IMPORT(getCaller) void getCaller(uint8_t *address);
ARWEN_IMPORT(isSmartContract) int32_t isSmartContract(const uint8_t *address);
ARWEN_IMPORT(getShardOfAddress) int32_t getShardOfAddress(const uint8_t *address);
/* Writes minimal big-endian bytes, none for zero. */
ARWEN_IMPORT(getExternalBalance) void getExternalBalance(const uint8_t *address, uint8_t *result);
/* Stops with an error if any EGLD or token came with the call. */
ARWEN_IMPORT(checkNoPayment) void checkNoPayment(void);
/* Writes 32 bytes and returns 32; a zero value writes nothing and returns 0. */
ARWEN_IMPORT(getCallValue) int32_t getCallValue(uint8_t *result);
ARWEN_IMPORT(getESDTValue) int32_t getESDTValue(uint8_t *result);
ARWEN_IMPORT(getESDTTokenName) int32_t getESDTTokenName(uint8_t *result);
ARWEN_IMPORT(getESDTTokenNonce) int64_t getESDTTokenNonce(void);
/* 0 fungible, 1 non-fungible. */
ARWEN_IMPORT(getESDTTokenType) int32_t getESDTTokenType(void);
/* Writes the value only: the name is never written in this ruleset. */
ARWEN_IMPORT(getCallValueTokenName) int32_t getCallValueTokenName(uint8_t *value, uint8_t *name);
/* Last nonce given out for the token at that address. */
ARWEN_IMPORT(getCurrentESDTNFTNonce)
int64_t getCurrentESDTNFTNonce(const uint8_t *address, const uint8_t *token, int32_t token_length);
ARWEN_IMPORT(getESDTBalance)
int32_t getESDTBalance(const uint8_t *address, const uint8_t *token, int32_t token_length, int64_t nonce,
                       uint8_t *result);
ARWEN_IMPORT(getESDTNFTNameLength)
int32_t getESDTNFTNameLength(const uint8_t *address, const uint8_t *token, int32_t token_length, int64_t nonce);
ARWEN_IMPORT(getESDTNFTAttributeLength)
int32_t getESDTNFTAttributeLength(const uint8_t *address, const uint8_t *token, int32_t token_length, int64_t nonce);
/* Of the first URI. */
ARWEN_IMPORT(getESDTNFTURILength)
int32_t getESDTNFTURILength(const uint8_t *address, const uint8_t *token, int32_t token_length, int64_t nonce);
/* Returns the length of the value in bytes; `value` and `royalties` are big integers, `uri` gets the first one. */
ARWEN_IMPORT(getESDTTokenData)
int32_t getESDTTokenData(const uint8_t *address, const uint8_t *token, int32_t token_length, int64_t nonce,
                         BigInt value, uint8_t *properties, uint8_t *hash, uint8_t *name, uint8_t *attributes,
                         uint8_t *creator, BigInt royalties, uint8_t *uri);

/* ---- Transfers. Those that return a number return 0 for done. ------------------------------------------------------- */

ARWEN_IMPORT(transferValue)
int32_t transferValue(const uint8_t *to, const uint8_t *value, const uint8_t *data, int32_t length);
/* Calls at once in the same shard, else the call travels with the transfer. */
ARWEN_IMPORT(transferValueExecute)
int32_t transferValueExecute(const uint8_t *to, const uint8_t *value, int64_t gas_limit, const uint8_t *function,
                             int32_t function_length, int32_t argument_count, const int32_t *argument_lengths,
                             const uint8_t *arguments);
/* Does nothing but cost gas: use transferESDTExecute. */
ARWEN_IMPORT(transferESDT)
int32_t transferESDT(const uint8_t *to, const uint8_t *token, int32_t token_length, const uint8_t *value,
                     int64_t gas_limit, const uint8_t *data, int32_t length);
ARWEN_IMPORT(transferESDTExecute)
int32_t transferESDTExecute(const uint8_t *to, const uint8_t *token, int32_t token_length, const uint8_t *value,
                            int64_t gas_limit, const uint8_t *function, int32_t function_length,
                            int32_t argument_count, const int32_t *argument_lengths, const uint8_t *arguments);
ARWEN_IMPORT(transferESDTNFTExecute)
int32_t transferESDTNFTExecute(const uint8_t *to, const uint8_t *token, int32_t token_length, const uint8_t *value,
                               int64_t nonce, int64_t gas_limit, const uint8_t *function, int32_t function_length,
                               int32_t argument_count, const int32_t *argument_lengths, const uint8_t *arguments);

/* ---- Calls to other contracts --------------------------------------------------------------------------------------- */

/* Stops; calls `to` with `function@hex@hex…`, in this shard or another; the answer comes to the endpoint callBack,
 * whose first argument is the return code (0, the empty string: success). */
ARWEN_IMPORT(asyncCall)
void asyncCall(const uint8_t *to, const uint8_t *value, const uint8_t *data, int32_t length);
/* In the callee's context and storage; same shard only. */
ARWEN_IMPORT(executeOnDestContext)
int32_t executeOnDestContext(int64_t gas_limit, const uint8_t *address, const uint8_t *value, const uint8_t *function,
                             int32_t function_length, int32_t argument_count, const int32_t *argument_lengths,
                             const uint8_t *arguments);
/* The callee sees the caller of this contract as its own. */
ARWEN_IMPORT(executeOnDestContextByCaller)
int32_t executeOnDestContextByCaller(int64_t gas_limit, const uint8_t *address, const uint8_t *value,
                                     const uint8_t *function, int32_t function_length, int32_t argument_count,
                                     const int32_t *argument_lengths, const uint8_t *arguments);
/* The callee's code over this contract's storage. */
ARWEN_IMPORT(executeOnSameContext)
int32_t executeOnSameContext(int64_t gas_limit, const uint8_t *address, const uint8_t *value, const uint8_t *function,
                             int32_t function_length, int32_t argument_count, const int32_t *argument_lengths,
                             const uint8_t *arguments);
/* As executeOnSameContext, with the value of the current call. */
ARWEN_IMPORT(delegateExecution)
int32_t delegateExecution(int64_t gas_limit, const uint8_t *address, const uint8_t *function, int32_t function_length,
                          int32_t argument_count, const int32_t *argument_lengths, const uint8_t *arguments);
/* As delegateExecution; storage writes and logs are dropped without an error. */
ARWEN_IMPORT(executeReadOnly)
int32_t executeReadOnly(int64_t gas_limit, const uint8_t *address, const uint8_t *function, int32_t function_length,
                        int32_t argument_count, const int32_t *argument_lengths, const uint8_t *arguments);
/* Writes the new address and returns 0, or returns 1. */
ARWEN_IMPORT(createContract)
int32_t createContract(int64_t gas_limit, const uint8_t *value, const uint8_t *code, const uint8_t *metadata,
                       int32_t code_length, uint8_t *address, int32_t argument_count,
                       const int32_t *argument_lengths, const uint8_t *arguments);
/* Deploys the code of the contract at `source`. */
ARWEN_IMPORT(deployFromSourceContract)
int32_t deployFromSourceContract(int64_t gas_limit, const uint8_t *value, const uint8_t *source,
                                 const uint8_t *metadata, uint8_t *address, int32_t argument_count,
                                 const int32_t *argument_lengths, const uint8_t *arguments);
/* Stops, as asyncCall. */
ARWEN_IMPORT(upgradeContract)
void upgradeContract(const uint8_t *address, int64_t gas_limit, const uint8_t *value, const uint8_t *code,
                     const uint8_t *metadata, int32_t code_length, int32_t argument_count,
                     const int32_t *argument_lengths, const uint8_t *arguments);
ARWEN_IMPORT(upgradeFromSourceContract)
void upgradeFromSourceContract(const uint8_t *address, int64_t gas_limit, const uint8_t *value, const uint8_t *source,
                               const uint8_t *metadata, int32_t argument_count, const int32_t *argument_lengths,
                               const uint8_t *arguments);

/* ---- Block and transaction ------------------------------------------------------------------------------------------ */

ARWEN_IMPORT(getBlockTimestamp) int64_t getBlockTimestamp(void); /* seconds */
ARWEN_IMPORT(getBlockNonce) int64_t getBlockNonce(void);
ARWEN_IMPORT(getBlockRound) int64_t getBlockRound(void);
ARWEN_IMPORT(getBlockEpoch) int64_t getBlockEpoch(void);
ARWEN_IMPORT(getBlockRandomSeed) void getBlockRandomSeed(uint8_t *result); /* 48 bytes */
ARWEN_IMPORT(getPrevBlockTimestamp) int64_t getPrevBlockTimestamp(void);
ARWEN_IMPORT(getPrevBlockNonce) int64_t getPrevBlockNonce(void);
ARWEN_IMPORT(getPrevBlockRound) int64_t getPrevBlockRound(void);
ARWEN_IMPORT(getPrevBlockEpoch) int64_t getPrevBlockEpoch(void);
ARWEN_IMPORT(getPrevBlockRandomSeed) void getPrevBlockRandomSeed(uint8_t *result); /* 48 bytes */
ARWEN_IMPORT(getBlockHash) int32_t getBlockHash(int64_t nonce, uint8_t *result);
ARWEN_IMPORT(getStateRootHash) void getStateRootHash(uint8_t *result);
ARWEN_IMPORT(getOriginalTxHash) void getOriginalTxHash(uint8_t *result);

/* ---- Big integers --------------------------------------------------------------------------------------------------- */

ARWEN_IMPORT(bigIntNew) BigInt bigIntNew(int64_t value);
ARWEN_IMPORT(bigIntSetInt64) void bigIntSetInt64(BigInt destination, int64_t value);
ARWEN_IMPORT(bigIntGetInt64) int64_t bigIntGetInt64(BigInt value); /* the low 64 bits */
ARWEN_IMPORT(bigIntIsInt64) int32_t bigIntIsInt64(BigInt value);
ARWEN_IMPORT(bigIntSetUnsignedBytes) void bigIntSetUnsignedBytes(BigInt destination, const uint8_t *data, int32_t length);
ARWEN_IMPORT(bigIntGetUnsignedBytes) int32_t bigIntGetUnsignedBytes(BigInt value, uint8_t *result);
ARWEN_IMPORT(bigIntUnsignedByteLength) int32_t bigIntUnsignedByteLength(BigInt value);
ARWEN_IMPORT(bigIntSetSignedBytes) void bigIntSetSignedBytes(BigInt destination, const uint8_t *data, int32_t length);
ARWEN_IMPORT(bigIntGetSignedBytes) int32_t bigIntGetSignedBytes(BigInt value, uint8_t *result);
ARWEN_IMPORT(bigIntSignedByteLength) int32_t bigIntSignedByteLength(BigInt value);

ARWEN_IMPORT(bigIntGetUnsignedArgument) void bigIntGetUnsignedArgument(int32_t id, BigInt destination);
ARWEN_IMPORT(bigIntGetSignedArgument) void bigIntGetSignedArgument(int32_t id, BigInt destination);
ARWEN_IMPORT(bigIntFinishUnsigned) void bigIntFinishUnsigned(BigInt value);
ARWEN_IMPORT(bigIntFinishSigned) void bigIntFinishSigned(BigInt value);
ARWEN_IMPORT(bigIntStorageLoadUnsigned)
int32_t bigIntStorageLoadUnsigned(const uint8_t *key, int32_t key_length, BigInt destination);
ARWEN_IMPORT(bigIntStorageStoreUnsigned)
int32_t bigIntStorageStoreUnsigned(const uint8_t *key, int32_t key_length, BigInt value);
ARWEN_IMPORT(bigIntGetCallValue) void bigIntGetCallValue(BigInt destination);
ARWEN_IMPORT(bigIntGetESDTCallValue) void bigIntGetESDTCallValue(BigInt destination);
ARWEN_IMPORT(bigIntGetExternalBalance) void bigIntGetExternalBalance(const uint8_t *address, BigInt destination);
ARWEN_IMPORT(bigIntGetESDTExternalBalance)
void bigIntGetESDTExternalBalance(const uint8_t *address, const uint8_t *token, int32_t token_length, int64_t nonce,
                                  BigInt destination);

ARWEN_IMPORT(bigIntAdd) void bigIntAdd(BigInt destination, BigInt a, BigInt b);
ARWEN_IMPORT(bigIntSub) void bigIntSub(BigInt destination, BigInt a, BigInt b);
ARWEN_IMPORT(bigIntMul) void bigIntMul(BigInt destination, BigInt a, BigInt b);
ARWEN_IMPORT(bigIntTDiv) void bigIntTDiv(BigInt destination, BigInt a, BigInt b); /* truncates towards zero */
ARWEN_IMPORT(bigIntTMod) void bigIntTMod(BigInt destination, BigInt a, BigInt b); /* sign of the dividend */
ARWEN_IMPORT(bigIntEDiv) void bigIntEDiv(BigInt destination, BigInt a, BigInt b); /* Euclidean */
ARWEN_IMPORT(bigIntEMod) void bigIntEMod(BigInt destination, BigInt a, BigInt b); /* never negative */
ARWEN_IMPORT(bigIntAbs) void bigIntAbs(BigInt destination, BigInt value);
ARWEN_IMPORT(bigIntNeg) void bigIntNeg(BigInt destination, BigInt value);
ARWEN_IMPORT(bigIntSign) int32_t bigIntSign(BigInt value);      /* -1, 0 or 1 */
ARWEN_IMPORT(bigIntCmp) int32_t bigIntCmp(BigInt a, BigInt b);  /* -1, 0 or 1 */
/* Bits of non-negative integers only, else the call fails. */
ARWEN_IMPORT(bigIntNot) void bigIntNot(BigInt destination, BigInt value);
ARWEN_IMPORT(bigIntAnd) void bigIntAnd(BigInt destination, BigInt a, BigInt b);
ARWEN_IMPORT(bigIntOr) void bigIntOr(BigInt destination, BigInt a, BigInt b);
ARWEN_IMPORT(bigIntXor) void bigIntXor(BigInt destination, BigInt a, BigInt b);
ARWEN_IMPORT(bigIntShl) void bigIntShl(BigInt destination, BigInt value, int32_t bits);
ARWEN_IMPORT(bigIntShr) void bigIntShr(BigInt destination, BigInt value, int32_t bits);

/* ---- Hashes (32 bytes, ripemd160: 20; return 0) and signatures (0 valid, -1 not) ----------------------------------- */

ARWEN_IMPORT(sha256) int32_t sha256(const uint8_t *data, int32_t length, uint8_t *result);
ARWEN_IMPORT(keccak256) int32_t keccak256(const uint8_t *data, int32_t length, uint8_t *result);
ARWEN_IMPORT(ripemd160) int32_t ripemd160(const uint8_t *data, int32_t length, uint8_t *result);
/* Key 32 bytes, signature 64. */
ARWEN_IMPORT(verifyEd25519)
int32_t verifyEd25519(const uint8_t *key, const uint8_t *message, int32_t length, const uint8_t *signature);
/* Key 33 or 65 bytes, DER signature over the double SHA-256 of the message. */
ARWEN_IMPORT(verifySecp256k1)
int32_t verifySecp256k1(const uint8_t *key, int32_t key_length, const uint8_t *message, int32_t length,
                        const uint8_t *signature);
/* BLS12-381: key 96 bytes, signature 48. */
ARWEN_IMPORT(verifyBLS)
int32_t verifyBLS(const uint8_t *key, const uint8_t *message, int32_t length, const uint8_t *signature);

#endif
