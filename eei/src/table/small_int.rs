//! Rows: integers of 64 bits.

use crate::abi::MemSlice;

host_fns! {
    /// Argument `id` as an unsigned 64-bit integer. An absent or wider argument fails the execution.
    "smallIntGetUnsignedArgument" = small_int_get_unsigned_argument(id: i32) -> i64,
        gas [Int64GetArgument];
    /// Argument `id` as a signed 64-bit integer. An absent or wider argument fails the execution.
    "smallIntGetSignedArgument" = small_int_get_signed_argument(id: i32) -> i64,
        gas [Int64GetArgument];
    /// Appends an unsigned integer to the return data, big-endian without leading zeros.
    "smallIntFinishUnsigned" = small_int_finish_unsigned(value: i64),
        gas [Int64Finish];
    /// Appends a signed integer to the return data, as the shortest big-endian two's complement.
    "smallIntFinishSigned" = small_int_finish_signed(value: i64),
        gas [Int64Finish];
    /// Stores an unsigned integer under a key. Returns as `storageStore` does.
    "smallIntStorageStoreUnsigned" = small_int_storage_store_unsigned(
        key: MemSlice, value: i64
    ) -> i32,
        gas [Int64StorageStore];
    /// Stores a signed integer under a key. Returns as `storageStore` does.
    "smallIntStorageStoreSigned" = small_int_storage_store_signed(key: MemSlice, value: i64) -> i32,
        gas [Int64StorageStore];
    /// The value of a key as an unsigned 64-bit integer; 0 when unset. A wider value fails the execution.
    "smallIntStorageLoadUnsigned" = small_int_storage_load_unsigned(key: MemSlice) -> i64,
        gas [Int64StorageLoad];
    /// The value of a key as a signed 64-bit integer; 0 when unset. A wider value fails the execution.
    "smallIntStorageLoadSigned" = small_int_storage_load_signed(key: MemSlice) -> i64,
        gas [Int64StorageLoad];
    /// As `smallIntGetSignedArgument`.
    "int64getArgument" = int64get_argument(id: i32) -> i64,
        gas [Int64GetArgument];
    /// As `smallIntFinishSigned`.
    "int64finish" = int64finish(value: i64),
        gas [Int64Finish];
    /// As `smallIntStorageStoreUnsigned`: the value is stored unsigned.
    "int64storageStore" = int64storage_store(key: MemSlice, value: i64) -> i32,
        gas [Int64StorageStore];
    /// As `smallIntStorageLoadUnsigned`: the value is read unsigned.
    "int64storageLoad" = int64storage_load(key: MemSlice) -> i64,
        gas [Int64StorageLoad];
}
