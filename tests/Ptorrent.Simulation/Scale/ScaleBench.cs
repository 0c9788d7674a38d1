using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Ptorrent.Simulation.Core;

namespace Ptorrent.Simulation.Scale;

/// <summary>One job on very many hosts, by the real leasing and by what is common elsewhere.</summary>
internal static class ScaleBench
{
    /// <summary>Runs them and prints a table.</summary>
    public static void Run(ScaleOptions options, int runCount, bool withBaselines)
    {
        ImmutableArray<(int Cores, double GigaPerSecond)> list = HostList.Read();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{options.HostCount} hosts, {options.JobTime.TotalSeconds:G4} s, round trip 100-300 ms, "
            + $"churn {options.HasChurn}, noise {options.HasNoise}"));
        Console.WriteLine(
            $"{"way",-22}{"seed",5}{"makespan",10}{"ideal",9}{"ratio",8}{"msg/host/min",14}{"lost",8}{"took",8}");
        for (int i = 0; i < runCount; i++)
        {
            ScaleOptions drawn = options with { Seed = options.Seed + (ulong)i };
            Print(drawn, o => new LeasedRun(o, Draw(o, list)));
            if (withBaselines)
            {
                Print(drawn, o => new ChunkRun(o, Draw(o, list), null));
                Print(drawn, o => new ChunkRun(o, Draw(o, list), TimeSpan.FromSeconds(1)));
                Print(drawn, o => new ChunkRun(o, Draw(o, list), TimeSpan.FromSeconds(5)));
            }
        }
    }

    private static ImmutableArray<Host> Draw(ScaleOptions options, ImmutableArray<(int, double)> list)
    {
        Dice dice = new(options.Seed);
        return
        [
            .. Enumerable.Range(0, options.HostCount)
                .Select(n => new Host(n, list[dice.Between(0, list.Length - 1)], options, dice.Fork())),
        ];
    }

    private static void Print(ScaleOptions options, Func<ScaleOptions, ScaleRun> make)
    {
        long begun = Stopwatch.GetTimestamp();
        ScaleResult result = make(options).Run();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Name,-22}{options.Seed,5}{result.Makespan.TotalSeconds,10:F2}{result.Ideal.TotalSeconds,9:F2}"
            + $"{result.Ratio,8:F3}{result.MessagesPerHostMinute,14:F1}{result.LostShare,8:P2}"
            + $"{Stopwatch.GetElapsedTime(begun).TotalSeconds,7:F1}s  {result.Notes}"));
    }
}
