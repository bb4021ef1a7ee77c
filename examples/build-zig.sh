#!/bin/sh
# Compiles one contract in Zig: build-zig.sh SOURCE.zig OUTPUT.wasm
#
# Needs Zig, or Python with pip, which installs Zig into a folder of its own below this one.
#
# -mcpu=mvp        WebAssembly 1.0 only: arwen-1.3 refuses later operators
# -rdynamic        every `export fn` is an endpoint
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
zig="${ZIG:-$here/target/zig/ziglang/zig}"
[ -x "$zig" ] || pip install --quiet --target "$here/target/zig" ziglang==0.17.1
"$zig" build-exe -target wasm32-freestanding -mcpu=mvp -O ReleaseSmall -fstrip -fno-entry -rdynamic \
    --stack 8192 --initial-memory=65536 --name contract -femit-bin="$2" \
    --dep arwen -Mroot="$1" -Marwen="$here/include/arwen.zig"
