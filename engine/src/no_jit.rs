//! In place of `jit` in a build without native tier: the same names, and nothing behind them.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use crate::artefact::Counts;
use crate::config::Config;
use crate::host::Host;
use crate::module::info::ModuleInfo;
use crate::runtime::invocation::Invocation;
use crate::runtime::store::Store;
use crate::tier::{Made, Refusal, Stopped, Wanted};
use crate::trap::Trap;

/// There is none.
#[derive(Debug)]
pub(crate) enum Compiler {}

impl Compiler {
    pub fn new(_: &Config) -> Result<Self, String> {
        Err("this build has no native tier".into())
    }

    pub fn compile(
        &self,
        _: &ModuleInfo,
        _: Option<&NativeCode>,
        _: &Wanted,
        _: usize,
        _: &(dyn Fn() -> bool + Sync),
    ) -> Result<Made, Stopped> {
        match *self {}
    }

    pub fn relies_on_guards(&self) -> bool {
        match *self {}
    }

    pub fn fingerprint(&self) -> &str {
        match *self {}
    }
}

/// There is none.
pub(crate) enum Compilation {}

impl Compilation {
    pub fn new(compiler: &Arc<Compiler>) -> Self {
        match **compiler {}
    }

    pub fn step(&mut self, _: &ModuleInfo) -> Result<bool, Refusal> {
        match *self {}
    }

    pub fn finish(self, _: &ModuleInfo, _: &dyn Fn() -> bool) -> Result<NativeCode, Stopped> {
        match self {}
    }
}

/// There is none.
#[derive(Debug)]
pub(crate) enum NativeCode {}

impl NativeCode {
    pub fn load(code: OpenCode, _: Vec<u8>, _: &Counts) -> io::Result<Self> {
        match code {}
    }

    pub fn counts(&self) -> Counts {
        match *self {}
    }

    pub fn parts(&self) -> [&[u8]; 2] {
        match *self {}
    }

    pub fn bytes(&self) -> usize {
        match *self {}
    }

    pub fn entry(&self, _: u32) -> *const u8 {
        match *self {}
    }

    pub fn way_in(&self, _: &ModuleInfo, _: u32) -> *const u8 {
        match *self {}
    }

    pub fn has(&self, _: u32) -> bool {
        match *self {}
    }
}

/// There is none.
pub(crate) enum OpenCode {}

impl OpenCode {
    pub fn to_fill(_: usize) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn bytes(&mut self) -> &mut [u8] {
        match *self {}
    }
}

/// Never asked.
pub(crate) fn table_bytes(_: &Counts) -> u64 {
    0
}

/// There is none.
pub(crate) fn place(_: &Invocation<'_>) -> Option<Infallible> {
    None
}

/// Never called: there is nowhere to run.
pub(crate) fn invoke(
    _: &mut Store,
    _: &mut dyn Host,
    _: Invocation<'_>,
    place: Infallible,
) -> Result<(), Trap> {
    match place {}
}

pub(crate) mod libcalls {
    /// No helpers, as nothing calls them.
    pub fn table() -> *const usize {
        std::ptr::null()
    }
}
