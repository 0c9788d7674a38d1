// Goes on working after it has returned, in promises of its own: it must not eat the next run's time for ever, nor
// write into its results.
export default function ({ index }: { index: number }): string {
  const chain = (): Promise<void> => Promise.resolve().then(chain);
  if (index === 0) chain();
  return `returned ${index}`;
}
