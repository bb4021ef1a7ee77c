//! The WebAssembly specification suite, run on the engine.
//!
//! [`suite`] says which files there are, [`script`] carries out one of them on a [`machine::Machine`], [`record`] is
//! what comes out. [`classify`] decides, without asking the engine, what a module must meet: to run, to be rejected
//! for its floats, or to be rejected for a feature that we do not have. [`strip`] makes runnable what is not about
//! floats in a module that has some.
//!
//! [`parity`] is the other oracle: generated modules, of which the tiers must make the same, and another engine too.
//! [`oracle`] has claims that hold for any bytes, for a fuzzer.

pub mod classify;
pub mod expected;
pub mod machine;
pub mod matching;
pub mod oracle;
pub mod parity;
pub mod record;
pub mod report;
pub mod script;
pub mod spectest;
pub mod strip;
pub mod suite;
