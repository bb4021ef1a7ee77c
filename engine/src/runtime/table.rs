//! Tables of references.

#![allow(unsafe_code)]

use std::collections::TryReserveError;

use crate::error::{InstantiateError, NoGrowth};
use crate::trap::Trap;
use crate::value::TableType;

/// Elements no table grows past, whatever it declares: a bound on what a contract makes the node allocate.
const MAX_ELEMENTS: u32 = 10_000_000;

/// Elements and size of a table as compiled code reads them.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct TableCell {
    pub base: *mut u64,
    pub len: u64,
}

/// A table. Elements are slots: 0 is null, else a reference as [`super::context::FuncRef`] says. One that may grow has room
/// for all of it from the start, where the system grants it: to move many elements takes long, and pages that are not
/// touched cost nothing.
#[derive(Debug)]
pub(crate) struct Table {
    /// Boxed: compiled code holds its address.
    cell: Box<TableCell>,
    elements: Vec<u64>,
    ty: TableType,
}

// SAFETY: the pointer in `cell` is to `elements`, which this value owns.
unsafe impl Send for Table {}

impl Table {
    /// A table of its initial size, every element null.
    pub fn new(ty: TableType) -> Result<Self, InstantiateError> {
        if ty.limits.min > MAX_ELEMENTS {
            return Err(InstantiateError::TooLarge {
                what: "table, in elements,",
                found: ty.limits.min,
                max: MAX_ELEMENTS,
            });
        }
        let len = ty.limits.min as usize;
        let room = most(&ty).max(ty.limits.min) as usize;
        let elements = zeros(room).map(|mut elements| {
            elements.truncate(len);
            elements
        });
        // One that could grow far need not.
        let elements = elements
            .or_else(|_| zeros(len))
            .map_err(|e| InstantiateError::Resource(format!("no memory for a table: {e}")))?;
        let mut table = Self {
            cell: Box::new(TableCell {
                base: std::ptr::null_mut(),
                len: 0,
            }),
            elements,
            ty,
        };
        table.refresh();
        Ok(table)
    }

    fn refresh(&mut self) {
        self.cell.base = self.elements.as_mut_ptr();
        self.cell.len = self.elements.len() as u64;
    }

    /// Its type as declared.
    pub fn ty(&self) -> TableType {
        self.ty
    }

    /// Elements it has now.
    pub fn len(&self) -> u32 {
        self.elements.len() as u32
    }

    /// Where compiled code reads elements and size. Valid as long as the table lives.
    pub fn cell(&self) -> *const TableCell {
        &*self.cell
    }

    /// An element; `None` past the end.
    pub fn get(&self, index: u32) -> Option<u64> {
        self.elements.get(index as usize).copied()
    }

    /// Sets an element.
    pub fn set(&mut self, index: u32, slot: u64) -> Result<(), Trap> {
        *self
            .elements
            .get_mut(index as usize)
            .ok_or(Trap::TableOutOfBounds)? = slot;
        Ok(())
    }

    /// Makes room for `count` more elements, which are to be [pushed](Self::push); gives the size before.
    pub fn grow(&mut self, count: u32) -> Result<u32, NoGrowth> {
        let old = self.len();
        let new = old.checked_add(count).ok_or(NoGrowth::Limit)?;
        if new > most(&self.ty) {
            return Err(NoGrowth::Limit);
        }
        self.elements
            .try_reserve(count as usize)
            .map_err(|_| NoGrowth::Machine)?;
        self.refresh();
        Ok(old)
    }

    /// Adds `count` elements of value `init`. There is room for them.
    pub fn push(&mut self, count: usize, init: u64) {
        self.elements.resize(self.elements.len() + count, init);
        self.refresh();
    }

    /// `count` elements from `at` on, to write.
    pub fn range(&mut self, at: u32, count: u32) -> Result<&mut [u64], Trap> {
        range(&mut self.elements, at, count)
    }

    /// Writes `slots` from `at` on.
    pub fn write(&mut self, at: u32, slots: &[u64]) -> Result<(), Trap> {
        let count = u32::try_from(slots.len()).map_err(|_| Trap::TableOutOfBounds)?;
        range(&mut self.elements, at, count)?.copy_from_slice(slots);
        Ok(())
    }

    /// `count` elements from `at` on.
    pub fn read(&self, at: u32, count: u32) -> Result<&[u64], Trap> {
        let end = (at as usize)
            .checked_add(count as usize)
            .ok_or(Trap::TableOutOfBounds)?;
        self.elements.get(at as usize..end).ok_or(Trap::TableOutOfBounds)
    }

    /// Copies `count` elements inside the table; the ranges may overlap.
    pub fn copy_within(&mut self, to: u32, from: u32, count: u32) -> Result<(), Trap> {
        range(&mut self.elements, to, count)?;
        range(&mut self.elements, from, count)?;
        self.elements
            .copy_within(from as usize..from as usize + count as usize, to as usize);
        Ok(())
    }
}

/// Elements that a table of a type may have.
fn most(ty: &TableType) -> u32 {
    ty.limits.max.unwrap_or(u32::MAX).min(MAX_ELEMENTS)
}

/// So many zeros, whose pages are not touched.
fn zeros(len: usize) -> Result<Vec<u64>, TryReserveError> {
    // Tried first: without it a refusal would end the process.
    Vec::<u64>::new().try_reserve_exact(len)?;
    Ok(vec![0; len])
}

fn range(elements: &mut [u64], at: u32, count: u32) -> Result<&mut [u64], Trap> {
    let end = (at as usize)
        .checked_add(count as usize)
        .ok_or(Trap::TableOutOfBounds)?;
    elements.get_mut(at as usize..end).ok_or(Trap::TableOutOfBounds)
}
