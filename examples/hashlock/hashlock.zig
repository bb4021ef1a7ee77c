//! Money behind a hash. Whoever shows the secret in time moves it to the receiver; after the deadline it goes back to
//! the sender. Two of these on two chains, with one secret, are a swap that nobody has to be trusted for.
//!
//! Storage
//!   "lock" SHA-256 of the secret    a `Lock`, until it is opened
const arwen = @import("arwen");

const Address = [32]u8;
const Amount = [32]u8;
const Digest = [32]u8;

/// As it lies in memory and in storage.
const Lock = extern struct {
    sender: Address,
    receiver: Address,
    amount: Amount,
    /// Seconds since 1970.
    deadline: u64,
};

/// A secret longer than this could be too long for another chain.
const longest_secret = 64;

/// Ends the call as failed unless the condition holds.
fn require(condition: bool, comptime message: []const u8) void {
    if (!condition) {
        arwen.signalError(message.ptr, message.len); // does not return
        unreachable;
    }
}

fn requireArguments(count: i32) void {
    require(arwen.getNumArguments() == count, "wrong number of arguments");
}

/// An argument of 32 bytes.
fn argument32(id: i32) [32]u8 {
    require(arwen.getArgumentLength(id) == 32, "an address or a hash has 32 bytes");
    var bytes: [32]u8 = undefined;
    _ = arwen.getArgument(id, &bytes);
    return bytes;
}

fn caller() Address {
    var address: Address = undefined;
    arwen.getCaller(&address);
    return address;
}

const Key = struct {
    bytes: [4 + 32]u8,

    fn of(digest: Digest) Key {
        return .{ .bytes = "lock".* ++ digest };
    }

    /// The lock, which stays where it is.
    fn load(key: *const Key) Lock {
        require(key.exists(), "no such lock");
        var entry: Lock = undefined;
        _ = arwen.storageLoad(&key.bytes, key.bytes.len, @ptrCast(&entry));
        return entry;
    }

    fn exists(key: *const Key) bool {
        return arwen.storageLoadLength(&key.bytes, key.bytes.len) == @sizeOf(Lock);
    }

    fn store(key: *const Key, entry: *const Lock) void {
        _ = arwen.storageStore(&key.bytes, key.bytes.len, @ptrCast(entry), @sizeOf(Lock));
    }

    fn clear(key: *const Key) void {
        _ = arwen.storageStore(&key.bytes, key.bytes.len, &key.bytes, 0);
    }
};

fn now() u64 {
    return @bitCast(arwen.getBlockTimestamp());
}

/// Logs an event about a lock and an account.
fn log(comptime event: []const u8, digest: Digest, account: Address) void {
    const lengths = [_]i32{ event.len, digest.len };
    const topics = event[0..event.len].* ++ digest;
    arwen.writeEventLog(lengths.len, &lengths, &topics, &account, account.len);
}

/// Sends what a lock holds; the entry is gone before the money is.
fn open(key: *const Key, to: Address, amount: Amount, comptime note: []const u8) void {
    key.clear();
    _ = arwen.transferValue(&to, &amount, note.ptr, note.len);
}

export fn init() void {
    arwen.checkNoPayment();
    requireArguments(0);
}

/// lock(receiver, digest, deadline), payable
export fn lock() void {
    requireArguments(3);
    const digest = argument32(1);
    const key = Key.of(digest);
    require(!key.exists(), "this hash is in use");

    var entry = Lock{
        .sender = caller(),
        .receiver = argument32(0),
        .amount = @splat(0),
        .deadline = @bitCast(arwen.smallIntGetUnsignedArgument(2)),
    };
    require(arwen.getCallValue(&entry.amount) != 0, "nothing was paid");
    require(entry.deadline > now(), "the deadline has passed");
    key.store(&entry);
    log("lock", digest, entry.receiver);
}

/// redeem(secret): anybody may bring it.
export fn redeem() void {
    arwen.checkNoPayment();
    requireArguments(1);
    const length = arwen.getArgumentLength(0);
    require(length <= longest_secret, "the secret has more than 64 bytes");
    var secret: [longest_secret]u8 = undefined;
    _ = arwen.getArgument(0, &secret);
    var digest: Digest = undefined;
    _ = arwen.sha256(&secret, length, &digest);

    const key = Key.of(digest);
    const entry = key.load();
    require(now() < entry.deadline, "too late");
    open(&key, entry.receiver, entry.amount, "redeemed");
    log("redeem", digest, entry.receiver);
}

/// refund(digest): anybody may ask for it.
export fn refund() void {
    arwen.checkNoPayment();
    requireArguments(1);
    const digest = argument32(0);
    const key = Key.of(digest);
    const entry = key.load();
    require(now() >= entry.deadline, "too early");
    open(&key, entry.sender, entry.amount, "refunded");
    log("refund", digest, entry.sender);
}

/// find(digest) -> sender, receiver, amount, deadline
export fn find() void {
    requireArguments(1);
    const entry = Key.of(argument32(0)).load();
    arwen.finish(&entry.sender, entry.sender.len);
    arwen.finish(&entry.receiver, entry.receiver.len);
    arwen.finish(&entry.amount, entry.amount.len);
    arwen.smallIntFinishUnsigned(@bitCast(entry.deadline));
}
