//! Two observers of one run.

use arwen_eei::{CallBegin, CallEnd, GasUse, RunObserver, RunningCode, StorageAccess};
use arwen_engine::{Observer, Place, Step, Trap};

/// Tells the first what happens, then the second.
#[derive(Default)]
pub(crate) struct Both<A, B>(pub A, pub B);

/// Hands methods on to both.
macro_rules! tell_both {
    ($($method:ident($($arg:ident: $ty:ty),*);)*) => {$(
        fn $method(&mut self, $($arg: $ty),*) {
            self.0.$method($($arg),*);
            self.1.$method($($arg),*);
        }
    )*};
}

impl<A: Observer, B: Observer> Observer for Both<A, B> {
    tell_both! {
        enter(place: Place);
        operator(step: &Step<'_>);
        leave(place: Place);
        host_enter(place: Place, id: u32, used: u64);
        host_leave(place: Place, id: u32, used: u64);
        trap(place: Place, trap: Trap);
    }
}

impl<A: RunObserver, B: RunObserver> RunObserver for Both<A, B> {
    tell_both! {
        call_begin(call: &CallBegin<'_>);
        code(code: &RunningCode<'_>);
        gas(what: GasUse<'_>, amount: i128);
        storage(access: &StorageAccess<'_>);
        call_end(end: &CallEnd);
    }
}
