//! Rows: big integers.

use crate::abi::{BigHandle, MemOut, MemPtr, MemSlice};

host_fns! {
    /// Makes a big integer with this value; returns its handle.
    "bigIntNew" = big_int_new(value: i64) -> BigHandle,
        gas [BigIntNew];
    /// The length of the absolute value, in bytes.
    "bigIntUnsignedByteLength" = big_int_unsigned_byte_length(a: BigHandle) -> i32,
        gas [BigIntUnsignedByteLength];
    /// The length of the value as two's complement, in bytes.
    "bigIntSignedByteLength" = big_int_signed_byte_length(a: BigHandle) -> i32,
        gas [BigIntSignedByteLength];
    /// Writes the absolute value at `bytes`, big-endian; returns its length.
    "bigIntGetUnsignedBytes" = big_int_get_unsigned_bytes(a: BigHandle, bytes: MemOut) -> i32,
        gas [BigIntGetUnsignedBytes];
    /// Writes the value at `bytes`, big-endian two's complement; returns its length.
    "bigIntGetSignedBytes" = big_int_get_signed_bytes(a: BigHandle, bytes: MemOut) -> i32,
        gas [BigIntGetSignedBytes];
    /// Sets a value from unsigned big-endian bytes.
    "bigIntSetUnsignedBytes" = big_int_set_unsigned_bytes(dest: BigHandle, bytes: MemSlice),
        gas [BigIntSetUnsignedBytes];
    /// Sets a value from big-endian two's complement bytes.
    "bigIntSetSignedBytes" = big_int_set_signed_bytes(dest: BigHandle, bytes: MemSlice),
        gas [BigIntSetSignedBytes];
    /// 1 if the value fits a signed 64-bit integer, 0 otherwise.
    "bigIntIsInt64" = big_int_is_int64(dest: BigHandle) -> i32,
        gas [BigIntIsInt64];
    /// The lowest 64 bits of the absolute value, with the value's sign.
    "bigIntGetInt64" = big_int_get_int64(dest: BigHandle) -> i64,
        gas [BigIntGetInt64];
    /// Sets a value.
    "bigIntSetInt64" = big_int_set_int64(dest: BigHandle, value: i64),
        gas [BigIntSub];
    /// Sets `dest` to a + b.
    "bigIntAdd" = big_int_add(dest: BigHandle, a: BigHandle, b: BigHandle),
        gas [BigIntSub];
    /// Sets `dest` to a - b.
    "bigIntSub" = big_int_sub(dest: BigHandle, a: BigHandle, b: BigHandle),
        gas [BigIntSub];
    /// Sets `dest` to a * b.
    "bigIntMul" = big_int_mul(dest: BigHandle, a: BigHandle, b: BigHandle),
        gas [BigIntMul];
    /// Sets `dest` to a / b, rounded towards zero. Division by zero fails the execution.
    "bigIntTDiv" = big_int_tdiv(dest: BigHandle, a: BigHandle, b: BigHandle),
        gas [BigIntTDiv];
    /// Sets `dest` to the remainder that goes with `bigIntTDiv`; it has the sign of a.
    "bigIntTMod" = big_int_tmod(dest: BigHandle, a: BigHandle, b: BigHandle),
        gas [BigIntSub];
    /// Sets `dest` to the Euclidean quotient of a and b. Division by zero fails the execution.
    "bigIntEDiv" = big_int_ediv(dest: BigHandle, a: BigHandle, b: BigHandle),
        gas [BigIntSub];
    /// Sets `dest` to the Euclidean remainder of a and b, which is never negative.
    "bigIntEMod" = big_int_emod(dest: BigHandle, a: BigHandle, b: BigHandle),
        gas [BigIntSub];
    /// Sets `dest` to the absolute value of a.
    "bigIntAbs" = big_int_abs(dest: BigHandle, a: BigHandle),
        gas [BigIntSub];
    /// Sets `dest` to -a.
    "bigIntNeg" = big_int_neg(dest: BigHandle, a: BigHandle),
        gas [BigIntSub];
    /// -1, 0 or 1 for a negative, zero or positive value.
    "bigIntSign" = big_int_sign(a: BigHandle) -> i32,
        gas [BigIntSign];
    /// -1, 0 or 1 when a is smaller than, equal to or greater than b.
    "bigIntCmp" = big_int_cmp(a: BigHandle, b: BigHandle) -> i32,
        gas [BigIntCmp];
    /// Sets `dest` to -(a + 1). A negative a fails the execution.
    "bigIntNot" = big_int_not(dest: BigHandle, a: BigHandle),
        gas [BigIntSub];
    /// Sets `dest` to a and b, bit by bit. Negative operands fail the execution.
    "bigIntAnd" = big_int_and(dest: BigHandle, a: BigHandle, b: BigHandle),
        gas [BigIntSub];
    /// Sets `dest` to a or b, bit by bit. Negative operands fail the execution.
    "bigIntOr" = big_int_or(dest: BigHandle, a: BigHandle, b: BigHandle),
        gas [BigIntSub];
    /// Sets `dest` to a exclusive-or b, bit by bit. Negative operands fail the execution.
    "bigIntXor" = big_int_xor(dest: BigHandle, a: BigHandle, b: BigHandle),
        gas [BigIntSub];
    /// Sets `dest` to a shifted right. A negative a or amount fails the execution.
    "bigIntShr" = big_int_shr(dest: BigHandle, a: BigHandle, bits: i32),
        gas [BigIntSub];
    /// Sets `dest` to a shifted left. A negative a or amount fails the execution.
    "bigIntShl" = big_int_shl(dest: BigHandle, a: BigHandle, bits: i32),
        gas [BigIntSub];
    /// Appends the absolute value, big-endian, to the return data.
    "bigIntFinishUnsigned" = big_int_finish_unsigned(a: BigHandle),
        gas [BigIntFinishUnsigned];
    /// Appends the value, big-endian two's complement, to the return data.
    "bigIntFinishSigned" = big_int_finish_signed(a: BigHandle),
        gas [BigIntFinishSigned];
    /// Sets `dest` from argument `id`, unsigned big-endian; leaves it when there is no such argument. A negative `id`
    /// aborts the VM's run.
    "bigIntGetUnsignedArgument" = big_int_get_unsigned_argument(id: i32, dest: BigHandle),
        gas [BigIntGetUnsignedArgument];
    /// Sets `dest` from argument `id`, big-endian two's complement; leaves it when there is no such argument. A
    /// negative `id` aborts the VM's run.
    "bigIntGetSignedArgument" = big_int_get_signed_argument(id: i32, dest: BigHandle),
        gas [BigIntGetSignedArgument];
    /// Stores the absolute value of `source` under a key. Returns as `storageStore` does.
    "bigIntStorageStoreUnsigned" = big_int_storage_store_unsigned(
        key: MemSlice, source: BigHandle
    ) -> i32,
        gas [BigIntStorageStoreUnsigned];
    /// Sets `dest` from the value of a key, unsigned big-endian; returns the value's length.
    "bigIntStorageLoadUnsigned" = big_int_storage_load_unsigned(key: MemSlice, dest: BigHandle) -> i32,
        gas [BigIntStorageLoadUnsigned];
    /// Sets `dest` to the EGLD of the call.
    "bigIntGetCallValue" = big_int_get_call_value(dest: BigHandle),
        gas [BigIntGetCallValue];
    /// Sets `dest` to the value of the call's first token transfer; 0 when there is none.
    "bigIntGetESDTCallValue" = big_int_get_esdt_call_value(dest: BigHandle),
        gas [BigIntGetCallValue];
    /// Sets `dest` to an account's EGLD.
    "bigIntGetExternalBalance" = big_int_get_external_balance(address: MemPtr, dest: BigHandle),
        gas [BigIntGetExternalBalance];
    /// Sets `dest` to how much of a token an account has.
    "bigIntGetESDTExternalBalance" = big_int_get_esdt_external_balance(
        address: MemPtr, token: MemSlice, nonce: i64, dest: BigHandle
    ),
        gas [BigIntGetExternalBalance, GetExternalBalance];
}
