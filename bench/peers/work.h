// The work that every system of this comparison is given: one C source, compiled natively for the others and to
// WebAssembly for ptorrent. No state, no library, the same numbers everywhere.
#pragma once

#include <stdint.h>

// The finalizer of SplitMix64: numbers that look random, from an index.
static inline uint64_t scramble(uint64_t value) {
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

// How many of an index's random points lie in the Mandelbrot set. Its time is proportional to the points, and nearly the
// same for every index.
static inline uint64_t area(uint64_t index, uint64_t points) {
  uint64_t inside = 0;
  for (uint64_t point = 0; point < points; point++) {
    uint64_t random = scramble(index * points + point);
    double cr = -2.0 + 2.5 * ((double)(uint32_t)random / 4294967296.0);
    double ci = -1.25 + 2.5 * ((double)(uint32_t)(random >> 32) / 4294967296.0);
    double r = 0, i = 0;
    int turn = 0;
    for (; turn < 256 && r * r + i * i <= 4.0; turn++) {
      double next = r * r - i * i + cr;
      i = 2 * r * i + ci;
      r = next;
    }
    inside += turn == 256;
  }
  return inside;
}

// The tiny task: 64 bytes in, 1,024 bytes out.
enum { TINY_IN = 64, TINY_OUT = 1024 };

static inline void tiny(const uint8_t *in, uint8_t *out) {
  for (int i = 0; i < TINY_OUT; i++) out[i] = (uint8_t)(in[i % TINY_IN] + i);
}
