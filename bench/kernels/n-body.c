// A thousand steps of 16 bodies that attract each other: square roots and divisions of doubles over small arrays.
#include "kernel.h"

enum { bodies = 16, steps = 1000 };

struct body { double x, y, z, vx, vy, vz, mass; };

static struct body all[bodies];

static double fraction(uint64_t value) { return (double)(scramble(value) >> 11) * (1.0 / 9007199254740992.0); }

static void step(double time) {
  for (int i = 0; i < bodies; i++) {
    struct body *a = &all[i];
    for (int j = i + 1; j < bodies; j++) {
      struct body *b = &all[j];
      double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      double square = dx * dx + dy * dy + dz * dz + 0.01;
      double pull = time / (square * __builtin_sqrt(square));
      a->vx -= dx * b->mass * pull;
      a->vy -= dy * b->mass * pull;
      a->vz -= dz * b->mass * pull;
      b->vx += dx * a->mass * pull;
      b->vy += dy * a->mass * pull;
      b->vz += dz * a->mass * pull;
    }
  }
  for (int i = 0; i < bodies; i++) {
    all[i].x += time * all[i].vx;
    all[i].y += time * all[i].vy;
    all[i].z += time * all[i].vz;
  }
}

static uint64_t unit(uint64_t index) {
  for (int i = 0; i < bodies; i++) {
    uint64_t seed = (index * bodies + (uint64_t)i) * 8;
    all[i] = (struct body){
      fraction(seed), fraction(seed + 1), fraction(seed + 2),
      fraction(seed + 3) - 0.5, fraction(seed + 4) - 0.5, fraction(seed + 5) - 0.5, 0.1 + fraction(seed + 6),
    };
  }
  for (int i = 0; i < steps; i++) step(1e-4);
  double sum = 0;
  for (int i = 0; i < bodies; i++) sum += all[i].x + all[i].y + all[i].z;
  uint64_t bits;
  __builtin_memcpy(&bits, &sum, sizeof bits);
  return bits;
}
