#!/bin/sh
set -eu
cd "$(dirname "$0")"
../build-c.sh warehouse.c warehouse.wasm
../build-c.sh shop.c shop.wasm
