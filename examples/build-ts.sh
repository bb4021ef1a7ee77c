#!/bin/sh
# Compiles one AssemblyScript contract: build-ts.sh SOURCE.ts OUTPUT.wasm
#
# Needs Node.js; installs the compiler that package.json names, or takes the one in $ASC.
#
# --runtime stub   memory is taken and never given back: a call is short, and the next one starts afresh
# --disable …      WebAssembly 1.0 only: arwen-1.3 refuses later operators
# --use abort=     failed assertions end in `unreachable` instead of an import that no host has, unless the
#                  contract exports a function of its own for it
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
asc="${ASC:-$here/node_modules/.bin/asc}"
[ -x "$asc" ] || npm install --prefix "$here" --no-audit --no-fund --silent
"$asc" "$1" --outFile "$2" -O3 --shrinkLevel 2 --runtime stub --noAssert --use abort= \
    --disable bulk-memory --disable sign-extension --disable nontrapping-f2i --disable mutable-globals
