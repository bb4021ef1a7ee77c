#!/bin/sh
set -eu
cd "$(dirname "$0")"
../build-c.sh counter.c counter.wasm
