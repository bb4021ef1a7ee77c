#!/bin/sh
set -eu
cd "$(dirname "$0")"
../build-ts.sh ballot.ts ballot.wasm
