using System.Collections.Immutable;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Units;
using Ptorrent.Simulation.Core;
using Ptorrent.Simulation.Workload;

namespace Ptorrent.Simulation.Nodes;

/// <summary>Leases that an agent says it holds and never had.</summary>
internal static class Claims
{
    // Above whatever number a device gives to a lease of its own.
    private const long FirstNumber = 1L << 50;

    /// <summary>Whether a number is of such a lease.</summary>
    public static bool IsClaim(long number) => number >= FirstNumber;

    /// <summary>Some: parts of jobs, much more than a job has, the same twice, jobs nobody knows.</summary>
    public static ImmutableArray<Holding> Draw(Dice dice, ImmutableArray<JobScript> scripts)
    {
        ImmutableArray<Holding>.Builder claims = ImmutableArray.CreateBuilder<Holding>();
        int count = dice.Happens(0.1) ? dice.Between(100, 1000) : dice.Between(0, 8);
        for (int i = 0; i < count; i++)
        {
            IndexRange range = DrawRange(dice, scripts[dice.Between(0, scripts.Length - 1)], out ulong job);
            claims.Add(new Holding
            {
                Lease = FirstNumber + i,
                Epoch = dice.Between(0, 3),
                Job = dice.Happens(0.1) ? (ulong)dice.Between(1L, long.MaxValue) : job,
                Begin = range.Begin,
                End = range.End,
            });
        }

        return claims.DrainToImmutable();
    }

    private static IndexRange DrawRange(Dice dice, JobScript script, out ulong job)
    {
        job = script.Request.Id.Value;
        IndexRange all = script.Request.Range;
        long begin = dice.Between(all.Begin, all.End - 1);
        return dice.Between(0, 4) switch
        {
            0 => all,
            1 => new IndexRange(0, long.MaxValue),
            2 => new IndexRange(all.End + begin, all.End + begin + 5),
            3 => new IndexRange(begin, begin + 1),
            _ => new IndexRange(begin, begin + dice.Between(1L, all.Count)),
        };
    }
}
