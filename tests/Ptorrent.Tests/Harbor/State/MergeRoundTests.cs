using System.Collections.Immutable;
using Ptorrent.Harbor.State;
using Ptorrent.Link;
using Ptorrent.Model.Randomness;
using Ptorrent.Model.Units;
using Xunit;

namespace Ptorrent.Tests.Harbor.State;

public sealed class MergeRoundTests
{
    // Goal: whatever the segments are like, groups are neighbours, cover all, fit into a frame and are never single.
    // Method: many drawn lists of segments, each checked whole.
    [Fact]
    public void Groups_OfAnySegments_CoverThemInOrderAndFit()
    {
        Prng prng = new(11);
        for (int round = 0; round < 500; round++)
        {
            ImmutableArray<MergePart> parts = Draw(prng, (int)prng.Below(100) + 2);
            MergeRound merge = new(1, parts);
            ImmutableArray<IndexRange> all =
                [.. Enumerable.Range(0, merge.GroupCount).SelectMany(g => merge.PartsOf(g).ToArray())];

            Assert.Equal(parts.Select(p => p.Range), all);
            for (int group = 0; group < merge.GroupCount; group++)
            {
                ImmutableArray<IndexRange> ranges = merge.PartsOf(group);
                Assert.InRange(ranges.Length, 2, MergeRound.GroupPartsMax);
                Assert.Equal(new IndexRange(ranges[0].Begin, ranges[^1].End), merge.RangeOf(group));
                int inline = parts.Where(p => ranges.Contains(p.Range)).Sum(p => p.InlineBytes);
                Assert.InRange(inline, 0, LinkLimits.PartsInlineBytesMax);
            }
        }
    }

    [Fact]
    public void GroupsLeft_AfterSomeAreDone_AreTheOthers()
    {
        MergeRound merge = new(1, Draw(new Prng(1), 80, inlineBytesMax: 10));
        Assert.Equal([new IndexRange(0, 10)], merge.GroupsLeft());
        foreach (int group in new[] { 2, 3, 9 })
        {
            merge.Add(new MergePart(merge.RangeOf(group), 5));
        }

        Assert.Equal([new IndexRange(0, 2), new IndexRange(4, 9)], merge.GroupsLeft());
        Assert.False(merge.IsDone);
        Assert.False(merge.IsLast);
    }

    private static ImmutableArray<MergePart> Draw(Prng prng, int count, int inlineBytesMax = LinkLimits.InlineBytesMax)
    {
        List<MergePart> parts = [];
        long begin = 0;
        for (int i = 0; i < count; i++)
        {
            long end = begin + 1 + prng.Below(5);
            parts.Add(new MergePart(new IndexRange(begin, end), (int)prng.Below(inlineBytesMax + 1)));
            begin = end;
        }

        return [.. parts];
    }
}
