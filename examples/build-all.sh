#!/bin/sh
# Rebuilds every committed .wasm. README.md says what each language needs.
set -eu
cd "$(dirname "$0")"
for build in */build.sh; do
    echo "== $(dirname "$build")"
    "$build"
done
