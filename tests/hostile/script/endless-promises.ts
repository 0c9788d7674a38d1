// Never returns, though it gives way again and again: no single turn of the event loop is long.
export default async function () {
  for (;;) await null;
}
