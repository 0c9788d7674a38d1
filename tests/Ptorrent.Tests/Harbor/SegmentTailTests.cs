using Ptorrent.Harbor;
using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Units;
using Xunit;

namespace Ptorrent.Tests.Harbor;

public sealed class SegmentTailTests
{
    private const int SegmentBytes = 64 * 1024;

    [Fact]
    public void CopyTo_AGapOrTheEndOfWhatIsDurable_StopsThere()
    {
        SegmentTail tail = new(new TailBudget(1 << 20));
        tail.Add(Row(10, 20));
        tail.Add(Row(30, 40));
        tail.Add(Row(0, 10));
        Assert.Equal([0L, 10L], Begins(tail, 0, 40));
        Assert.Equal([0L], Begins(tail, 0, 15));
        Assert.Empty(Begins(tail, 5, 40));
        tail.Add(Row(20, 30));
        Assert.Equal([10L, 20L, 30L], Begins(tail, 10, 40));
    }

    [Fact]
    public void Add_BeyondTheBoundOfAJob_LetsTheOldestGo()
    {
        SegmentTail tail = new(new TailBudget(1 << 30));
        const int Held = SegmentTail.BytesMax / SegmentBytes;
        for (int i = 0; i < 2 * Held; i++)
        {
            tail.Add(Row(i, i + 1));
        }

        Assert.Empty(Begins(tail, Held, 2 * Held));
        Assert.Equal(Held - 1, Begins(tail, Held + 1, 2 * Held).Length);
    }

    [Fact]
    public void Add_BudgetIsUsedUp_HoldsLessUntilAnotherJobIsReleased()
    {
        TailBudget budget = new(3 * SegmentBytes);
        SegmentTail first = new(budget);
        SegmentTail second = new(budget);
        first.Add(Row(0, 1));
        first.Add(Row(1, 2));
        second.Add(Row(0, 1));
        Assert.Empty(Begins(second, 0, 1));
        first.Release();
        second.Add(Row(0, 1));
        Assert.Equal([0L], Begins(second, 0, 1));
        Assert.Equal([0L, 1L], Begins(first, 0, 2));
    }

    private static long[] Begins(SegmentTail tail, long begin, long end)
    {
        List<SegmentRow> rows = [];
        tail.CopyTo(rows, begin, end);
        return [.. rows.Select(r => r.Range.Begin)];
    }

    private static SegmentRow Row(long begin, long end) =>
        new(new IndexRange(begin, end), SegmentContent.Of(new byte[SegmentBytes]));
}
