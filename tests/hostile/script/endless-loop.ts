// Never returns.
export default function () {
  for (;;);
}
