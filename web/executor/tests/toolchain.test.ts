import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { exchange, failureOf, outputsOf } from "./bench.js";
import { load, run } from "./frames.js";
import { withMeter } from "./modules.js";

// Goal: programs of a real C library see an ordinary system. Method: compile with clang and wasi-libc, where there are
// any; the meter's exports are added by hand.
const CLANG = ["clang-16", "clang"].find((name) => {
  try {
    execFileSync(name, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});

function compile(source: string): Uint8Array {
  const folder = mkdtempSync(path.join(tmpdir(), "ptorrent-"));
  try {
    const file = path.join(folder, "program.c");
    writeFileSync(file, source);
    const target = path.join(folder, "program.wasm");
    execFileSync(CLANG!, ["--target=wasm32-wasi", "-O1", "-o", target, file]);
    return withMeter(readFileSync(target));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const skip = CLANG === undefined ? "install clang-16, lld-16 and wasi-libc" : false;

const FILES = `
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  char line[100], folder[100];
  FILE *in = fopen(argv[1], "r");
  while (fgets(line, sizeof line, in)) printf("file: %s", line);
  fclose(in);
  while (fgets(line, sizeof line, stdin)) printf("stdin: %s", line);
  printf("cwd %s, write to /in: %d\\n", getcwd(folder, sizeof folder), fopen(argv[1], "w") ? 0 : errno == EROFS);
  mkdir("out", 0777);
  chdir("out");
  FILE *out = fopen("a.txt", "w+");
  fprintf(out, "%s %s", getenv("depth"), getenv("PTORRENT_INDEX"));
  fseek(out, 0, SEEK_SET);
  fgets(line, sizeof line, out);
  fclose(out);
  printf("read back: %s\\n", line);
  out = fopen("/out/a.txt", "a");
  fputs("!", out);
  fclose(out);
  rename("a.txt", "/b.txt");
  struct stat status;
  printf("stat: %d %lld\\n", stat("/b.txt", &status), (long long)status.st_size);
  remove("nothing");
  printf("errno: %s, terminal: %d\\n", strerror(errno), isatty(1));
  DIR *root = opendir("/");
  for (struct dirent *entry; (entry = readdir(root));) printf("entry: %s\\n", entry->d_name);
  time_t before = time(0);
  sleep(3600);
  printf("slept: %ld, year: %d\\n", (long)(time(0) - before), gmtime(&before)->tm_year + 1900);
  fprintf(stderr, "the last words\\n");
  return argc > 2 ? 7 : 0;
}`;

test("CProgram_FilesClocksAndEnvironment_AreAnOrdinarySystem", { skip }, () => {
  const loadFrame = load({ kind: 1, code: compile(FILES), arguments: ["{file}"], parameters: [["depth", "9"]] });
  const [output] = outputsOf(exchange(loadFrame, run({ begin: 4n, inputs: [["a b.txt", "one\ntwo\n"]] })), "a b.txt");
  assert.deepEqual(output!.text.split("\n"), [
    "file: one", "file: two", "stdin: one", "stdin: two", "cwd /, write to /in: 1", "read back: 9 4", "stat: 0 4",
    "errno: No such file or directory, terminal: 0", "entry: .", "entry: ..", "entry: in", "entry: out", "entry: b.txt",
    "slept: 3600, year: 2000", "",
  ]);
  assert.deepEqual(output!.files, { "b.txt": "9 4!" });
});

test("CProgram_ExitCode_ComesWithStandardError", { skip }, () => {
  const loadFrame = load({ kind: 1, code: compile(FILES), arguments: ["{file}", "more"] });
  const failure = failureOf(exchange(loadFrame, run({ inputs: [["a", ""]] })));
  assert.equal(failure.message, "exit code 7\nthe last words");
});

test("CProgram_LargeFileInSmallWrites_TakesLinearTime", { skip }, () => {
  const source = `
#include <fcntl.h>
#include <unistd.h>
int main() {
  int fd = open("big", O_CREAT | O_WRONLY, 0666);
  char part[100] = {0};
  for (int i = 0; i < 200000; i++) if (write(fd, part, sizeof part) != sizeof part) return 1;
}`;
  const loadFrame = load({ kind: 1, code: compile(source), outputBytesMax: 64n << 20n });
  const [output] = outputsOf(exchange(loadFrame, run()));
  assert.equal(output!.files["big"]!.length, 20_000_000);
});
