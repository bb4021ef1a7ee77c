//! A float-free, metered, interruptible WebAssembly engine.
//!
//! The engine validates a module under a [`Ruleset`], runs it in one of several [`Tier`]s that cannot be told apart, and
//! knows nothing of blockchains. Gas is charged where `arwen-metering` says; prices are data given at instantiation.
//!
//! ```
//! use arwen_engine::{Config, Engine, Interrupt, Module, NoHost, Ruleset, Store, Value, Extern};
//! use arwen_metering::Schedule;
//!
//! let wasm = wat::parse_str(r#"(module (func (export "add") (param i32 i32) (result i32)
//!     local.get 0 local.get 1 i32.add))"#)?;
//! let engine = Engine::new(Config::new(&Ruleset::ARWEN_1_3));
//! let module = Module::new(&engine, &wasm)?;
//! let prices = Schedule::bundled("v3").expect("a bundled schedule").op_costs();
//! let mut store = Store::new(&engine, &Interrupt::new());
//! store.meter().set_limit(1_000);
//! let instance = store.instantiate(&module, &[], &module.costs(prices), &mut NoHost)?;
//! let Some(Extern::Func(add)) = store.export(instance, "add") else { panic!("exported above") };
//! assert_eq!(store.invoke(add, &mut NoHost, &[Value::I32(2), Value::I32(3)])?, [Value::I32(5)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(
    not(feature = "jit"),
    allow(dead_code, reason = "the interpreter alone needs neither guards nor a budget")
)]

mod artefact;
mod backend;
mod config;
mod engine;
mod error;
mod host;
mod interp;
#[cfg(feature = "jit")]
mod jit;
#[cfg(not(feature = "jit"))]
#[path = "no_jit.rs"]
mod jit;
mod limits;
mod module;
pub mod needs;
mod observe;
mod ruleset;
mod runtime;
pub mod semantics;
mod tier;
mod trap;
mod value;

pub use artefact::{ArtefactError, ArtefactName, ArtefactStore, Artefacts, StoredArtefact};
pub use config::{Config, MemoryBounds, Tier};
pub use engine::Engine;
pub use error::{CompileError, CompileErrorKind, GrowError, InstantiateError, LinkError, SegmentError};
pub use host::{Caller, Host, HostStop, NoHost};
pub use limits::Limits;
pub use module::body::FRAME_OVERHEAD_SLOTS;
pub use module::{Diagnosis, ExportType, ImportType, Module, ModuleBuilder};
pub use observe::{Charge, ChargedOperator, ChargedOperators, Observer, Place, Step};
pub use ruleset::Ruleset;
pub use runtime::apart::Abandoned;
pub use runtime::cells::{Interrupt, Meter};
pub use runtime::stack::HOST_CALL_SLOTS;
pub use runtime::store::{Extern, FuncId, GlobalId, InstanceId, MemoryId, Store, TableId};
pub use runtime::typed::{Native, Natives, TypedFunc};
pub use tier::{NativeBudget, Refusal, TierStatus};
pub use trap::Trap;
pub use value::{ExternType, FuncType, GlobalType, MemoryType, SizeLimits, TableType, ValType, Value};
