// The product of two matrices of 160 × 160 doubles: the loop order that caches like, one multiplication and addition for
// each load.
#include "kernel.h"

enum { size = 160 };

static double left[size][size], right[size][size], product[size][size];

static uint64_t unit(uint64_t index) {
  for (int i = 0; i < size; i++) {
    for (int j = 0; j < size; j++) {
      uint64_t bits = scramble(index * size * size + (uint64_t)(i * size + j));
      left[i][j] = (double)(bits >> 40);
      right[i][j] = (double)(bits & 0xffffff);
      product[i][j] = 0;
    }
  }
  for (int i = 0; i < size; i++) {
    for (int k = 0; k < size; k++) {
      double factor = left[i][k];
      for (int j = 0; j < size; j++) product[i][j] += factor * right[k][j];
    }
  }
  double sum = 0;
  for (int i = 0; i < size; i++) sum += product[i][(i * 7) % size];
  return (uint64_t)sum;
}
