using System.Collections.Immutable;
using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <summary>A body of work to be leased.</summary>
/// <param name="Id">Its id; must not be in use.</param>
/// <param name="Class">Works of one class cost alike for each index: the job's id.</param>
/// <param name="Ranges">Its indices: disjoint ranges, at least one index. Several where parts were committed in an
/// earlier life of the node.</param>
public sealed record WorkDescription(WorkId Id, ulong Class, ImmutableArray<IndexRange> Ranges)
{
    /// <summary>The most indices in one lease; at least 1. Default no limit.</summary>
    public long LeaseIndexCountMax { get; init; } = long.MaxValue;

    /// <summary>Whether it is served before all older work that is not urgent. Default false.</summary>
    public bool IsUrgent { get; init; }

    /// <summary>Whether a child may be asked to give back a lease of it that it has not begun. Default true.</summary>
    public bool IsRevocable { get; init; } = true;

    /// <summary>What an index of the class costs, as learned in an earlier life of the node. It counts while nothing of
    /// the class has come back. Default nothing is known.</summary>
    public LearnedCost? Learned { get; init; }

    /// <summary>Work that is one range.</summary>
    public static WorkDescription Of(WorkId id, ulong @class, IndexRange range) => new(id, @class, [range]);
}
