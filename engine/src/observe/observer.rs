//! What the observed tier tells, and to whom.

use arwen_metering::{ChargeId, Op};

use crate::runtime::store::{InstanceId, Store};
use crate::trap::Trap;

/// Hears what code does, operator by operator. All methods do nothing unless they are written.
///
/// An observer cannot change anything, so an observed run ends like any other. A host hands it out
/// ([`crate::Host::observer`]); only [`crate::Tier::Observed`] asks for it.
pub trait Observer {
    /// A function of the module is entered: its frame is made, nothing has run.
    fn enter(&mut self, place: Place) {
        let _ = place;
    }

    /// An operator is about to run. Its gas has been charged; if the limit is now reached, a trap follows instead.
    fn operator(&mut self, step: &Step<'_>) {
        let _ = step;
    }

    /// A function of the module returns. `place` is the operator that does it.
    fn leave(&mut self, place: Place) {
        let _ = place;
    }

    /// Host function `id` (as in [`crate::Extern::HostFunc`]) is about to be called. `used` is the gas used so far.
    fn host_enter(&mut self, place: Place, id: u32, used: u64) {
        let _ = (place, id, used);
    }

    /// The host function has returned or stopped the code. `used` is the gas used so far, its own included; a host may
    /// also give gas back.
    fn host_leave(&mut self, place: Place, id: u32, used: u64) {
        let _ = (place, id, used);
    }

    /// The invocation ends here. Frames that were entered are not left any more.
    fn trap(&mut self, place: Place, trap: Trap) {
        let _ = (place, trap);
    }
}

/// An operator of a module, by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The instance that runs.
    pub instance: InstanceId,
    /// The function, by its index in the module, imports first.
    pub function: u32,
    /// Bytes from the start of the module to the operator; for a frame just made, to its body.
    pub offset: u32,
}

/// Gas charged at an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// Which charge of the module. What it pays for: [`crate::Module::charged_operators`].
    pub id: ChargeId,
    /// How much, in gas units.
    pub gas: u64,
}

/// One operator that is about to run, and the state it will find.
#[derive(Debug)]
pub struct Step<'a> {
    /// Where it stands.
    pub place: Place,
    /// Which it is.
    pub op: Op,
    /// What was charged by code.
    pub charge: Option<Charge>,
    /// What was charged by the amount on top of the stack.
    pub units: Option<Charge>,
    /// Gas used so far, the charges included.
    pub used: u64,
    /// Frames of this invocation, this one included: at least 1.
    pub depth: usize,
    /// Parameters and locals, in slots (see [`crate::semantics`]).
    pub locals: &'a [u64],
    /// The operands of the function, deepest first.
    pub operands: &'a [u64],
    pub(super) store: &'a Store,
}

impl Step<'_> {
    /// The bytes of memory 0; none when there is no memory.
    pub fn memory(&self) -> &[u8] {
        let instance = self.store.instances.get(self.place.instance.0 as usize);
        let memory = instance.and_then(|instance| instance.memories.first());
        memory.map_or(&[], |memory| self.store.memory(*memory))
    }

    /// The slot of a global of the instance, by index; `None` when there is none.
    pub fn global(&self, index: u32) -> Option<u64> {
        let instance = self.store.instances.get(self.place.instance.0 as usize)?;
        let global = instance.globals.get(index as usize)?;
        Some(self.store.globals.get(global.0 as usize)?.ptr.get())
    }
}
