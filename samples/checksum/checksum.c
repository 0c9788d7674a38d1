// The CRC-32 of files, as gzip and PNG use it: a kernel in C that takes one file at a time.
//
//   clang-16 --target=wasm32 -O2 -nostdlib -Wl,--no-entry -Wl,--export=run -o samples/build/checksum.wasm \
//       samples/checksum/checksum.c
//   ./ptorrent map samples/build/checksum.wasm --files 'docs/*.md' --combine lines --out -
//
// prints eight hexadecimal digits a file. samples/build.mjs runs the first command where clang and lld are installed
// (apt install clang-16 lld-16).

#define PTORRENT(name) __attribute__((import_module("ptorrent"), import_name(#name)))

PTORRENT(write) void ptorrent_write(const void *bytes, int length);
PTORRENT(input_size) int ptorrent_input_size(int slot);
PTORRENT(input_read) int ptorrent_input_read(int slot, int offset, void *bytes, int length);

static unsigned char chunk[65536];

static unsigned update(unsigned crc, const unsigned char *bytes, int length) {
  for (int i = 0; i < length; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0xedb88320u & -(crc & 1u));
  }
  return crc;
}

// With files there is one index a call, and slot 0 is the file's content.
void run(long long begin, long long end) {
  (void)begin;
  (void)end;
  unsigned crc = 0xffffffffu;
  int size = ptorrent_input_size(0);
  for (int offset = 0; offset < size; offset += (int)sizeof chunk) {
    crc = update(crc, chunk, ptorrent_input_read(0, offset, chunk, sizeof chunk));
  }
  crc = ~crc;
  char text[9];
  for (int i = 0; i < 8; i++) text[i] = "0123456789abcdef"[(crc >> (28 - 4 * i)) & 15];
  text[8] = '\n';
  ptorrent_write(text, sizeof text);
}
