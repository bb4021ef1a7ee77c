#!/bin/sh
# Rebuilds every committed .wasm. Needs clang and lld (14 or newer) and, for the adder, Node.js with npm.
set -eu
cd "$(dirname "$0")"
for build in */build.sh; do
    echo "== $(dirname "$build")"
    "$build"
done
