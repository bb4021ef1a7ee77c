#!/bin/sh
# Compiles one C contract: build-c.sh SOURCE.c OUTPUT.wasm
#
# -mcpu=mvp        WebAssembly 1.0 only: arwen-1.3 refuses later operators such as memory.copy
# -fno-builtin     no calls to a memcpy that nobody links
# stack-size       one page of memory holds stack and data of a small contract
set -eu
include="$(cd "$(dirname "$0")" && pwd)/include"
"${CLANG:-clang}" --target=wasm32 -mcpu=mvp -O2 -std=c11 -Wall -Wextra -Werror -ffreestanding -fno-builtin -nostdlib \
    -I "$include" \
    -Wl,--no-entry,--strip-all,-z,stack-size=8192,--initial-memory=65536 \
    -o "$2" "$1"
