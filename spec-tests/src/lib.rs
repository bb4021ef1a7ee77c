//! The WebAssembly specification suite and the parity oracles.
