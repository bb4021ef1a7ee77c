#!/bin/sh
# Compiles one contract in C or C++: build-c.sh SOURCE.c|SOURCE.cpp OUTPUT.wasm
#
# Needs clang and lld, version 14 or newer (apt-get install clang lld).
#
# -mcpu=mvp        WebAssembly 1.0 only: arwen-1.3 refuses later operators such as memory.copy
# -fno-builtin     no calls to a memcpy that nobody links
# stack-size       one page of memory holds stack and data of a small contract
# stack-first      a stack that grows too deep ends in a trap, not in the data
set -eu
include="$(cd "$(dirname "$0")" && pwd)/include"
case "$1" in
*.cpp) language="-x c++ -std=c++17 -fno-exceptions -fno-rtti" ;;
*) language="-x c -std=c11" ;;
esac
# shellcheck disable=SC2086
"${CLANG:-clang}" --target=wasm32 -mcpu=mvp -O2 $language -Wall -Wextra -Werror -ffreestanding -fno-builtin -nostdlib \
    -I "$include" \
    -Wl,--no-entry,--strip-all,--stack-first,-z,stack-size=8192,--initial-memory=65536 \
    -o "$2" "$1"
