//! The native tier.

use std::sync::Arc;

use crate::config::Config;
use crate::error::CompileError;
use crate::host::Host;
use crate::module::info::ModuleInfo;
use crate::runtime::store::{InstanceId, Store};
use crate::trap::Trap;

/// Compiles modules.
#[derive(Debug)]
pub(crate) struct Compiler;
impl Compiler {
    pub fn new(_config: &Config) -> Result<Self, String> {
        Err("not yet".into())
    }
    pub fn compile(&self, _info: &Arc<ModuleInfo>) -> Result<NativeCode, CompileError> {
        Ok(NativeCode)
    }
}
/// Native code.
#[derive(Debug)]
pub(crate) struct NativeCode;
impl NativeCode {
    pub fn entry(&self, _index: u32) -> *const u8 {
        std::ptr::null()
    }
}
pub(crate) mod libcalls {
    pub fn table() -> *const usize {
        std::ptr::null()
    }
}
pub(crate) fn invoke(
    _s: &mut Store,
    _i: InstanceId,
    _b: u32,
    _h: &mut dyn Host,
    _budget: u32,
    _a: &[u64],
    _r: &mut [u64],
) -> Result<(), Trap> {
    Err(Trap::Unreachable)
}
