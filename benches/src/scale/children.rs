//! By the number of children at work at the same time.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use arwen_ipc_host::marshalizer::Marshalizer;
use arwen_ipc_host::pool::Pool;

use super::{Measure, Series};
use crate::chain::{ALICE, child, example, good, vm_input};
use arwen_interface::CallInput;
use arwen_scenario::{Account, World};

/// Calls that every child makes.
const CALLS: usize = 200;

const GAS: u64 = 50_000_000;
const COUNTER: [u8; 32] = [
    0, 0, 0, 0, 0, 0, 0, 0, 5, 0, b'c', b'o', b'u', b'n', b't', b'e', b'r', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 1,
];

/// The series of this file; `program` is the child's.
pub(super) fn series(program: PathBuf) -> Series {
    Series {
        name: "children",
        size: "children, 200 calls each",
        sizes: (1, 32),
        make: Box::new(move || children(program)),
    }
}

fn children(program: PathBuf) -> Result<Measure, String> {
    let config = child(program, Marshalizer::Binary, GAS)?;
    let code = example("counter")?;
    // One pool a size, kept: starting children is not what is measured.
    let mut pools: Vec<Option<Pool>> = Vec::new();
    Ok(Box::new(move |size| {
        pools.resize_with(pools.len().max(size + 1), || None);
        let pool = match &mut pools[size] {
            Some(pool) => pool,
            empty => {
                let size = NonZeroUsize::new(size).ok_or("no children")?;
                empty.insert(Pool::start(config.clone(), size).map_err(|error| error.to_string())?)
            }
        };
        let start = Instant::now();
        thread::scope(|scope| {
            let workers: Vec<_> = (0..size).map(|_| scope.spawn(|| work(pool, &code))).collect();
            workers
                .into_iter()
                .try_for_each(|worker| worker.join().map_err(|_| "a thread panicked".to_owned())?)
        })?;
        Ok(start.elapsed().as_secs_f64() * 1e6)
    }))
}

/// One thread's calls, in a world of its own, through a lease it keeps.
fn work(pool: &Pool, code: &[u8]) -> Result<(), String> {
    let mut world = World::new();
    world.put(ALICE, Account::with_balance(0));
    world.put(COUNTER, Account::contract(code, [5, 2], ALICE));
    let input = CallInput {
        vm_input: vm_input(ALICE.to_vec(), vec![], GAS),
        recipient: COUNTER.to_vec(),
        function: "increment".to_owned(),
        ..CallInput::default()
    };
    let mut lease = pool.lease(&COUNTER).map_err(|error| error.to_string())?;
    for _ in 0..CALLS {
        let output = lease
            .call(&mut world, &input)
            .map_err(|error| error.to_string())?;
        world.apply(&good(output)?);
    }
    Ok(())
}
