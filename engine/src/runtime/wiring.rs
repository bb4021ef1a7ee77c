//! What code finds of its instance by address: context, references to functions, numbers of types.
//!
//! All instances of a module that are the first of their store, and import functions from the host alone, have the same
//! but for the head of the context and the values of globals. A module keeps that of a few that are gone
//! ([`Spares`]), so that the next instance makes nothing that grows with its functions or prices.

#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ops::Range;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arwen_metering::CostTable;

use super::context::{ContextBlock, FuncRef, VmContext};
use super::functions::{FuncKind, Function};
use super::store::{FuncId, InstanceId, Store};
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
    /// The number in the store of the first of them.
    first: u32,
    /// How many of them, the first, are imports from the host.
    hosts: u32,
    /// Store numbers of the module's types, by type index.
    sigs: Box<[u32]>,
    /// What its function imports were given.
    imports: Vec<Linkage>,
    /// The native code that the references lead to.
    native: Option<Arc<NativeCode>>,
    /// Whose prices the context has, if any.
    prices: Option<CostTable>,
}

// SAFETY: every pointer is to something the wiring or the store it is in owns; a store is one unit that moves as a whole,
// and nobody follows the pointers of a spare before they are set anew.
unsafe impl Send for Wiring {}
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
                    way_in: ptr::null(),
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
        let defined = info.funcs.len() as u32 - info.imported_funcs;
        Self {
            context,
            funcs: funcs.into(),
            func_refs,
            hosts: own_refs.len() as u32 - defined,
            own_refs,
            first,
            sigs,
            imports,
            native: None,
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

    /// The numbers in the store of the instance's own functions: imports from the host, then those with a body.
    #[inline]
    pub fn function_numbers(&self) -> Range<u32> {
        self.first..self.first + self.own_refs.len() as u32
    }

    /// The first number of those with a body.
    #[inline]
    pub fn first_defined(&self) -> u32 {
        self.first + self.hosts
    }

    /// One of them, for the instance that this is the wiring of.
    #[inline(always)]
    pub fn function(&self, func: FuncId, instance: InstanceId) -> Option<Function> {
        let own = func.0.checked_sub(self.first)?;
        let reference = self.own_refs.get(own as usize)?.get();
        Some(Function {
            kind: match own.checked_sub(self.hosts) {
                Some(body) => FuncKind::Wasm { instance, body },
                None => FuncKind::Host {
                    instance,
                    id: self.host_import(own)?,
                },
            },
            reference,
            // SAFETY: references are changed by `&mut self` alone; compiled code reads them.
            sig: unsafe { (*reference).sig },
        })
    }

    /// The number, with the host, of one of the imports from there.
    #[cold]
    fn host_import(&self, at: u32) -> Option<u32> {
        let mut hosts = self.imports.iter().filter_map(|import| match import {
            Linkage::Host(id) => Some(*id),
            Linkage::Func(_) => None,
        });
        hosts.nth(at as usize)
    }

    /// Gives the instance's functions their native entries and ways in, and compiled code its prices. Only while no code of the
    /// store runs.
    pub fn wire(&mut self, info: &ModuleInfo, native: Arc<NativeCode>, costs: &CostTable) {
        let there = |prices: &CostTable| ptr::eq::<[u64]>(&**prices, &**costs);
        if !self.prices.as_ref().is_some_and(there) {
            self.context.set_prices(costs);
            self.prices = Some(costs.clone());
        }
        if self
            .native
            .as_ref()
            .is_some_and(|wired| Arc::ptr_eq(wired, &native))
        {
            return;
        }
        let mut own = self.own_refs.iter_mut().map(UnsafeCell::get_mut).peekable();
        for (index, func) in (0..).zip(&self.funcs) {
            // Functions of other instances were there before.
            if let Some(reference) = own.next_if(|reference| reference.func == func.0) {
                reference.code = native.entry(index);
                reference.way_in = native.way_in(info, index);
            }
        }
        self.native = Some(native);
    }

    /// The native code that the references lead to.
    pub fn native(&self) -> Option<&NativeCode> {
        self.native.as_deref()
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
        // Older code is not to be kept for them.
        let code = |wiring: &Wiring| wiring.native.as_ref().map(Arc::as_ptr);
        spares.retain(|spare| code(spare) == code(&wiring));
        if general && spares.len() < MAX_SPARES {
            spares.push(wiring);
        }
    }
}
