// The part of the environment interface that the adder uses. A handle names a big integer that lives in the VM.
export type BigInt = i32;

@external("env", "checkNoPayment")
export declare function checkNoPayment(): void;

@external("env", "getNumArguments")
export declare function getNumArguments(): i32;

@external("env", "signalError")
export declare function signalError(message: usize, length: i32): void;

@external("env", "bigIntNew")
export declare function bigIntNew(value: i64): BigInt;

@external("env", "bigIntGetUnsignedArgument")
export declare function bigIntGetUnsignedArgument(id: i32, destination: BigInt): void;

@external("env", "bigIntAdd")
export declare function bigIntAdd(destination: BigInt, a: BigInt, b: BigInt): void;

@external("env", "bigIntStorageLoadUnsigned")
export declare function bigIntStorageLoadUnsigned(key: usize, keyLength: i32, destination: BigInt): i32;

@external("env", "bigIntStorageStoreUnsigned")
export declare function bigIntStorageStoreUnsigned(key: usize, keyLength: i32, value: BigInt): i32;

@external("env", "bigIntFinishUnsigned")
export declare function bigIntFinishUnsigned(value: BigInt): void;
