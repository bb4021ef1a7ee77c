#!/bin/sh
set -eu
cd "$(dirname "$0")"
../build-ts.sh adder.ts adder.wasm
