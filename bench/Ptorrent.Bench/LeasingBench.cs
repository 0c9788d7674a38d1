using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Bench;

/// <summary>The leasing core alone: many children, many works, commits and the grants that follow them.</summary>
internal static class LeasingBench
{
    private const int SlotCount = 8;
    private const long FuelPerIndex = 10_000_000;
    private static readonly LeaseEpoch Epoch = new(1);
    private static readonly ComputeRate Rate = new(4e9);

    public static async Task<int> RunAsync(ImmutableArray<string> arguments)
    {
        int Number(int at, int otherwise) =>
            arguments.Length > at ? int.Parse(arguments[at], CultureInfo.InvariantCulture) : otherwise;

        (int children, int works, int rounds) = (Number(0, 10_000), Number(1, 1_000), Number(2, 1_000_000));
        LeasingState state = new(LeasingLimits.Wire, Epoch);
        List<LeasingEffect> effects = new(100_000);
        Queue<LeasingEffect> granted = new(100_000);
        TimeSpan now = TimeSpan.FromHours(1);
        for (int child = 0; child < children; child++)
        {
            state.AddChild(now, new(child), SlotCount, Rate);
            state.SetWindow(now, new(child), new Fuel(long.MaxValue / 4), effects);
        }

        for (int work = 0; work < works; work++)
        {
            state.AddWork(now, WorkDescription.Of(new(work), (ulong)work, new(0, 1_000_000_000_000)), effects);
        }

        void Run(int count)
        {
            for (int round = 0; round < count; round++)
            {
                foreach (LeasingEffect effect in effects)
                {
                    granted.Enqueue(effect);
                }

                effects.Clear();
                LeasingEffect lease = granted.Dequeue();
                Fuel fuel = new(lease.Range.Count * FuelPerIndex);
                now += TimeSpan.FromMicroseconds(100);
                state.Commit(
                    now, lease.Child, lease.Lease, Epoch, lease.Range.End, fuel, Rate.TimeFor(fuel), effects);
            }
        }

        Run(rounds / 5);
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        Stopwatch watch = Stopwatch.StartNew();
        Run(rounds);
        double microseconds = watch.Elapsed.TotalMicroseconds / rounds;
        bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        await Console.Out.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{children} children, {works} works, {state.LeaseCount} leases: {microseconds:F2} µs and "
            + $"{(double)bytes / rounds:F1} bytes for a commit and the grant after it"));
        return 0;
    }
}
