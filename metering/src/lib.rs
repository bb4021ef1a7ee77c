//! What executing WebAssembly costs, and exactly where it is charged.
