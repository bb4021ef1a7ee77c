//! Several children at work at the same time, each with one call at a time.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use arwen_interface::{BlockchainHook, CallInput, CreateInput, VmOutput};

use crate::driver::{Driver, DriverConfig, DriverError, LogHandler};
use crate::interrupt::InterruptHandle;
use crate::records::GasSchedule;

/// How many of the contracts that a child has run last are remembered, to give it the same ones again.
const REMEMBERED: usize = 64;

/// Up to a fixed number of children. Threads that share a pool get a child each, in the order in which they came.
///
/// A contract goes to a child that has run it before when one is free: its code is compiled and at hand there. A child
/// that dies fails the call it was busy with and no other; another one takes its place at the next call.
pub struct Pool {
    config: DriverConfig,
    handler: Arc<Mutex<LogHandler>>,
    state: Mutex<State>,
    freed: Condvar,
}

struct State {
    idle: Vec<Seat>,
    /// Seats that were made, of at most `size`.
    seats: usize,
    size: usize,
    /// Who waits, in the order of arrival.
    queue: VecDeque<u64>,
    next_ticket: u64,
    /// The prices and how often they changed.
    prices: GasSchedule,
    generation: u64,
}

/// A driver, with or without a running child.
struct Seat {
    driver: Driver,
    generation: u64,
    /// The contracts run last, latest first.
    contracts: VecDeque<Vec<u8>>,
}

impl Pool {
    /// A pool of up to `size` children. The first one starts now, others when they are needed. What they log is
    /// forgotten.
    ///
    /// # Errors
    /// There is no child to start, or it does not answer.
    pub fn start(config: DriverConfig, size: NonZeroUsize) -> Result<Self, DriverError> {
        Self::start_with_logs(config, size, Box::new(|_| ()))
    }

    /// The same; `handler` gets what the children log, during operations.
    ///
    /// # Errors
    /// There is no child to start, or it does not answer.
    pub fn start_with_logs(
        config: DriverConfig,
        size: NonZeroUsize,
        handler: LogHandler,
    ) -> Result<Self, DriverError> {
        let handler = Arc::new(Mutex::new(handler));
        let mut driver = Driver::idle(config.clone(), handler.clone());
        driver.version()?;
        let first = Seat {
            driver,
            generation: 0,
            contracts: VecDeque::new(),
        };
        let state = State {
            idle: vec![first],
            seats: 1,
            size: size.get(),
            queue: VecDeque::new(),
            next_ticket: 0,
            prices: config.arguments.gas_schedule.clone(),
            generation: 0,
        };
        Ok(Self {
            config,
            handler,
            state: Mutex::new(state),
            freed: Condvar::new(),
        })
    }

    /// How many children run at the same time, at most.
    pub fn size(&self) -> usize {
        self.lock().size
    }

    /// How many threads wait for a child.
    pub fn waiting(&self) -> usize {
        self.lock().queue.len()
    }

    /// Deploys a contract. The output is not applied to anything.
    ///
    /// # Errors
    /// See [`DriverError`].
    pub fn create(
        &self,
        hook: &mut dyn BlockchainHook,
        input: &CreateInput,
    ) -> Result<VmOutput, DriverError> {
        self.lease(&[])?.create(hook, input)
    }

    /// Calls a contract. The output is not applied to anything.
    ///
    /// # Errors
    /// See [`DriverError`].
    pub fn call(&self, hook: &mut dyn BlockchainHook, input: &CallInput) -> Result<VmOutput, DriverError> {
        self.lease(&input.recipient)?.call(hook, input)
    }

    /// Changes the prices, for every operation that begins from now on.
    ///
    /// # Errors
    /// See [`DriverError`]. The prices stay as they are then.
    pub fn change_gas_schedule(&self, prices: GasSchedule) -> Result<(), DriverError> {
        let mut lease = self.lease(&[])?;
        lease.seat().driver.change_gas_schedule(prices.clone())?;
        let mut state = self.lock();
        state.generation += 1;
        state.prices = prices;
        lease.seat().generation = state.generation;
        Ok(())
    }

    /// The use of one driver, for as long as the lease is held; `contract` is the address of what will be called.
    /// Waits when all are in use, behind those that wait already.
    ///
    /// # Errors
    /// See [`DriverError`]; only when the prices have changed since the driver was last used.
    pub fn lease(&self, contract: &[u8]) -> Result<Lease<'_>, DriverError> {
        let mut state = self.lock();
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.queue.push_back(ticket);
        while state.queue.front() != Some(&ticket) || (state.idle.is_empty() && state.seats == state.size) {
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.queue.pop_front();
        let mut seat = match state.best(contract) {
            Some(at) => state.idle.remove(at),
            None => {
                state.seats += 1;
                let mut config = self.config.clone();
                config.arguments.gas_schedule = state.prices.clone();
                Seat {
                    driver: Driver::idle(config, self.handler.clone()),
                    generation: state.generation,
                    contracts: VecDeque::new(),
                }
            }
        };
        let (prices, generation) = (
            (seat.generation != state.generation).then(|| state.prices.clone()),
            state.generation,
        );
        drop(state);
        // Whoever is next may find another seat free.
        self.freed.notify_all();
        seat.remember(contract);
        let mut lease = Lease {
            pool: self,
            seat: Some(seat),
        };
        if let Some(prices) = prices {
            let seat = lease.seat();
            seat.driver.change_gas_schedule(prices)?;
            seat.generation = generation;
        }
        Ok(lease)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is whole, so a panic elsewhere cannot have broken anything.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Which idle seat to take: one that knows the contract, else the one that was used last. None when none is idle.
    fn best(&self, contract: &[u8]) -> Option<usize> {
        let knows = |seat: &Seat| seat.contracts.iter().any(|known| known == contract);
        self.idle
            .iter()
            .position(knows)
            .or_else(|| self.idle.len().checked_sub(1))
    }
}

impl Seat {
    fn remember(&mut self, contract: &[u8]) {
        if contract.is_empty() || self.contracts.front().is_some_and(|known| known == contract) {
            return;
        }
        self.contracts.retain(|known| known != contract);
        self.contracts.truncate(REMEMBERED - 1);
        self.contracts.push_front(contract.to_vec());
    }
}

/// The use of one of a pool's drivers.
///
/// What would change one child and no other, such as its prices, is not offered here: see
/// [`Pool::change_gas_schedule`].
pub struct Lease<'a> {
    pool: &'a Pool,
    /// There until it is given back.
    seat: Option<Seat>,
}

impl Lease<'_> {
    /// Deploys a contract. The output is not applied to anything.
    ///
    /// # Errors
    /// See [`DriverError`].
    pub fn create(
        &mut self,
        hook: &mut dyn BlockchainHook,
        input: &CreateInput,
    ) -> Result<VmOutput, DriverError> {
        self.seat().driver.create(hook, input)
    }

    /// Calls a contract. The output is not applied to anything.
    ///
    /// # Errors
    /// See [`DriverError`].
    pub fn call(
        &mut self,
        hook: &mut dyn BlockchainHook,
        input: &CallInput,
    ) -> Result<VmOutput, DriverError> {
        self.seat().driver.call(hook, input)
    }

    /// The child's version.
    ///
    /// # Errors
    /// See [`DriverError`].
    pub fn version(&mut self) -> Result<String, DriverError> {
        self.seat().driver.version()
    }

    /// What stops, from another thread, the operation that runs in this lease; when the lease is over, nothing.
    pub fn interrupt_handle(&mut self) -> InterruptHandle {
        self.seat().driver.lease_interrupt_handle()
    }

    /// What stops the next operation of this lease and no other; see [`Driver::next_interrupt_handle`].
    pub fn next_interrupt_handle(&mut self) -> InterruptHandle {
        self.seat().driver.next_interrupt_handle()
    }

    /// The process id of the running child.
    pub fn process_id(&mut self) -> Option<u32> {
        self.seat().driver.process_id()
    }

    fn seat(&mut self) -> &mut Seat {
        match &mut self.seat {
            Some(seat) => seat,
            None => unreachable!("only dropping gives it back"),
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(seat) = self.seat.take() {
            seat.driver.end_lease();
            self.pool.lock().idle.push(seat);
        }
        self.pool.freed.notify_all();
    }
}
