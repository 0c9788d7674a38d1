#!/usr/bin/env bash
# Compiles the comparison's work natively and to WebAssembly, and the Gearman programs. Output: bench/peers/build/.
set -euo pipefail
cd "$(dirname "$0")"

missing=()
for tool in clang-16:clang-16 wasm-ld-16:lld-16 gearmand:gearman-job-server; do
  command -v "${tool%%:*}" >/dev/null || missing+=("${tool##*:}")
done
[[ -e /usr/include/libgearman/gearman.h ]] || missing+=(libgearman-dev)
[[ -e /usr/include/openssl/sha.h ]] || missing+=(libssl-dev)
/usr/bin/python3 -c 'import distributed, psutil' 2>/dev/null || missing+=(python3-distributed python3-psutil)
if ((${#missing[@]})); then
  echo "bench/peers needs packages: apt install ${missing[*]}" >&2
  exit 1
fi

mkdir -p build
common="-O2 -Wall -Wextra -Werror -ffp-contract=off"
clang-16 $common -o build/native native.c
clang-16 $common -shared -fPIC -o build/native.so native.c
clang-16 $common -Wno-deprecated-declarations -o build/gearman-worker gearman-worker.c -lgearman -lcrypto
clang-16 $common -o build/gearman-client gearman-client.c -lgearman
for kernel in area tiny; do
  clang-16 $common --target=wasm32 -mbulk-memory -msimd128 -nostdlib -Wl,--no-entry \
    -o "build/$kernel.wasm" "$kernel-kernel.c"
done
