//! A float-free, metered, interruptible WebAssembly engine.
