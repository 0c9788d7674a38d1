// `tiny` as a kernel: the item's 64 bytes in, 1,024 bytes out.
#include "work.h"

#define HOST(name) __attribute__((import_module("ptorrent"), import_name(name)))

HOST("write") void host_write(const void *bytes, int length);
HOST("input_read") int host_read(int slot, int offset, void *bytes, int length);

static uint8_t in[TINY_IN], out[TINY_OUT];

__attribute__((export_name("run"))) void run(int64_t begin, int64_t end) {
  (void)begin, (void)end;
  host_read(0, 0, in, sizeof in);
  tiny(in, out);
  host_write(out, sizeof out);
}
