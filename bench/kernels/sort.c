// Quicksort of 32,768 numbers of 64 bits: comparisons that nobody can predict, recursion, memory.
#include "kernel.h"

enum { count = 32768 };

static uint64_t numbers[count];

static void sort(uint64_t *begin, uint64_t *end) {
  while (end - begin > 16) {
    uint64_t a = begin[0], b = begin[(end - begin) / 2], c = end[-1];
    uint64_t pivot = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
    uint64_t *left = begin, *right = end - 1;
    while (left <= right) {
      while (*left < pivot) left++;
      while (*right > pivot) right--;
      if (left <= right) {
        uint64_t other = *left;
        *left++ = *right;
        *right-- = other;
      }
    }
    // The smaller part by recursion, the larger one by going on: the stack stays small.
    if (right + 1 - begin < end - left) {
      sort(begin, right + 1);
      begin = left;
    } else {
      sort(left, end);
      end = right + 1;
    }
  }
  for (uint64_t *at = begin + 1; at < end; at++) {
    uint64_t value = *at;
    uint64_t *to = at;
    for (; to > begin && to[-1] > value; to--) *to = to[-1];
    *to = value;
  }
}

static uint64_t unit(uint64_t index) {
  for (int i = 0; i < count; i++) numbers[i] = scramble(index * count + (uint64_t)i);
  sort(numbers, numbers + count);
  uint64_t sum = 0;
  for (int i = 0; i < count; i++) sum = sum * 31 + numbers[i];
  return sum;
}
