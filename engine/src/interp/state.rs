//! Operators that are long or rare: each one call into the shared runtime.
//!
//! All are marked cold, although a contract may call some often: it tells the compiler to arrange the loop for the
//! instructions that compute.

use super::frame::Vm;
use super::machine::Regs;
use crate::trap::Trap;

/// Declares methods of [`Vm`] that pass their arguments on to the store with the current instance.
macro_rules! pass_on {
    ($($(#[doc = $doc:literal])* $name:ident => $to:ident($($arg:ident: $ty:ty),*) $(-> $ret:ty)?;)*) => {
        impl Vm<'_> {
            $(
                $(#[doc = $doc])*
                #[cold]
                #[inline(never)]
                pub fn $name(&mut self, $($arg: $ty),*) $(-> $ret)? {
                    self.store.$to(self.view.instance, $($arg),*)
                }
            )*
        }
    };
}

pass_on! {
    /// Pages before growing, or `u32::MAX`.
    memory_grow => op_memory_grow(pages: u32) -> u32;
    memory_fill => memory_fill(to: u32, byte: u8, len: u32) -> Result<(), Trap>;
    memory_copy => memory_copy(to: u32, from: u32, len: u32) -> Result<(), Trap>;
    memory_init => memory_init(segment: u32, to: u32, from: u32, len: u32) -> Result<(), Trap>;
    data_drop => data_drop(segment: u32);
    /// Elements before growing, or `u32::MAX`.
    table_grow => op_table_grow(table: u32, slot: u64, count: u32) -> u32;
    table_fill => op_table_fill(table: u32, at: u32, slot: u64, count: u32) -> Result<(), Trap>;
    /// The first pair is table and index written, the second those read.
    table_copy => op_table_copy(to: (u32, u32), from: (u32, u32), len: u32) -> Result<(), Trap>;
    table_init => table_init(table: u32, segment: u32, to: u32, from: u32, len: u32) -> Result<(), Trap>;
    elem_drop => elem_drop(segment: u32);
}

impl Vm<'_> {
    /// Sets an element of a table.
    #[cold]
    #[inline(never)]
    pub fn table_set(&mut self, table: u32, index: u32, slot: u64) -> Result<(), Trap> {
        let table = self.store.instances[self.view.instance.0 as usize].tables[table as usize];
        self.store.tables[table.0 as usize].set(index, slot)
    }

    /// Elements of a table.
    #[cold]
    #[inline(never)]
    pub fn table_size(&self, table: u32) -> u64 {
        let table = self.store.instances[self.view.instance.0 as usize].tables[table as usize];
        self.store.tables[table.0 as usize].len().into()
    }

    /// Moves several registers.
    #[cold]
    #[inline(never)]
    pub fn move_registers(&self, regs: Regs, to: u16, from: u16, count: u32) {
        regs.copy(to, from, count as usize);
    }
}
