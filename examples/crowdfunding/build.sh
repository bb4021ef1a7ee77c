#!/bin/sh
set -eu
cd "$(dirname "$0")"
../build-rust.sh crowdfunding crowdfunding.wasm
