#!/bin/sh
set -eu
cd "$(dirname "$0")"
../build-rust.sh framework-adder framework-adder.wasm
