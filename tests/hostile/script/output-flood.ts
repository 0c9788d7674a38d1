// Returns more output than anybody allowed.
export default function () {
  return new Uint8Array(512 << 20);
}
