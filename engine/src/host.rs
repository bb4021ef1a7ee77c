//! How a module reaches outside: host functions.

use crate::error::GrowError;
use crate::observe::Observer;
use crate::runtime::cells::Meter;
use crate::runtime::store::{InstanceId, MemoryId, Store};

/// Asks the running code to stop at once: the invocation ends with [`crate::Trap::Host`]. Why is the host's to
/// remember.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostStop;

/// The functions a module imports from outside WebAssembly.
pub trait Host {
    /// Calls host function `id` (the number given in [`crate::Extern::HostFunc`]).
    ///
    /// `args` and `results` hold one slot a value, as long as the function's type says; `i32` slots are
    /// zero-extended, and only the low half of an `i32` result is read. `results` start as zeros.
    ///
    /// A host function may create another store on this thread and invoke in it: logical and native stack go on
    /// from here. The logical stack is charged [`crate::HOST_CALL_SLOTS`] for what stands between the two guests, so that
    /// it ends first if a host function that does so takes no more than 16 KiB of native stack. The interpreter runs on
    /// the stack that it is called on: where no native code is beneath it that is the thread's own, which has to have 64
    /// bytes for each slot of the limit where calls nest without another bound. A panic ends the invocation and goes on in its caller.
    ///
    /// # Errors
    /// [`HostStop`] stops the running code.
    fn call(
        &mut self,
        id: u32,
        caller: &mut Caller<'_>,
        args: &[u64],
        results: &mut [u64],
    ) -> Result<(), HostStop>;

    /// Who is told what the code does, in [`crate::Tier::Observed`]. Asked anew for each thing there is to tell.
    fn observer(&mut self) -> Option<&mut dyn Observer> {
        None
    }
}

/// A host without functions: calls to it stop the code.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHost;

impl Host for NoHost {
    fn call(&mut self, _: u32, _: &mut Caller<'_>, _: &[u64], _: &mut [u64]) -> Result<(), HostStop> {
        Err(HostStop)
    }
}

/// The instance that called a host function.
#[derive(Debug)]
pub struct Caller<'a> {
    store: &'a mut Store,
    instance: InstanceId,
    stack_remaining: u32,
}

impl<'a> Caller<'a> {
    pub(crate) fn new(store: &'a mut Store, instance: InstanceId, stack_remaining: u32) -> Self {
        Self {
            store,
            instance,
            stack_remaining,
        }
    }

    /// The instance.
    pub fn instance(&self) -> InstanceId {
        self.instance
    }

    /// The memory host functions work on: the last one the instance exports; `None` when it exports none.
    pub fn memory(&mut self) -> Option<&mut [u8]> {
        let memory = self.memory_id()?;
        Some(self.store.memory_mut(memory))
    }

    /// Grows that memory by `pages`; gives its size before, in pages.
    ///
    /// # Errors
    /// When it may not have that many pages, or is not there (then at most 0 are allowed). When the machine refuses
    /// them, the code ends with [`crate::Trap::NoMemory`] whatever the host function does.
    pub fn grow_memory(&mut self, pages: u32) -> Result<u32, GrowError> {
        match self.memory_id() {
            Some(memory) => self.store.memory_grow(memory, pages),
            None => Err(GrowError {
                left: pages.into(),
                max: 0,
            }),
        }
    }

    /// The gas meter of the store.
    pub fn meter(&self) -> &Meter {
        self.store.meter_ref()
    }

    /// Slots of the logical stack left at this call. Stores invoked from here go on counting from it by themselves,
    /// less [`crate::HOST_CALL_SLOTS`].
    pub fn stack_remaining(&self) -> u32 {
        self.stack_remaining
    }

    fn memory_id(&self) -> Option<MemoryId> {
        self.store.host_memory(self.instance)
    }
}
