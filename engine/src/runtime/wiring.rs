//! What code finds of its instance by address: context, references to functions, numbers of types.
//!
//! All instances of a module that are the first of their store, and import functions from the host alone, have the same
//! but for the head of the context and the values of globals. A module keeps that of a few that are gone
//! ([`Spares`]), so that the next instance makes nothing that grows with its functions or prices.

#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use arwen_metering::CostTable;

use super::context::{ContextBlock, FuncRef, VmContext};
use super::store::{FuncEntity, FuncId, FuncKind, InstanceId, Store};
use crate::jit::NativeCode;
use crate::module::info::ModuleInfo;

/// What an imported function is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Linkage {
    /// A function of the host, by its number there.
    Host(u32),
    /// A function of the store.
    Func(FuncId),
}

/// The wiring of an instance.
#[derive(Debug)]
pub(crate) struct Wiring {
    pub context: ContextBlock,
    /// The function index space.
    pub funcs: Box<[FuncId]>,
    /// References to functions, by index; into `own_refs` or another instance's.
    pub func_refs: Box<[*const FuncRef]>,
    /// References to the functions that are this instance's own; their numbers in the store follow each other.
    own_refs: Box<[UnsafeCell<FuncRef>]>,
    /// Store numbers of the module's types, by type index.
    sigs: Box<[u32]>,
    /// What its function imports were given.
    imports: Vec<Linkage>,
    /// Have the references native entries?
    has_entries: bool,
    /// Whose prices the context has, if any.
    prices: Option<CostTable>,
}

// SAFETY: every pointer is to something the wiring or the store it is in owns; a store is one unit that moves as a whole,
// and nobody follows the pointers of a spare before they are set anew.
unsafe impl Send for Wiring {}
// SAFETY: the references of functions are owned by instances of the same store.
unsafe impl Send for FuncEntity {}
// SAFETY: nothing behind a shared `&Store` is changed without `&mut Store`, except the meter, which is atomic.
unsafe impl Sync for Store {}

impl Wiring {
    /// The wiring of an instance whose own functions get the numbers from `first` on. `reference` gives the reference to
    /// another instance's function.
    pub fn new(
        info: &ModuleInfo,
        context: ContextBlock,
        imports: Vec<Linkage>,
        sigs: Box<[u32]>,
        first: u32,
        reference: impl Fn(FuncId) -> *const FuncRef,
    ) -> Self {
        let mut funcs = Vec::with_capacity(info.funcs.len());
        let mut own = first;
        for index in 0..info.funcs.len() {
            funcs.push(match imports.get(index) {
                Some(Linkage::Func(func)) => *func,
                Some(Linkage::Host(_)) | None => {
                    own += 1;
                    FuncId(own - 1)
                }
            });
        }
        let types = funcs.iter().zip(&info.funcs).filter(|(func, _)| func.0 >= first);
        let own_refs: Box<[_]> = types
            .map(|(func, ty)| {
                UnsafeCell::new(FuncRef {
                    code: ptr::null(),
                    ctx: context.as_ptr(),
                    sig: sigs[*ty as usize],
                    func: func.0,
                })
            })
            .collect();
        let func_refs = funcs
            .iter()
            .map(|func| match func.0.checked_sub(first) {
                Some(own) => own_refs[own as usize].get().cast_const(),
                None => reference(*func),
            })
            .collect();
        Self {
            context,
            funcs: funcs.into(),
            func_refs,
            own_refs,
            sigs,
            imports,
            has_entries: false,
            prices: None,
        }
    }

    /// This wiring for another instance of its module. `None` when it cannot be that yet: see
    /// [`ContextBlock::renew`].
    pub fn renewed(mut self, imports: Vec<Linkage>) -> Option<Self> {
        self.context.renew().then(|| {
            self.imports = imports;
            self
        })
    }

    /// Completes the context, whose head is `head` but for what the wiring owns.
    pub fn set_head(&mut self, head: VmContext) {
        self.context.set_head(VmContext {
            funcs: self.func_refs.as_ptr(),
            imports: self.imports.as_ptr(),
            sigs: self.sigs.as_ptr(),
            ..head
        });
    }

    /// Appends the instance's own functions, in the order of their numbers, to those of its store.
    pub fn add_functions(&self, info: &ModuleInfo, instance: InstanceId, funcs: &mut Vec<FuncEntity>) {
        let entity = |kind, index, reference: &UnsafeCell<FuncRef>| FuncEntity {
            kind,
            index,
            reference: reference.get().cast_const(),
        };
        let defined = info.imported_funcs..info.funcs.len() as u32;
        let (hosts, bodies) = self.own_refs.split_at(self.own_refs.len() - defined.len());
        let mut hosts = hosts.iter();
        for (index, import) in (0..).zip(&self.imports) {
            if let Linkage::Host(id) = import {
                let kind = FuncKind::Host { instance, id: *id };
                funcs.extend(hosts.next().map(|reference| entity(kind, index, reference)));
            }
        }
        let bodies = (0..defined.len() as u32).zip(bodies);
        funcs.extend(bodies.map(|(body, reference)| {
            let kind = FuncKind::Wasm { instance, body };
            entity(kind, defined.start.wrapping_add(body), reference)
        }));
    }

    /// Gives the instance's functions their native entries, and compiled code its prices. Only while no code of the
    /// store runs.
    pub fn wire(&mut self, native: &NativeCode, costs: &CostTable) {
        let there = |prices: &CostTable| ptr::eq::<[u64]>(&**prices, &**costs);
        if !self.prices.as_ref().is_some_and(there) {
            self.context.set_prices(costs);
            self.prices = Some(costs.clone());
        }
        if self.has_entries {
            return;
        }
        self.has_entries = true;
        let mut own = self.own_refs.iter_mut().map(UnsafeCell::get_mut).peekable();
        for (index, func) in (0..).zip(&self.funcs) {
            // Functions of other instances were there before.
            if let Some(reference) = own.next_if(|reference| reference.func == func.0) {
                reference.code = native.entry(index);
            }
        }
    }
}

/// Wirings of instances that are gone, kept with their module.
#[derive(Debug, Default)]
pub(crate) struct Spares(Mutex<Vec<Wiring>>);

/// Spares a module keeps: for a contract that calls itself, or is called on two threads. Each takes less than the
/// module's native code.
const MAX_SPARES: usize = 2;

impl Spares {
    fn lock(&self) -> MutexGuard<'_, Vec<Wiring>> {
        // The list is valid at every moment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A spare, if there is one.
    pub fn take(&self) -> Option<Wiring> {
        self.lock().pop()
    }

    /// Keeps the wiring of an instance that was the first of its store, if it is one that others can have.
    pub fn give(&self, wiring: Wiring) {
        let general = wiring
            .imports
            .iter()
            .all(|import| matches!(import, Linkage::Host(_)));
        let mut spares = self.lock();
        if general && spares.len() < MAX_SPARES {
            spares.push(wiring);
        }
    }
}
