// What the kernels share: one source, compiled natively and to WebAssembly. A kernel defines `unit`: the work of one
// index, which returns a checksum. The sum of the checksums is what both ways must agree on.
#pragma once

#include <stdint.h>

static uint64_t unit(uint64_t index);

#ifdef __wasm__

__attribute__((import_module("ptorrent"), import_name("write"))) void ptorrent_write(const void *bytes, int length);

__attribute__((export_name("run"))) void run(uint64_t begin, uint64_t end) {
  uint64_t sum = 0;
  for (uint64_t index = begin; index < end; index++) sum += unit(index);
  ptorrent_write(&sum, sizeof sum);
}

#else

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// Reads "BEGIN END" from each line of standard input, runs these units, prints the checksum and the nanoseconds.
int main(void) {
  unsigned long long begin, end;
  while (scanf("%llu %llu", &begin, &end) == 2) {
    uint64_t sum = 0;
    uint64_t started = now();
    for (uint64_t index = begin; index < end; index++) sum += unit(index);
    printf("%llu %llu\n", (unsigned long long)sum, (unsigned long long)(now() - started));
    fflush(stdout);
  }
  return 0;
}

#endif

// The finalizer of SplitMix64: numbers that look random, from an index.
static inline uint64_t scramble(uint64_t value) {
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}
