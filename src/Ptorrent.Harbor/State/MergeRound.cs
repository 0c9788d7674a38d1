using System.Collections.Immutable;
using Ptorrent.Model;
using Ptorrent.Model.Units;

namespace Ptorrent.Harbor.State;

/// <summary>
/// One round of merging: neighbouring segments in groups of two to eight, each group one lease. Which segments form a group
/// depends on the segments alone, so that a round goes on after a restart where it stood.
/// </summary>
internal sealed class MergeRound
{
    /// <summary>Segments in a group at most.</summary>
    public const int GroupPartsMax = 8;

    private readonly ImmutableArray<IndexRange> _parts;
    private readonly List<IndexRange> _done = [];

    /// <param name="number">From 1; its parts are the segments of the round before.</param>
    /// <param name="parts">At least two ranges in order, each beginning where the one before ends.</param>
    public MergeRound(int number, ImmutableArray<IndexRange> parts)
    {
        Invariant.Holds(parts.Length > 1);
        Number = number;
        _parts = parts;
        GroupCount = (parts.Length + GroupPartsMax - 1) / GroupPartsMax;
    }

    public int Number { get; }

    public int GroupCount { get; }

    /// <summary>Whether the one group of this round gives the product.</summary>
    public bool IsLast => GroupCount == 1;

    /// <summary>Whether every group's segment is durable.</summary>
    public bool IsDone => _done.Count == GroupCount;

    /// <summary>The durable segments of this round, in order.</summary>
    public ImmutableArray<IndexRange> Done => [.. _done.OrderBy(r => r.Begin)];

    /// <summary>The parts of a group, from left to right.</summary>
    public ImmutableArray<IndexRange> PartsOf(int group)
    {
        // As even as can be, so that no group is left with a single part.
        int size = _parts.Length / GroupCount;
        int larger = _parts.Length % GroupCount;
        int first = (group * size) + Math.Min(group, larger);
        return _parts.Slice(first, group < larger ? size + 1 : size);
    }

    /// <summary>The indices that a group covers.</summary>
    public IndexRange RangeOf(int group)
    {
        ImmutableArray<IndexRange> parts = PartsOf(group);
        return new IndexRange(parts[0].Begin, parts[^1].End);
    }

    /// <summary>Books a durable segment of this round.</summary>
    public void Add(IndexRange range) => _done.Add(range);

    /// <summary>The groups without a durable segment, as ranges of group numbers.</summary>
    public ImmutableArray<IndexRange> GroupsLeft()
    {
        HashSet<long> begins = [.. _done.Select(r => r.Begin)];
        List<IndexRange> left = [];
        for (int group = 0; group < GroupCount; group++)
        {
            if (begins.Contains(RangeOf(group).Begin))
            {
                continue;
            }

            if (left.Count > 0 && left[^1].End == group)
            {
                left[^1] = new IndexRange(left[^1].Begin, group + 1);
            }
            else
            {
                left.Add(new IndexRange(group, group + 1));
            }
        }

        return [.. left];
    }
}
