using System.Collections.Immutable;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Simulation.Core;

namespace Ptorrent.Simulation.Workload;

/// <summary>Draws the jobs of a world.</summary>
internal static class WorkloadDraw
{
    private const double TypicalFuelPerSecond = 2e9;
    private const long IndexCountMax = 4000;

    /// <summary>The jobs, the first one submitted at once.</summary>
    public static ImmutableArray<JobScript> Draw(WorldOptions options, Dice dice) =>
        [.. Enumerable.Range(1, options.JobCount).Select(n => DrawJob(options, dice, n))];

    private static JobScript DrawJob(WorldOptions options, Dice dice, int number)
    {
        double fuel = options.WorkSeconds / options.JobCount * TypicalFuelPerSecond;
        double fuelPerIndex = dice.BetweenMagnitudes(1e-3, 1) * TypicalFuelPerSecond;
        long count = Math.Clamp((long)(fuel / fuelPerIndex), 1, IndexCountMax);
        CombineKind combine = dice.Of(
            CombineKind.Concat,
            CombineKind.Lines,
            CombineKind.Files,
            CombineKind.Sum,
            CombineKind.Min,
            CombineKind.Max,
            CombineKind.Merge);
        bool isOverFiles = combine != CombineKind.Merge && count <= 600 && dice.Happens(0.2);
        bool takesRanges = combine != CombineKind.Files && !isOverFiles && dice.Happens(0.6);
        long begin = isOverFiles || dice.Happens(0.5) ? 0 : dice.Between(1L, 1L << 40);
        JobRequest request = new()
        {
            Id = new JobId((ulong)dice.Between(1L, long.MaxValue - 1)),
            Name = $"job {number}",
            Program = new ProgramReference(
                takesRanges ? ProgramKind.Kernel : ProgramKind.Script, new Digest(dice.Bytes(32)), 1000, "program"),
            Over = isOverFiles ? null : new IndexRange(begin, begin + count),
            Files = isOverFiles ? [.. Enumerable.Range(0, (int)count).Select(i => DrawFile(dice, i))] : [],
            Combine = combine,
            Acceptors = dice.Happens(0.2) ? [new AcceptorRequest { Folder = $"folder{number}" }] : [],
        };
        int spread = dice.Happens(0.5) ? 1 : dice.Between(2, 6);
        return new JobScript(
            request,
            Math.Max(1, (long)(fuelPerIndex / ((1 + spread) / 2.0))),
            spread,
            dice.Of(0, 10, 100, dice.Happens(0.2) ? 100_000 : 1000),
            dice.Happens(0.08) ? begin + dice.Between(0L, count - 1) : null)
        {
            Number = number,
            SubmitAt = number == 1 ? TimeSpan.Zero : dice.Between(TimeSpan.Zero, options.SafetyTime),
            CancelAt = dice.Happens(0.08) ? dice.Between(TimeSpan.Zero, options.SafetyTime * 1.2) : null,
        };
    }

    private static InputFile DrawFile(Dice dice, int index) =>
        new($"input{index}.bin", new Digest(dice.Bytes(32)), dice.Between(0L, 100_000L));
}
