#!/bin/sh
# --runtime stub   no garbage collector
# --disable …      WebAssembly 1.0 only: arwen-1.3 refuses later operators
# --noAssert       no `abort` import
set -eu
cd "$(dirname "$0")"
asc="${ASC:-node_modules/.bin/asc}"
[ -x "$asc" ] || npm install --no-audit --no-fund --silent
"$asc" adder.ts --outFile adder.wasm -O3 --shrinkLevel 2 --runtime stub --noAssert \
    --disable bulk-memory --disable sign-extension --disable nontrapping-f2i --disable mutable-globals
