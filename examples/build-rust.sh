#!/bin/sh
# Compiles one contract in Rust: build-rust.sh CRATE OUTPUT.wasm
#
# Needs rustup, and fetches the toolchain if it is missing. 1.69.0 is the last one whose standard library for
# WebAssembly keeps to the operators of WebAssembly 1.0, and it has the unstable features that the framework of 2021
# was written for: RUSTC_BOOTSTRAP lets a stable compiler use them.
#
# target-cpu=mvp   no operators after WebAssembly 1.0
# stack-size       instead of a whole megabyte
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
toolchain=1.69.0
rustup toolchain install "$toolchain" --profile minimal --target wasm32-unknown-unknown --no-self-update >/dev/null 2>&1
export CARGO_REGISTRIES_CRATES_IO_PROTOCOL=sparse RUSTC_BOOTSTRAP=1
export RUSTFLAGS="-C target-cpu=mvp -C link-arg=-zstack-size=32768 --remap-path-prefix $here=. --remap-path-prefix ${CARGO_HOME:-$HOME/.cargo}=cargo"
cargo +"$toolchain" build --quiet --locked --release --target wasm32-unknown-unknown --manifest-path "$here/Cargo.toml" -p "$1"
cp "$here/target/wasm32-unknown-unknown/release/$(echo "$1" | tr - _).wasm" "$2"
