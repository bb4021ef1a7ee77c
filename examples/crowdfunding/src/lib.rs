//! Money for a project, or back to those who gave it.
//!
//! Until the deadline anybody may `fund`. After it, if the target was reached, the owner claims all of it; otherwise
//! everybody claims what they gave. Money that arrives too late is refused, so nothing can tip the result.
//!
//! Storage
//! - `target`, `deadline`: as given at deployment
//! - `raised`: all that was given and not handed back
//! - `claimed`: 1 once the owner has it
//! - `gift` address: what an account gave and may still get back

#![no_std]

mod env;

use env::{require, require_arguments, require_no_payment, Address, Amount};

const TARGET: &[u8] = b"target";
const DEADLINE: &[u8] = b"deadline";
const RAISED: &[u8] = b"raised";
const CLAIMED: &[u8] = b"claimed";
const GIFT: &[u8; 4] = b"gift";

#[derive(Clone, Copy, PartialEq)]
enum Status {
    Funding = 0,
    Successful = 1,
    Failed = 2,
}

fn current_status() -> Status {
    if env::now() < env::load_integer(DEADLINE) {
        Status::Funding
    } else if Amount::load(RAISED).reaches(Amount::load(TARGET)) {
        Status::Successful
    } else {
        Status::Failed
    }
}

fn gift_key(of: &Address) -> [u8; 36] {
    let mut key = [0; 36];
    key[..4].copy_from_slice(GIFT);
    key[4..].copy_from_slice(of);
    key
}

/// init(target, deadline)
#[no_mangle]
pub extern "C" fn init() {
    require_no_payment();
    require_arguments(2);
    let target = Amount::argument(0);
    require(!target.is_zero(), "the target is nothing");
    let deadline = env::integer_argument(1);
    require(deadline > env::now(), "the deadline has passed");
    target.store(TARGET);
    env::store_integer(DEADLINE, deadline);
}

/// fund(), payable
#[no_mangle]
pub extern "C" fn fund() {
    require_arguments(0);
    require(current_status() == Status::Funding, "too late");
    let paid = Amount::paid();
    require(!paid.is_zero(), "nothing was paid");

    let giver = env::caller();
    let key = gift_key(&giver);
    Amount::load(&key).plus(paid).store(&key);
    Amount::load(RAISED).plus(paid).store(RAISED);
    env::log(b"fund", &giver, paid);
}

/// claim(): the owner after a success, a giver after a failure.
#[no_mangle]
pub extern "C" fn claim() {
    require_no_payment();
    require_arguments(0);
    let caller = env::caller();
    match current_status() {
        Status::Funding => require(false, "too early"),
        Status::Successful => {
            require(caller == env::owner(), "the owner alone may claim");
            require(env::load_integer(CLAIMED) == 0, "claimed before");
            env::store_integer(CLAIMED, 1);
            let raised = Amount::load(RAISED);
            raised.send(&caller);
            env::log(b"claim", &caller, raised);
        }
        Status::Failed => {
            let key = gift_key(&caller);
            let gift = Amount::load(&key);
            require(!gift.is_zero(), "nothing to claim");
            // The entry goes before the money does.
            Amount::zero().store(&key);
            Amount::load(RAISED).minus(gift).store(RAISED);
            gift.send(&caller);
            env::log(b"refund", &caller, gift);
        }
    }
}

/// status() -> 0 funding, 1 successful, 2 failed
#[no_mangle]
pub extern "C" fn status() {
    require_arguments(0);
    env::finish_integer(current_status() as u64);
}

/// raised() -> amount
#[no_mangle]
pub extern "C" fn raised() {
    require_arguments(0);
    Amount::load(RAISED).finish();
}

/// gift(address) -> amount
#[no_mangle]
pub extern "C" fn gift() {
    require_arguments(1);
    Amount::load(&gift_key(&env::address_argument(0))).finish();
}
