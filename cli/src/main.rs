//! The `arwen` binary.

fn main() {}
