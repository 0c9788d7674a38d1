// A Gearman client: hands in tasks, collects their results in order, prints the seconds that it took.
//
//   gearman-client PORT tiny COUNT             64 bytes in, 1,024 out
//   gearman-client PORT latency COUNT          one tiny task after another; prints p50 and p99 in milliseconds
//   gearman-client PORT area COUNT POINTS      a task an index; prints the sum as well
//   gearman-client PORT sha256 COUNT BYTES     inputs of so many bytes
#include <inttypes.h>
#include <libgearman/gearman.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "work.h"

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what) {
  fprintf(stderr, "gearman-client: %s\n", what);
  exit(1);
}

typedef struct {
  uint8_t *bytes;
  size_t size;
} result;

static gearman_return_t on_complete(gearman_task_st *task) {
  result *place = gearman_task_context(task);
  place->size = gearman_task_data_size(task);
  place->bytes = malloc(place->size);
  memcpy(place->bytes, gearman_task_data(task), place->size);
  return GEARMAN_SUCCESS;
}

static int ascending(const void *left, const void *right) {
  double difference = *(const double *)left - *(const double *)right;
  return (difference > 0) - (difference < 0);
}

static void latency(gearman_client_st *client, long count) {
  double *times = calloc((size_t)count, sizeof *times);
  uint8_t in[TINY_IN] = {1};
  for (long i = 0; i < count; i++) {
    double begun = now();
    size_t size = 0;
    gearman_return_t status;
    void *answer = gearman_client_do(client, "tiny", NULL, in, sizeof in, &size, &status);
    if (status != GEARMAN_SUCCESS || size != TINY_OUT) fail("a task failed");
    times[i] = (now() - begun) * 1e3;
    free(answer);
  }
  qsort(times, (size_t)count, sizeof *times, ascending);
  printf("{\"p50\": %.3f, \"p99\": %.3f}\n", times[count / 2], times[count * 99 / 100]);
}

static void many(gearman_client_st *client, const char *function, long count, uint64_t argument) {
  result *results = calloc((size_t)count, sizeof *results);
  size_t size = strcmp(function, "tiny") == 0 ? TINY_IN : strcmp(function, "area") == 0 ? 64 : argument;
  uint8_t *inputs = calloc((size_t)count, size);
  double begun = now();
  for (long i = 0; i < count; i++) {
    uint8_t *in = inputs + (size_t)i * size;
    if (strcmp(function, "area") == 0) snprintf((char *)in, size, "%ld %ld %" PRIu64, i, i + 1, argument);
    else memcpy(in, &i, sizeof i);
    gearman_return_t status;
    gearman_client_add_task(client, NULL, &results[i], function, NULL, in, size, &status);
    if (status != GEARMAN_SUCCESS) fail("a task was not taken");
  }
  if (gearman_client_run_tasks(client) != GEARMAN_SUCCESS) fail(gearman_client_error(client));
  uint64_t sum = 0;
  for (long i = 0; i < count; i++) {
    if (results[i].bytes == NULL) fail("a result is missing");
    if (strcmp(function, "area") == 0) {
      char text[32] = {0};
      memcpy(text, results[i].bytes, results[i].size < 31 ? results[i].size : 31);
      sum += strtoull(text, NULL, 10);
    }
  }
  printf("{\"seconds\": %.4f, \"sum\": %" PRIu64 "}\n", now() - begun, sum);
}

int main(int count, char **arguments) {
  gearman_client_st *client = gearman_client_create(NULL);
  if (count < 4 || client == NULL) fail("usage: gearman-client PORT tiny|latency|area|sha256 COUNT [POINTS|BYTES]");
  gearman_client_add_server(client, "127.0.0.1", (in_port_t)atoi(arguments[1]));
  gearman_client_set_complete_fn(client, on_complete);
  long tasks = atol(arguments[3]);
  if (strcmp(arguments[2], "latency") == 0) latency(client, tasks);
  else many(client, arguments[2], tasks, count > 4 ? strtoull(arguments[4], NULL, 10) : 0);
  return 0;
}
