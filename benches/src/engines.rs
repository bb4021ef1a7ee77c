//! Who takes part: one file a family of engines.

mod arwen;
mod native;
pub mod program;
#[cfg(feature = "peers")]
mod wasmer;
#[cfg(feature = "wasmi")]
#[cfg_attr(
    not(feature = "peers"),
    allow(dead_code, reason = "the table wants all peers or none")
)]
pub mod wasmi;
#[cfg(feature = "peers")]
mod wasmtime;

use crate::clock::own_time;
use crate::kernels::Kernel;

/// What one run of a kernel gave and took.
pub struct Turn {
    /// The kernel's result, if the engine tells it.
    pub result: Option<i64>,
    /// Processor time of the thread that ran it, in milliseconds.
    pub millis: f64,
}

/// A kernel made ready: each call runs it once, from the start.
pub type Prepared = Box<dyn FnMut() -> Turn>;

/// Makes a kernel that runs on the calling thread ready.
fn timed(mut run: impl FnMut() -> i64 + 'static) -> Prepared {
    Box::new(move || {
        let start = own_time();
        let result = Some(run());
        Turn {
            result,
            millis: own_time().saturating_sub(start).as_secs_f64() * 1e3,
        }
    })
}

/// Something that can run a kernel.
pub trait Engine {
    /// As in the tables.
    fn name(&self) -> &str;
    /// Compiles and instantiates; `None` when this engine is not available here.
    fn prepare(&self, kernel: &Kernel) -> Option<Prepared>;
}

/// The engine whose time is 1.
pub const UNIT: &str = "native gcc -O2";

/// The unit, and ours with more and less metering.
pub fn by_metering() -> Vec<Box<dyn Engine>> {
    let mut engines = native::all();
    engines.retain(|engine| engine.name() == UNIT);
    engines.extend(arwen::by_metering());
    engines
}

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
