//! The driver for nodes that are written in `async` Rust, whatever their runtime.
//!
//! Every child of a [`Pool`] has a thread here that drives it; an [`Operation`] is a future that this thread completes.
//! Nothing else is needed: no runtime, no timer, no reactor.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use arwen_interface::{BlockchainHook, CallInput, CreateInput, VmOutput};

use crate::driver::DriverError;
use crate::interrupt::InterruptHandle;
use crate::pool::{Lease, Pool};
use crate::records::GasSchedule;

/// A pool whose operations are futures. They begin in the order in which they were asked for.
///
/// Dropping it lets the operations that were asked for come to their end.
pub struct AsyncDriver {
    shared: Arc<Shared>,
}

struct Shared {
    pool: Pool,
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    work: VecDeque<Work>,
    closed: bool,
}

type Work = Box<dyn FnOnce(&Pool) + Send>;

impl AsyncDriver {
    /// Starts the threads, one for each child that `pool` may have.
    ///
    /// # Errors
    /// A thread could not be started.
    pub fn start(pool: Pool) -> io::Result<Self> {
        let threads = pool.size();
        let driver = Self {
            shared: Arc::new(Shared {
                pool,
                queue: Mutex::default(),
                changed: Condvar::new(),
            }),
        };
        for number in 0..threads {
            let shared = driver.shared.clone();
            thread::Builder::new()
                .name(format!("arwen-driver-{number}"))
                .spawn(move || shared.serve())?;
        }
        Ok(driver)
    }

    /// Deploys a contract. The output is not applied to anything.
    pub fn create(
        &self,
        hook: impl BlockchainHook + Send + 'static,
        input: CreateInput,
    ) -> Operation<VmOutput> {
        let mut hook = hook;
        self.operate(Vec::new(), move |driver| driver.create(&mut hook, &input))
    }

    /// Calls a contract. The output is not applied to anything.
    pub fn call(&self, hook: impl BlockchainHook + Send + 'static, input: CallInput) -> Operation<VmOutput> {
        let mut hook = hook;
        self.operate(input.recipient.clone(), move |driver| {
            driver.call(&mut hook, &input)
        })
    }

    /// Changes the prices, for every operation that begins after this one is done.
    pub fn change_gas_schedule(&self, prices: GasSchedule) -> Operation<()> {
        let (operation, job) = Operation::new();
        self.submit(Box::new(move |pool| {
            job.run(None, || pool.change_gas_schedule(prices));
        }));
        operation
    }

    fn operate<T: Send + 'static>(
        &self,
        contract: Vec<u8>,
        work: impl FnOnce(&mut Lease<'_>) -> Result<T, DriverError> + Send + 'static,
    ) -> Operation<T> {
        let (operation, job) = Operation::new();
        self.submit(Box::new(move |pool| {
            match pool.lease(&contract) {
                Ok(mut lease) => job.run(Some(lease.next_interrupt_handle()), || work(&mut lease)),
                Err(error) => job.run(None, || Err(error)),
            };
        }));
        operation
    }

    fn submit(&self, work: Work) {
        self.shared.lock().work.push_back(work);
        self.shared.changed.notify_one();
    }
}

impl Drop for AsyncDriver {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn serve(&self) {
        loop {
            let mut queue = self.lock();
            let work = loop {
                match queue.work.pop_front() {
                    Some(work) => break work,
                    None if queue.closed => return,
                    None => queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
                }
            };
            drop(queue);
            work(&self.pool);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Every change is whole, so a panic elsewhere cannot have broken anything.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An operation that is waiting or running. The time it may take counts from when a child begins with it.
///
/// Dropping it cancels it: if it has not begun it never does, and if it runs it is stopped as by an
/// [`InterruptHandle`].
#[must_use = "an operation that is dropped is cancelled"]
pub struct Operation<T>(Arc<Job<T>>);

struct Job<T>(Mutex<Stage<T>>);

enum Stage<T> {
    Waiting(Option<Waker>),
    Running(Option<Waker>, Option<InterruptHandle>),
    Done(Result<T, DriverError>),
    /// Cancelled, or the result was taken.
    Over,
}

impl<T> Operation<T> {
    fn new() -> (Self, Arc<Job<T>>) {
        let job = Arc::new(Job(Mutex::new(Stage::Waiting(None))));
        (Self(job.clone()), job)
    }
}

impl<T> Future for Operation<T> {
    type Output = Result<T, DriverError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut stage = self.0.lock();
        match &mut *stage {
            Stage::Waiting(waker) | Stage::Running(waker, _) => {
                *waker = Some(context.waker().clone());
                Poll::Pending
            }
            // A future that is polled after its end never ends again.
            Stage::Over => Poll::Pending,
            Stage::Done(_) => match std::mem::replace(&mut *stage, Stage::Over) {
                Stage::Done(result) => Poll::Ready(result),
                _ => Poll::Pending,
            },
        }
    }
}

impl<T> Drop for Operation<T> {
    fn drop(&mut self) {
        let mut stage = self.0.lock();
        if let Stage::Running(_, Some(handle)) = &*stage {
            handle.interrupt();
        }
        *stage = Stage::Over;
    }
}

impl<T> Job<T> {
    /// Does `work`, unless nobody wants it any longer, and hands out the result. `handle` stops it.
    fn run(&self, handle: Option<InterruptHandle>, work: impl FnOnce() -> Result<T, DriverError>) {
        {
            let mut stage = self.lock();
            let Stage::Waiting(waker) = &mut *stage else {
                return;
            };
            *stage = Stage::Running(waker.take(), handle);
        }
        // A panic of the node's own hook must not leave the future without an end.
        let result = catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(DriverError::HookPanicked));
        let mut stage = self.lock();
        if let Stage::Running(waker, _) = &mut *stage {
            let waker = waker.take();
            *stage = Stage::Done(result);
            drop(stage);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Stage<T>> {
        // Every change is whole, so a panic elsewhere cannot have broken anything.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
