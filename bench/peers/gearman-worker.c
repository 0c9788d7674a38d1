// A Gearman worker with the functions area ("BEGIN END POINTS" → sum), tiny (64 → 1,024 bytes) and sha256.
//
//   gearman-worker PORT
#include <inttypes.h>
#include <libgearman/gearman.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "work.h"

static gearman_return_t on_area(gearman_job_st *job, void *context) {
  (void)context;
  char text[128] = {0};
  size_t size = gearman_job_workload_size(job);
  memcpy(text, gearman_job_workload(job), size < sizeof text ? size : sizeof text - 1);
  uint64_t begin, end, points, sum = 0;
  if (sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64, &begin, &end, &points) != 3) return GEARMAN_WORK_FAIL;
  for (uint64_t index = begin; index < end; index++) sum += area(index, points);
  int length = snprintf(text, sizeof text, "%" PRIu64, sum);
  return gearman_job_send_complete(job, text, (size_t)length);
}

static gearman_return_t on_tiny(gearman_job_st *job, void *context) {
  (void)context;
  uint8_t out[TINY_OUT];
  if (gearman_job_workload_size(job) != TINY_IN) return GEARMAN_WORK_FAIL;
  tiny(gearman_job_workload(job), out);
  return gearman_job_send_complete(job, out, sizeof out);
}

static gearman_return_t on_sha256(gearman_job_st *job, void *context) {
  (void)context;
  uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(gearman_job_workload(job), gearman_job_workload_size(job), digest);
  return gearman_job_send_complete(job, digest, sizeof digest);
}

int main(int count, char **arguments) {
  gearman_worker_st *worker = gearman_worker_create(NULL);
  if (count != 2 || worker == NULL) return 2;
  gearman_worker_add_server(worker, "127.0.0.1", (in_port_t)atoi(arguments[1]));
  gearman_worker_define_function(worker, "area", 4, gearman_function_create(on_area), 0, NULL);
  gearman_worker_define_function(worker, "tiny", 4, gearman_function_create(on_tiny), 0, NULL);
  gearman_worker_define_function(worker, "sha256", 6, gearman_function_create(on_sha256), 0, NULL);
  // A lost server is no end: the worker connects again, as Gearman's own does.
  for (;;) gearman_worker_work(worker);
}
