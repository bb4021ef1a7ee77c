//! The environment interface and the VM host: contracts and their calls.
//!
//! [`Vm`] is the host: a node gives it a deployment or a call and its own side of the run, a
//! [`BlockchainHook`](arwen_interface::BlockchainHook), and gets back what the run changed. [`table`] lists what
//! contracts can ask for.

mod abi;
pub mod admission;
pub mod builtin;
mod cache;
mod call;
mod context;
pub mod crypto;
pub mod declarations;
mod errors;
mod fns;
mod link;
mod machine;
pub mod manual;
mod observe;
mod preemption;
mod settings;
pub mod table;
mod vm;

pub use abi::{Abi, Kind};
pub use arwen_engine::{
    ArtefactError, ArtefactName, ArtefactStore, Artefacts, ExternType, Interrupt, Ruleset, StoredArtefact,
    Tier, needs,
};
pub use call::data::CallData;
pub use errors::{EeiError, VmError};
pub use observe::{CallBegin, CallEnd, GasUse, RunObserver, RunningCode, StorageAccess};
pub use settings::{BuiltinMode, VmSettings};
pub use vm::{GasBreakdown, VERSION, Vm};
