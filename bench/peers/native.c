// The work natively: an executable for the ideal, a shared library for Python.
//
//   native area BEGIN END POINTS        prints the sum
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "work.h"

uint64_t area_of(uint64_t begin, uint64_t end, uint64_t points) {
  uint64_t sum = 0;
  for (uint64_t index = begin; index < end; index++) sum += area(index, points);
  return sum;
}

void tiny_of(const uint8_t *in, uint8_t *out) { tiny(in, out); }

int main(int count, char **arguments) {
  if (count != 5) {
    fprintf(stderr, "usage: native area BEGIN END POINTS\n");
    return 2;
  }
  uint64_t begin = strtoull(arguments[2], NULL, 10), end = strtoull(arguments[3], NULL, 10);
  printf("%" PRIu64 "\n", area_of(begin, end, strtoull(arguments[4], NULL, 10)));
  return 0;
}
