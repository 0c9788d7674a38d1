#!/usr/bin/env bash
# Compiles each kernel twice from one source: natively and to WebAssembly, both with -O2; KERNEL_WASM_FLAGS adds
# flags to the latter, such as -O3. Output: bench/kernels/build/.
set -euo pipefail
cd "$(dirname "$0")"

for tool in clang-16 wasm-ld-16; do
  if ! command -v "$tool" >/dev/null; then
    echo "bench/kernels needs $tool: apt install clang-16 lld-16" >&2
    exit 1
  fi
done

mkdir -p build
# Doubles are not fused or reordered: both ways must give the same bits. Both have vectors of 128 bits: x86-64 always, and
# WebAssembly when asked.
common="-O2 -Wall -Wextra -Werror -ffp-contract=off -fno-math-errno"
for source in *.c; do
  name="${source%.c}"
  if [[ "build/$name.wasm" -nt "$source" && "build/$name.wasm" -nt kernel.h && "build/$name.wasm" -nt build.sh ]]; then
    continue
  fi
  clang-16 $common -o "build/$name" "$source"
  clang-16 $common ${KERNEL_WASM_FLAGS:-} --target=wasm32 -mbulk-memory -msimd128 -nostdlib -Wl,--no-entry -o "build/$name.wasm" "$source"
done
