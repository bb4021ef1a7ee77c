//! The host functions that the contract needs, as safe Rust. The declarations are the ones that the VM prints.

mod sys {
    #![allow(dead_code, non_snake_case)]
    include!("../../include/arwen.rs");
}

/// Calls a host function.
macro_rules! host {
    ($name:ident($($argument:expr),*)) => {{
        // SAFETY: every pointer below is that of an array, passed with its length where the host reads, and with room
        // for the longest answer where it writes. The host stays inside the contract's memory whatever it is given.
        unsafe { sys::$name($($argument),*) }
    }};
}

/// An account.
pub type Address = [u8; 32];

/// Bytes of an amount where the interface wants them all.
const AMOUNT: usize = 32;

fn len(bytes: &[u8]) -> i32 {
    bytes.len() as i32
}

/// An amount that lives in the VM; a clone is the same amount.
#[derive(Clone, Copy)]
pub struct Amount(sys::BigInt);

impl Amount {
    pub fn zero() -> Self {
        Self(host!(bigIntNew(0)))
    }

    pub fn argument(id: i32) -> Self {
        let amount = Self::zero();
        host!(bigIntGetUnsignedArgument(id, amount.0));
        amount
    }

    /// The EGLD that came with the call.
    pub fn paid() -> Self {
        let amount = Self::zero();
        host!(bigIntGetCallValue(amount.0));
        amount
    }

    pub fn load(key: &[u8]) -> Self {
        let amount = Self::zero();
        host!(bigIntStorageLoadUnsigned(key.as_ptr(), len(key), amount.0));
        amount
    }

    pub fn store(self, key: &[u8]) {
        host!(bigIntStorageStoreUnsigned(key.as_ptr(), len(key), self.0));
    }

    pub fn plus(self, other: Self) -> Self {
        let sum = Self::zero();
        host!(bigIntAdd(sum.0, self.0, other.0));
        sum
    }

    pub fn minus(self, other: Self) -> Self {
        let difference = Self::zero();
        host!(bigIntSub(difference.0, self.0, other.0));
        difference
    }

    pub fn is_zero(self) -> bool {
        host!(bigIntSign(self.0)) == 0
    }

    pub fn reaches(self, other: Self) -> bool {
        host!(bigIntCmp(self.0, other.0)) >= 0
    }

    pub fn finish(self) {
        host!(bigIntFinishUnsigned(self.0));
    }

    /// Sends the amount from the contract to an account.
    pub fn send(self, to: &Address) {
        let mut bytes = [0; AMOUNT];
        let length = host!(bigIntUnsignedByteLength(self.0)) as usize;
        require(length <= AMOUNT, "the amount has more than 32 bytes");
        // The host writes exactly `length` bytes, so the amount ends where the array ends.
        host!(bigIntGetUnsignedBytes(
            self.0,
            bytes[AMOUNT - length..].as_mut_ptr()
        ));
        host!(transferValue(to.as_ptr(), bytes.as_ptr(), [].as_ptr(), 0));
    }
}

/// Ends the call as failed unless the condition holds.
pub fn require(condition: bool, message: &str) {
    if !condition {
        host!(signalError(message.as_ptr(), message.len() as i32));
        // The host does not return.
        core::arch::wasm32::unreachable()
    }
}

pub fn require_arguments(count: i32) {
    require(host!(getNumArguments()) == count, "wrong number of arguments");
}

pub fn require_no_payment() {
    host!(checkNoPayment());
}

pub fn address_argument(id: i32) -> Address {
    let mut address = [0; 32];
    require(host!(getArgumentLength(id)) == 32, "an address has 32 bytes");
    host!(getArgument(id, address.as_mut_ptr()));
    address
}

pub fn integer_argument(id: i32) -> u64 {
    host!(smallIntGetUnsignedArgument(id)) as u64
}

pub fn caller() -> Address {
    let mut address = [0; 32];
    host!(getCaller(address.as_mut_ptr()));
    address
}

pub fn owner() -> Address {
    let mut address = [0; 32];
    host!(getOwnerAddress(address.as_mut_ptr()));
    address
}

/// Time of the current block, in seconds since 1970.
pub fn now() -> u64 {
    host!(getBlockTimestamp()) as u64
}

pub fn load_integer(key: &[u8]) -> u64 {
    host!(smallIntStorageLoadUnsigned(key.as_ptr(), len(key))) as u64
}

pub fn store_integer(key: &[u8], value: u64) {
    host!(smallIntStorageStoreUnsigned(key.as_ptr(), len(key), value as i64));
}

pub fn finish_integer(value: u64) {
    host!(smallIntFinishUnsigned(value as i64));
}

/// Logs an event about an account and an amount.
pub fn log(event: &[u8], who: &Address, amount: Amount) {
    let mut topics = [0; 64];
    topics[..event.len()].copy_from_slice(event);
    topics[event.len()..event.len() + who.len()].copy_from_slice(who);
    let lengths = [len(event), len(who)];
    let mut data = [0; AMOUNT];
    let length = host!(bigIntUnsignedByteLength(amount.0));
    require(length as usize <= AMOUNT, "the amount has more than 32 bytes");
    host!(bigIntGetUnsignedBytes(amount.0, data.as_mut_ptr()));
    host!(writeEventLog(
        2,
        lengths.as_ptr(),
        topics.as_ptr(),
        data.as_ptr(),
        length
    ));
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
