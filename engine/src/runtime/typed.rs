//! Functions whose type is known when the embedder is compiled: looked up and checked once, called often.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::cells::StoreCells;
use super::store::{FuncId, Store};
use crate::host::Host;
use crate::trap::Trap;
use crate::value::ValType;

/// A value of Rust that stands for one of WebAssembly: `i32`, `u32`, `i64` or `u64`, signed or not as the embedder likes.
pub trait Native: Copy + sealed::Sealed {
    #[doc(hidden)]
    const TYPE: ValType;
    #[doc(hidden)]
    fn into_slot(self) -> u64;
    #[doc(hidden)]
    fn of_slot(slot: u64) -> Self;
}

/// Parameters or results: `()`, one [`Native`], or up to eight of them in a tuple.
pub trait Natives: sealed::Sealed {
    #[doc(hidden)]
    const TYPES: &'static [ValType];
    #[doc(hidden)]
    fn into_slots(self, slots: &mut [u64; MOST]);
    #[doc(hidden)]
    fn of_slots(slots: &[u64; MOST]) -> Self;
}

/// Most values on a side.
const MOST: usize = 8;

mod sealed {
    /// Which types these are is the engine's to say.
    pub trait Sealed {}
}

macro_rules! natives {
    ($($native:ident $ty:ident $bits:ident;)*) => {$(
        impl sealed::Sealed for $native {}

        impl Native for $native {
            const TYPE: ValType = ValType::$ty;

            #[inline(always)]
            fn into_slot(self) -> u64 {
                u64::from(self as $bits)
            }

            #[inline(always)]
            fn of_slot(slot: u64) -> Self {
                slot as $bits as Self
            }
        }

        impl Natives for $native {
            const TYPES: &'static [ValType] = &[ValType::$ty];

            #[inline(always)]
            fn into_slots(self, slots: &mut [u64; MOST]) {
                slots[0] = self.into_slot();
            }

            #[inline(always)]
            fn of_slots(slots: &[u64; MOST]) -> Self {
                Self::of_slot(slots[0])
            }
        }
    )*};
}

natives! {
    i32 I32 u32;
    u32 I32 u32;
    i64 I64 u64;
    u64 I64 u64;
}

macro_rules! tuples {
    ($(($($name:ident $at:tt),*))*) => {$(
        impl<$($name: Native),*> sealed::Sealed for ($($name,)*) {}

        impl<$($name: Native),*> Natives for ($($name,)*) {
            const TYPES: &'static [ValType] = &[$($name::TYPE),*];

            #[inline(always)]
            fn into_slots(self, slots: &mut [u64; MOST]) {
                $(slots[$at] = self.$at.into_slot();)*
            }

            #[inline(always)]
            fn of_slots(slots: &[u64; MOST]) -> Self {
                ($($name::of_slot(slots[$at]),)*)
            }
        }
    )*};
}

impl sealed::Sealed for () {}

impl Natives for () {
    const TYPES: &'static [ValType] = &[];

    #[inline(always)]
    fn into_slots(self, _: &mut [u64; MOST]) {}

    #[inline(always)]
    fn of_slots(_: &[u64; MOST]) -> Self {}
}

tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}

/// A function of a store with parameters `P` and results `R`, ready to be called. Made by [`Store::typed`].
pub struct TypedFunc<P, R> {
    func: FuncId,
    /// Of the store that the function is of: no other has the same.
    cells: Arc<StoreCells>,
    types: PhantomData<fn(P) -> R>,
}

impl<P, R> Clone for TypedFunc<P, R> {
    fn clone(&self) -> Self {
        Self {
            func: self.func,
            cells: self.cells.clone(),
            types: PhantomData,
        }
    }
}

impl<P, R> fmt::Debug for TypedFunc<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedFunc").field(&self.func).finish()
    }
}

impl<P: Natives, R: Natives> TypedFunc<P, R> {
    /// The function.
    pub fn id(&self) -> FuncId {
        self.func
    }

    /// Calls it, as [`Store::invoke`] does, with nothing left to look up or to check of arguments and results.
    ///
    /// # Errors
    /// The trap that ended it; [`Trap::BadInvocation`] when the function is of another store; [`Trap::NoMemory`] as in
    /// [`Store::invoke`].
    ///
    /// # Panics
    /// When a host function panicked: the same panic goes on here.
    #[inline]
    pub fn call(&self, store: &mut Store, host: &mut dyn Host, args: P) -> Result<R, Trap> {
        if !Arc::ptr_eq(&self.cells, store.meter_ref().cells()) {
            return Err(Trap::BadInvocation);
        }
        let (params, results) = (P::TYPES.len(), R::TYPES.len());
        let mut slots = [0; MOST];
        args.into_slots(&mut slots);
        store.invoke_checked(
            self.func,
            host,
            &mut slots[..params.max(results)],
            (params, results),
        )?;
        Ok(R::of_slots(&slots))
    }
}

impl Store {
    /// A function to be called many times, whose type is known: `None` when it is of another type, or of another store.
    ///
    /// ```
    /// # use arwen_engine::{Config, Engine, Extern, Interrupt, Module, NoHost, Ruleset, Store};
    /// # use arwen_metering::Schedule;
    /// # let wasm = wat::parse_str(r#"(module (func (export "add") (param i32 i32) (result i32)
    /// #     local.get 0 local.get 1 i32.add))"#)?;
    /// # let engine = Engine::new(Config::new(&Ruleset::ARWEN_1_3));
    /// # let module = Module::new(&engine, &wasm)?;
    /// # let prices = Schedule::bundled("v3").expect("a bundled schedule").op_costs();
    /// # let mut store = Store::new(&engine, &Interrupt::new());
    /// # store.meter().set_limit(1_000);
    /// # let instance = store.instantiate(&module, &[], &module.costs(prices), &mut NoHost)?;
    /// let Some(Extern::Func(add)) = store.export(instance, "add") else { panic!("it is exported") };
    /// let add = store.typed::<(i32, i32), i32>(add).expect("it adds numbers of 32 bits");
    /// assert_eq!(add.call(&mut store, &mut NoHost, (2, 3))?, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn typed<P: Natives, R: Natives>(&self, func: FuncId) -> Option<TypedFunc<P, R>> {
        let ty = self.func_type(func)?;
        (ty.params() == P::TYPES && ty.results() == R::TYPES).then(|| TypedFunc {
            func,
            cells: self.meter_ref().cells().clone(),
            types: PhantomData,
        })
    }
}
