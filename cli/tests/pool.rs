//! Several real children at once, from threads and from futures.

mod common;

use std::future::Future;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use arwen_interface::{CallInput, ReturnCode};
use arwen_ipc_host::asynchronous::AsyncDriver;
use arwen_ipc_host::driver::DriverError;
use arwen_ipc_host::pool::Pool;
use arwen_metering::Schedule;
use arwen_scenario::World;
use rustix::process::{Pid, Signal, kill_process};

use common::*;

fn pool(size: usize) -> Pool {
    Pool::start(config(), NonZeroUsize::new(size).unwrap()).unwrap()
}

/// A world with the counter in it.
fn world() -> (World, Vec<u8>) {
    let mut node = Node::start(config());
    let counter = node.deploy(COUNTER);
    (node.world, counter)
}

fn increment(counter: &[u8]) -> CallInput {
    call_input(counter, "increment", 1_000_000)
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn threads_share_the_children_and_a_death_costs_one_call() {
    let (world, counter) = world();
    let pool = pool(2);
    thread::scope(|scope| {
        for number in 0..6 {
            let (pool, counter, mut world) = (&pool, &counter, world.clone());
            scope.spawn(move || {
                for call in 0..20 {
                    if number == 0 && call % 5 == 0 {
                        let mut lease = pool.lease(counter).unwrap();
                        let pid = lease.process_id();
                        let mut asked = |_: &str| {
                            if let Some(pid) = pid {
                                let _ = kill_process(Pid::from_raw(pid as i32).unwrap(), Signal::KILL);
                            }
                        };
                        let mut spy = Spy {
                            world: &mut world,
                            asked: &mut asked,
                        };
                        let result = lease.call(&mut spy, &increment(counter));
                        assert_eq!(result.is_err(), pid.is_some(), "{result:?}");
                    }
                    let output = pool.call(&mut world, &increment(counter)).unwrap();
                    assert_eq!(output.return_data, [[6]]);
                }
            });
        }
    });
}

#[test]
fn a_contract_returns_to_the_child_that_knows_it() {
    let (mut world, counter) = world();
    let pool = pool(2);
    pool.call(&mut world, &increment(&counter)).unwrap();
    let known = pool.lease(&counter).unwrap().process_id();
    {
        // Both run, and the other one is given back last.
        let first = pool.lease(&counter).unwrap();
        let mut second = pool.lease(b"another").unwrap();
        second.version().unwrap();
        drop(first);
    }
    let mut other = pool.lease(b"another").unwrap();
    assert_ne!(other.process_id(), known);
    drop(other);
    assert_eq!(pool.lease(&counter).unwrap().process_id(), known);
}

#[test]
fn whoever_came_first_is_served_first() {
    let pool = pool(1);
    let (sender, order) = mpsc::channel();
    thread::scope(|scope| {
        let held = pool.lease(&[]).unwrap();
        for number in 0..5 {
            let (waiting, is_waiting) = mpsc::channel();
            let (pool, sender) = (&pool, sender.clone());
            scope.spawn(move || {
                waiting.send(()).unwrap();
                let _lease = pool.lease(&[]).unwrap();
                sender.send(number).unwrap();
            });
            is_waiting.recv().unwrap();
            while pool.waiting() != number + 1 {
                thread::yield_now();
            }
        }
        drop(held);
    });
    drop(sender);
    assert_eq!(order.iter().collect::<Vec<usize>>(), [0, 1, 2, 3, 4]);
}

#[test]
fn new_prices_reach_every_child() {
    let (mut world, counter) = world();
    let pool = pool(2);
    let gas = |pool: &Pool, world: &mut World| {
        let first = pool.lease(&counter).unwrap().call(world, &increment(&counter));
        first.unwrap().gas_remaining
    };
    {
        let mut first = pool.lease(&counter).unwrap();
        let mut second = pool.lease(&counter).unwrap();
        first.version().unwrap();
        second.version().unwrap();
    }
    let cheap = gas(&pool, &mut world);
    assert!(matches!(
        pool.change_gas_schedule(Default::default()),
        Err(DriverError::Schedule(_))
    ));
    assert_eq!(gas(&pool, &mut world), cheap);
    pool.change_gas_schedule(Schedule::bundled_raw("v3").unwrap())
        .unwrap();
    let mut first = pool.lease(&counter).unwrap();
    let mut second = pool.lease(&counter).unwrap();
    for driver in [&mut first, &mut second] {
        let output = driver.call(&mut world, &increment(&counter)).unwrap();
        assert!(output.gas_remaining < cheap);
    }
}

#[test]
fn a_handle_from_a_lease_stops_nobody_else() {
    let (mut world, counter) = world();
    let pool = pool(1);
    let stale = pool.lease(&counter).unwrap().interrupt_handle();
    let mut lease = pool.lease(&counter).unwrap();
    let (own, late) = (lease.interrupt_handle(), lease.next_interrupt_handle());
    let mut call = |function: &str, asked: &mut (dyn FnMut(&str) + Send)| {
        let mut spy = Spy {
            world: &mut world,
            asked,
        };
        lease.call(&mut spy, &call_input(&counter, function, u64::MAX / 2))
    };
    let output = call("increment", &mut |_| assert!(!stale.interrupt())).unwrap();
    assert_eq!(output.return_data, [[6]]);
    let output = call("increment", &mut |_| assert!(!late.interrupt())).unwrap();
    assert_eq!(output.return_data, [[6]]);
    let error = call("forever", &mut |_| assert!(own.interrupt())).unwrap_err();
    assert!(matches!(error, DriverError::Interrupted), "{error}");
}

#[test]
fn a_panic_of_a_hook_ends_the_operation() {
    let mut node = Node::start(config());
    let counter = node.deploy(COUNTER);
    let handle = node.driver.interrupt_handle();
    let mut spy = Spy {
        world: &mut node.world,
        asked: &mut |_| panic!("a bug of the node"),
    };
    let driver = &mut node.driver;
    let call = AssertUnwindSafe(|| driver.call(&mut spy, &increment(&counter)));
    assert!(catch_unwind(call).is_err() && !handle.interrupt());
    assert_eq!(node.increment(&counter), [[6]]);
}

#[test]
fn futures_are_completed_without_a_runtime() {
    let (world, counter) = world();
    let driver = AsyncDriver::start(pool(2)).unwrap();
    let calls: Vec<_> = (0..10)
        .map(|_| driver.call(world.clone(), increment(&counter)))
        .collect();
    for call in calls {
        assert_eq!(block_on(call).unwrap().return_data, [[6]]);
    }
    let code = wat::parse_str(COUNTER).unwrap();
    let created = block_on(driver.create(world.clone(), create_input(&code, 1_000_000))).unwrap();
    assert_eq!(created.return_code, ReturnCode::Ok);
    let prices = Schedule::bundled_raw("v3").unwrap();
    block_on(driver.change_gas_schedule(prices)).unwrap();
    // What was asked for is done, though nobody is left to ask for more.
    let last = driver.call(world, call_input(&counter, "increment", 10_000_000));
    drop(driver);
    assert_eq!(block_on(last).unwrap().return_data, [[6]]);
}

#[test]
fn an_operation_that_is_dropped_is_cancelled() {
    let (world, counter) = world();
    let driver = AsyncDriver::start(pool(1)).unwrap();
    let forever = || call_input(&counter, "forever", u64::MAX / 2);
    // Before it begins, as it begins, and while it runs: the next one is served each time, and none other is stopped.
    for delay in [0, 1, 50] {
        let running = driver.call(world.clone(), forever());
        let waiting = driver.call(world.clone(), forever());
        let next = driver.call(world.clone(), increment(&counter));
        thread::sleep(Duration::from_millis(delay));
        drop(waiting);
        drop(running);
        assert_eq!(block_on(next).unwrap().return_data, [[6]]);
    }
}

#[test]
fn a_hook_that_panics_fails_its_own_operation() {
    let (world, counter) = world();
    let driver = AsyncDriver::start(pool(1)).unwrap();
    let spy = Spy {
        world: Box::leak(Box::new(world.clone())),
        asked: Box::leak(Box::new(|_: &str| panic!("a bug of the node"))),
    };
    let error = block_on(driver.call(spy, increment(&counter))).unwrap_err();
    assert!(matches!(error, DriverError::HookPanicked), "{error}");
    let next = block_on(driver.call(world, increment(&counter))).unwrap();
    assert_eq!(next.return_data, [[6]]);
}
