//! The functions of a store and their types, by number. Those of an instance follow each other, so that a store has no
//! list of them: an instance finds its own in its [wiring](super::wiring).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::context::FuncRef;
use super::instance::Instance;
use super::store::{FuncId, InstanceId, Store};
use crate::value::FuncType;

/// Where a function's code is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FuncKind {
    /// Body `body` (0 is the first defined function) of an instance's module.
    Wasm { instance: InstanceId, body: u32 },
    /// Host function `id` as imported by `instance`.
    Host { instance: InstanceId, id: u32 },
}

/// A function of a store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Function {
    pub kind: FuncKind,
    /// What a `funcref` slot of this function points to; owned by the instance in `kind`.
    pub reference: *const FuncRef,
    /// Number of its type in the store.
    pub sig: u32,
}

impl Store {
    /// How many functions there are; the number that the next gets.
    pub(super) fn function_count(&self) -> u32 {
        self.instances
            .last()
            .map_or(0, |last| last.wiring.function_numbers().end)
    }

    /// A function of the store; `None` for a handle of another.
    #[inline(always)]
    pub(crate) fn function(&self, func: FuncId) -> Option<Function> {
        let first = |instance: &Instance| instance.wiring.function_numbers().start;
        let at = match &self.instances[..] {
            [_] => 0,
            several => several
                .partition_point(|instance| first(instance) <= func.0)
                .checked_sub(1)?,
        };
        self.instances[at].wiring.function(func, InstanceId(at as u32))
    }

    /// What a `funcref` slot of a function points to; `None` for one that this store has given nobody: a handle of another.
    /// Native code may have no place for such a function.
    pub(super) fn reference(&self, func: FuncId) -> Option<*const FuncRef> {
        let function = self.function(func)?;
        if let FuncKind::Wasm { instance, body } = function.kind {
            let info = self.instances[instance.0 as usize].module.info();
            if !info.escapes(info.imported_funcs + body) {
                return None;
            }
        }
        Some(function.reference)
    }

    /// The type of a function; `None` for a handle of another store.
    pub fn func_type(&self, func: FuncId) -> Option<&FuncType> {
        self.types.get(self.function(func)?.sig)
    }

    /// Is a function one of the host's? A module may export what it imports.
    pub fn is_host_func(&self, func: FuncId) -> bool {
        self.function(func)
            .is_some_and(|function| matches!(function.kind, FuncKind::Host { .. }))
    }
}

/// Function types of a store, numbered: equal types have equal numbers.
#[derive(Debug, Default)]
pub(crate) struct TypeNumbers {
    /// The types of the first module, which need no map of their own.
    first: Option<Arc<[FuncType]>>,
    /// Those that others have added.
    others: Vec<FuncType>,
    /// All of them, once there are others.
    numbers: BTreeMap<FuncType, u32>,
}

impl TypeNumbers {
    /// Has it no number yet?
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// The type of a number.
    #[inline]
    pub fn get(&self, number: u32) -> Option<&FuncType> {
        let first = self.first.as_deref()?;
        let number = number as usize;
        first
            .get(number)
            .or_else(|| self.others.get(number.checked_sub(first.len())?))
    }

    /// The numbers of a module's distinct types.
    pub fn of(&mut self, distinct: &Arc<[FuncType]>) -> Vec<u32> {
        let Some(first) = &self.first else {
            self.first = Some(distinct.clone());
            return (0..distinct.len() as u32).collect();
        };
        if self.numbers.is_empty() {
            self.numbers = first.iter().cloned().zip(0..).collect();
        }
        distinct
            .iter()
            .map(|ty| {
                let next = self.numbers.len() as u32;
                *self.numbers.entry(ty.clone()).or_insert_with(|| {
                    self.others.push(ty.clone());
                    next
                })
            })
            .collect()
    }
}
