using Ptorrent.Model;
using Ptorrent.Model.Randomness;
using Ptorrent.Model.Units;
using Ptorrent.Work.Ranges;
using Xunit;

namespace Ptorrent.Tests.Work.Ranges;

public sealed class CoreRangeTests
{
    [Fact]
    public void TakeFront_GoesThroughTheRangeInOrder()
    {
        CoreRange range = new(new IndexRange(10, 15));

        Assert.Equal(new IndexRange(10, 12), range.TakeFront(2));
        Assert.Equal(new IndexRange(12, 14), range.TakeFront(2));
        Assert.Equal(new IndexRange(14, 15), range.TakeFront(2));
        Assert.True(range.TakeFront(2).IsEmpty);
        Assert.True(range.Left.IsEmpty);
    }

    [Theory]
    [InlineData(0, 12)]
    [InlineData(12, 12)]
    [InlineData(15, 15)]
    [InlineData(20, 20)]
    [InlineData(99, 20)]
    public void TakeBack_LeavesTheOwnerWhatWasBegun(long from, long kept)
    {
        CoreRange range = new(new IndexRange(10, 20));
        range.TakeFront(2);

        Assert.Equal(new IndexRange(kept, 20), range.TakeBack(from));
        Assert.Equal(new IndexRange(12, kept), range.Left);
    }

    [Fact]
    public void Range_AsLongAsAWordHolds_IsTakenFromBothEnds()
    {
        const long Begin = long.MaxValue - CoreRange.CountMax;
        CoreRange range = new(new IndexRange(Begin, long.MaxValue));

        Assert.Equal(new IndexRange(Begin, Begin + 1), range.TakeFront(1));
        Assert.Equal(new IndexRange(long.MaxValue - 1, long.MaxValue), range.TakeBack(long.MaxValue - 1));
        Assert.Equal(new IndexRange(Begin + 1, long.MaxValue - 1), range.TakeFront(long.MaxValue));
    }

    [Fact]
    public void Range_LongerThanAWordHolds_IsABug() =>
        Assert.Throws<InvariantException>(() => new CoreRange(new IndexRange(0, CoreRange.CountMax + 1)));

    // Goal: whatever way the steps of owner and thieves fall between one another, each index goes to exactly one.
    // Method: an operation is two steps, reading the word and swapping it if it is still the same. Every order of the
    // steps of an owner and two thieves, each with some operations to do, is walked through, on the word's own
    // functions; a state that was met before is not walked through again.
    [Fact]
    public void Steps_InEveryOrder_GiveEachIndexToExactlyOne()
    {
        HashSet<(ulong, Taker, Taker, Taker)> met = [];
        Walk(
            CoreRange.Pack(0, 7),
            [new Taker(3, IsOwner: true, null, 0), new Taker(2, false, null, 0), new Taker(2, false, null, 0)],
            met);

        Assert.True(met.Count > 1000);
    }

    // Goal: the same under real threads.
    // Method: one owner takes granules, thieves halve what is left, until nothing is; each notes what it took.
    [Fact]
    public void Threads_TakingFromBothEnds_TakeEachIndexExactlyOnce()
    {
        const int Count = 200_000;
        const int ThiefCount = 3;
        for (ulong round = 1; round <= 5; round++)
        {
            CoreRange range = new(new IndexRange(1000, 1000 + Count));
            byte[] taken = new byte[Count];
            using Barrier start = new(ThiefCount + 1);
            Thread[] threads =
            [
                new(() => Own(range, taken, start)),
                .. Enumerable.Range(1, ThiefCount).Select(
                    i => new Thread(() => Steal(range, taken, start, new Prng((round * 10) + (ulong)i)))),
            ];
            Array.ForEach(threads, t => t.Start());
            Array.ForEach(threads, t => t.Join());

            Assert.All(taken, t => Assert.Equal(1, t));
        }
    }

    private static void Own(CoreRange range, byte[] taken, Barrier start)
    {
        start.SignalAndWait();
        long size = 0;
        while (range.TakeFront(1 + (size++ % 7)) is { IsEmpty: false } granule)
        {
            Mark(taken, granule);
        }
    }

    private static void Steal(CoreRange range, byte[] taken, Barrier start, Prng prng)
    {
        start.SignalAndWait();
        while (range.Left is { IsEmpty: false } left)
        {
            CoreRange stolen = new(range.TakeBack(left.Begin + (left.Count / 2)));
            while (stolen.TakeFront(1 + prng.Below(50)) is { IsEmpty: false } granule)
            {
                Mark(taken, granule);
            }
        }
    }

    private static void Mark(byte[] taken, IndexRange range)
    {
        for (long i = range.Begin; i < range.End; i++)
        {
            taken[i - 1000]++;
        }
    }

    private static void Walk(ulong word, Taker[] takers, HashSet<(ulong, Taker, Taker, Taker)> met)
    {
        if (!met.Add((word, takers[0], takers[1], takers[2])))
        {
            return;
        }

        bool isEnd = true;
        for (int i = 0; i < takers.Length; i++)
        {
            Taker taker = takers[i];
            if (taker.Left == 0)
            {
                continue;
            }

            isEnd = false;
            Taker[] next = [.. takers];
            if (taker.Seen is not { } seen)
            {
                next[i] = taker with { Seen = word };
                Walk(word, next, met);
            }
            else if (seen != word)
            {
                next[i] = taker with { Seen = null };
                Walk(word, next, met);
            }
            else
            {
                ulong after = taker.After(seen);
                uint mine = taker.IsOwner
                    ? Bits(CoreRange.Front(seen), CoreRange.Front(after))
                    : Bits(CoreRange.Back(after), CoreRange.Back(seen));
                Assert.All(takers, t => Assert.Equal(0U, t.Taken & mine));
                next[i] = taker with { Left = taker.Left - 1, Seen = null, Taken = taker.Taken | mine };
                Walk(after, next, met);
            }
        }

        if (isEnd)
        {
            uint left = Bits(CoreRange.Front(word), CoreRange.Back(word));
            Assert.Equal(0b111_1111U, takers.Aggregate(left, (all, t) => all | t.Taken));
            Assert.All(takers, t => Assert.Equal(0U, t.Taken & left));
        }
    }

    private static uint Bits(uint from, uint to) => ((1U << (int)to) - 1) & ~((1U << (int)from) - 1);

    /// <summary>One who takes: how often yet, the word as it was read, what it has as bits.</summary>
    private sealed record Taker(int Left, bool IsOwner, ulong? Seen, uint Taken)
    {
        public ulong After(ulong word) => IsOwner
            ? CoreRange.WithoutFront(word, 2)
            : CoreRange.WithoutBack(word, CoreRange.Front(word) + ((CoreRange.Back(word) - CoreRange.Front(word)) / 2));
    }
}
