#!/bin/sh
set -eu
cd "$(dirname "$0")"
../build-zig.sh hashlock.zig hashlock.wasm
