// A row of the Mandelbrot set, 512 points of at most 1,000 iterations: multiplication and addition of doubles in one tight
// loop, little memory.
#include "kernel.h"

static uint64_t unit(uint64_t index) {
  uint64_t sum = 0;
  double cy = -1.25 + 2.5 * (double)(index % 512) / 512.0;
  for (int column = 0; column < 512; column++) {
    double cx = -2.0 + 2.5 * column / 512.0;
    double x = 0, y = 0, xx = 0, yy = 0;
    uint32_t count = 0;
    while (xx + yy <= 4.0 && count < 1000) {
      y = 2.0 * x * y + cy;
      x = xx - yy + cx;
      xx = x * x;
      yy = y * y;
      count++;
    }
    sum += count;
  }
  return sum;
}
