#!/bin/sh
set -eu
cd "$(dirname "$0")"
../build-rust.sh framework-token framework-token.wasm
