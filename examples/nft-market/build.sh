#!/bin/sh
set -eu
cd "$(dirname "$0")"
../build-c.sh nft-market.cpp nft-market.wasm
