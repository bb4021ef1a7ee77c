//! Making the units of a module on several threads at once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::tier::queue::STACK;
use crate::tier::{Refusal, Stopped};

/// Makes units 0 to `count` on the thread it is called on and on as many more as `more` says, as far as the system has
/// them. Each has a scratch space of its own. Threads ask between units whether the result is still wanted.
///
/// # Errors
/// The refusal of the first unit that is refused, whichever thread is faster.
pub(crate) fn units<S, T: Send>(
    count: usize,
    more: usize,
    scratch: &(dyn Fn() -> S + Sync),
    make: &(dyn Fn(usize, &mut S) -> Result<T, Refusal> + Sync),
    unwanted: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<T>, Stopped> {
    let next = AtomicUsize::new(0);
    // Units are handed out in order, so all before the first that is refused have been, or are being, made.
    let end = AtomicUsize::new(count);
    let cancelled = AtomicBool::new(false);
    let made = Mutex::new(Vec::with_capacity(count));
    let keep = |mine: Vec<_>| made.lock().unwrap_or_else(PoisonError::into_inner).extend(mine);
    let work = || {
        let mut mine = Vec::new();
        let mut scratch = scratch();
        loop {
            if unwanted() {
                cancelled.store(true, Ordering::Relaxed);
                break;
            }
            let unit = next.fetch_add(1, Ordering::Relaxed);
            if unit >= end.load(Ordering::Relaxed) {
                break;
            }
            let done = make(unit, &mut scratch);
            if done.is_err() {
                end.fetch_min(unit, Ordering::Relaxed);
            }
            mine.push((unit, done));
        }
        keep(mine);
    };
    thread::scope(|scope| {
        for _ in 0..more.min(count.saturating_sub(1)) {
            let helper = thread::Builder::new()
                .name("wasm-compile".into())
                .stack_size(STACK);
            // Fewer threads than asked for are enough.
            if helper.spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let mut made = made.into_inner().unwrap_or_else(PoisonError::into_inner);
    made.sort_unstable_by_key(|(unit, _)| *unit);
    if cancelled.into_inner() {
        return Err(Stopped::Cancelled);
    }
    Ok(made.into_iter().map(|(_, done)| done).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, more: usize, refused: &[usize]) -> Result<Vec<usize>, Stopped> {
        let make = |unit: usize, made: &mut usize| {
            *made += 1;
            match refused.contains(&unit) {
                true => Err(Refusal::Failed {
                    reason: String::new(),
                    function: Some(unit as u32),
                }),
                false => Ok(unit * 10),
            }
        };
        units(count, more, &|| 0, &make, &|| false)
    }

    #[test]
    fn the_result_is_in_order_however_many_threads_there_are() {
        for more in [0, 1, 3, 500] {
            for count in [0, 1, 2, 100] {
                let wanted: Vec<usize> = (0..count).map(|unit| unit * 10).collect();
                assert_eq!(numbers(count, more, &[]).ok(), Some(wanted));
            }
        }
    }

    #[test]
    fn the_first_refusal_counts() {
        for more in [0, 1, 3] {
            for _ in 0..50 {
                match numbers(100, more, &[71, 40, 42, 99]) {
                    Err(Stopped::Refused(Refusal::Failed { function, .. })) => assert_eq!(function, Some(40)),
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    #[test]
    fn nothing_is_given_when_nobody_wants_it() {
        let made = units(100, 2, &|| (), &|unit, ()| Ok(unit), &|| true);
        assert!(matches!(made, Err(Stopped::Cancelled)));
    }
}
