#!/bin/sh
set -eu
cd "$(dirname "$0")"
../build-c.sh token.c token.wasm
