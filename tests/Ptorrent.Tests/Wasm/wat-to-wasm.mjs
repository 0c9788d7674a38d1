// Assembles WebAssembly text. Reads a JSON array of texts from standard input, answers with one of base64 modules.
import { readFileSync } from "node:fs";
import createWabt from "wabt";

const features = {
  simd: true, bulk_memory: true, reference_types: true, multi_value: true, sign_extension: true,
  sat_float_to_int: true, mutable_globals: true, exceptions: false, threads: true, memory64: true, tail_call: true,
  multi_memory: true,
};

const wabt = await createWabt();
const assembled = JSON.parse(readFileSync(0, "utf8")).map((text, number) => {
  const module = wabt.parseWat(`text ${number}`, text, features);
  try {
    return Buffer.from(module.toBinary({}).buffer).toString("base64");
  } finally {
    module.destroy();
  }
});
process.stdout.write(JSON.stringify(assembled));
