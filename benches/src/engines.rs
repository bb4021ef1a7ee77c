//! Who takes part: one file a family of engines.

mod arwen;
mod native;
#[cfg(feature = "peers")]
mod wasmer;
#[cfg(feature = "peers")]
mod wasmi;
#[cfg(feature = "peers")]
mod wasmtime;

use crate::kernels::Kernel;

/// A kernel made ready: each call runs it once, from the start, and gives its result.
pub type Prepared = Box<dyn FnMut() -> i64>;

/// Something that can run a kernel.
pub trait Engine {
    /// As in the tables.
    fn name(&self) -> &str;
    /// Compiles and instantiates; `None` when this engine is not available here.
    fn prepare(&self, kernel: &Kernel) -> Option<Prepared>;
}

/// The engine whose time is 1.
pub const UNIT: &str = "native gcc -O2";

/// Everyone this build knows.
pub fn all() -> Vec<Box<dyn Engine>> {
    let mut engines = native::all();
    engines.extend(arwen::all());
    #[cfg(feature = "peers")]
    {
        engines.extend(wasmtime::all());
        engines.extend(wasmer::all());
        engines.extend(wasmi::all());
    }
    engines
}
