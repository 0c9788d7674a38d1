using System.Collections.Immutable;
using Ptorrent.Link;
using Ptorrent.Model;
using Ptorrent.Model.Units;

namespace Ptorrent.Harbor.State;

/// <summary>
/// One round of merging: neighbouring segments in groups of two to eight whose inline bytes fit into one frame; each
/// group is one lease. Which segments form a group depends on the segments alone, so that a round goes on after a
/// restart where it stood.
/// </summary>
internal sealed class MergeRound
{
    /// <summary>Segments in a group at most.</summary>
    public const int GroupPartsMax = 8;

    private readonly ImmutableArray<MergePart> _parts;
    private readonly ImmutableArray<int> _groupBegins;
    private readonly List<MergePart> _done = [];

    /// <param name="number">From 1; its parts are the segments of the round before.</param>
    /// <param name="parts">At least two, each beginning where the one before ends.</param>
    public MergeRound(int number, ImmutableArray<MergePart> parts)
    {
        Invariant.Holds(parts.Length > 1);
        Number = number;
        _parts = parts;
        _groupBegins = GroupBegins(parts);
    }

    public int Number { get; }

    public int GroupCount => _groupBegins.Length;

    /// <summary>Whether the one group of this round gives the product.</summary>
    public bool IsLast => GroupCount == 1;

    /// <summary>Whether every group's segment is durable.</summary>
    public bool IsDone => _done.Count == GroupCount;

    /// <summary>The durable segments of this round, in order.</summary>
    public ImmutableArray<MergePart> Done => [.. _done.OrderBy(p => p.Range.Begin)];

    /// <summary>The ranges of a group's parts, from left to right.</summary>
    public ImmutableArray<IndexRange> PartsOf(int group)
    {
        int begin = _groupBegins[group];
        int end = group + 1 < GroupCount ? _groupBegins[group + 1] : _parts.Length;
        return [.. _parts.AsSpan()[begin..end].ToArray().Select(p => p.Range)];
    }

    /// <summary>The indices that a group covers.</summary>
    public IndexRange RangeOf(int group)
    {
        int end = group + 1 < GroupCount ? _groupBegins[group + 1] : _parts.Length;
        return new IndexRange(_parts[_groupBegins[group]].Range.Begin, _parts[end - 1].Range.End);
    }

    /// <summary>Books a durable segment of this round.</summary>
    public void Add(MergePart part) => _done.Add(part);

    /// <summary>The groups without a durable segment, as ranges of group numbers.</summary>
    public ImmutableArray<IndexRange> GroupsLeft()
    {
        HashSet<long> begins = [.. _done.Select(p => p.Range.Begin)];
        List<IndexRange> left = [];
        for (int group = 0; group < GroupCount; group++)
        {
            if (begins.Contains(_parts[_groupBegins[group]].Range.Begin))
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

    private static ImmutableArray<int> GroupBegins(ImmutableArray<MergePart> parts)
    {
        List<int> begins = [0];
        int inlineBytes = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            if (i - begins[^1] == GroupPartsMax || inlineBytes + parts[i].InlineBytes > LinkLimits.PartsInlineBytesMax)
            {
                begins.Add(i);
                inlineBytes = 0;
            }

            inlineBytes += parts[i].InlineBytes;
        }

        // A last part alone takes its neighbour from the group before, which has four parts or more: it was full.
        if (begins.Count > 1 && begins[^1] == parts.Length - 1)
        {
            begins[^1]--;
        }

        return [.. begins];
    }
}
