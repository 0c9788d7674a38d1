using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;
using Xunit;

namespace Ptorrent.Tests.Work;

public sealed class LeasingCostTests
{
    private static readonly LeaseEpoch Epoch = new(1);

    // Goal: a commit and the grant that follows it leave no garbage.
    // Method: after a warm-up, ten thousand rounds, and the thread's count of allocated bytes.
    [Fact]
    public void Commit_SteadyState_AllocatesNothing()
    {
        const long FuelPerIndex = 1_000_000;
        LeasingState state = new(LeasingLimits.Wire, Epoch);
        List<LeasingEffect> effects = new(1_024);
        TimeSpan now = TimeSpan.FromHours(1);
        Queue<LeasingEffect> granted = new(1_024);
        for (int child = 0; child < 100; child++)
        {
            state.AddChild(now, new(child), 4, new ComputeRate(1e9));
            state.SetWindow(now, new(child), new Fuel(long.MaxValue / 4), effects);
        }

        WorkDescription description = WorkDescription.Of(new(1), 1, new IndexRange(0, 1_000_000_000_000));
        state.AddWork(now, description with { Learned = new LearnedCost(FuelPerIndex, 1_000) }, effects);
        void Round()
        {
            foreach (LeasingEffect effect in effects)
            {
                granted.Enqueue(effect);
            }

            effects.Clear();
            LeasingEffect lease = granted.Dequeue();
            long fuel = lease.Range.Count * FuelPerIndex;
            now += TimeSpan.FromMilliseconds(10);
            TimeSpan busy = new ComputeRate(1e9).TimeFor(new(fuel));
            CommitResult result = state.Commit(
                now, lease.Child, lease.Lease, Epoch, lease.Range.End, new(fuel), busy, effects);
            Assert.True(result.Status == CommitStatus.Accepted);
        }

        for (int round = 0; round < 10_000; round++)
        {
            Round();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 10_000; round++)
        {
            Round();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void AddWork_TenToTheTwelfthIndices_CostsBytes()
    {
        LeasingState state = new(LeasingLimits.Wire, Epoch);
        List<LeasingEffect> effects = [];
        state.AddWork(default, WorkDescription.Of(new(1), 1, new IndexRange(0, 1)), effects);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int work = 2; work < 1_002; work++)
        {
            state.AddWork(
                default, WorkDescription.Of(new(work), (ulong)work, new IndexRange(0, 1_000_000_000_000)), effects);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000 * 2_000);
    }

    [Fact]
    public void RangeSet_AHundredThousandGaps_GivesThemBackInOrder()
    {
        RangeSet set = new();
        for (long index = 0; index < 100_000; index++)
        {
            // Scattered, so that ranges go in everywhere.
            long begin = index * 7_919 % 100_000 * 3;
            set.Add(new IndexRange(begin, begin + 2));
        }

        Assert.Equal(200_000, set.Count);
        Assert.Equal(new IndexRange(3, 5), set.FirstWithin(new IndexRange(2, 100)));
        set.Remove(new IndexRange(3, 4));
        set.Add(new IndexRange(2, 4));
        for (long gap = 0; gap < 99_999; gap++)
        {
            IndexRange range = set.TakeFront(10);
            Assert.Equal(gap == 0 ? new IndexRange(0, 5) : new IndexRange((gap * 3) + 3, (gap * 3) + 5), range);
        }

        Assert.True(set.IsEmpty);
    }

    [Fact]
    public void FluidNetwork_HostsVanishAndAreSlow_EndsNearTheIdeal()
    {
        FluidOptions even = new() { HostCount = 50, SlowShare = 0, IdealSeconds = 60 };
        FluidNetwork calm = new FluidNetwork(even).Run();
        Assert.InRange(calm.Ratio, 1, 1.03);

        FluidNetwork rough = new FluidNetwork(new FluidOptions
        {
            HostCount = 100,
            IdealSeconds = 600,
            MeanOnlineSeconds = 3_600,
            SilentSeconds = 10_000,
        }).Run();
        Assert.InRange(rough.Ratio, 1, 1.06);
        Assert.InRange(rough.MessagesPerHostMinute, 1, 25);
    }
}
