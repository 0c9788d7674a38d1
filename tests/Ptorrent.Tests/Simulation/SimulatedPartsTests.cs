using Ptorrent.Model.Units;
using Ptorrent.Simulation.Checks;
using Ptorrent.Simulation.Core;
using Ptorrent.Simulation.Network;
using Xunit;

namespace Ptorrent.Tests.Simulation;

// Goal: what the simulator simulates is what it says it is.
public sealed class SimulatedPartsTests
{
    private static readonly NetworkOptions Plain = new()
    {
        DelayMin = TimeSpan.FromMilliseconds(10),
        DelayMean = TimeSpan.FromMilliseconds(5),
        BytesPerSecond = 1000,
        BufferBytesMax = 250,
        NoticeTimeMax = TimeSpan.FromSeconds(1),
    };

    [Fact]
    public void Schedule_SameTime_InTheOrderOfArranging_CancelledNever()
    {
        Schedule schedule = new();
        List<string> happened = [];
        schedule.After(TimeSpan.FromSeconds(2), () => happened.Add("third"));
        schedule.After(TimeSpan.FromSeconds(1), () => happened.Add("first"));
        Alarm cancelled = schedule.After(TimeSpan.FromSeconds(1), () => happened.Add("never"));
        schedule.After(TimeSpan.FromSeconds(1), () => happened.Add("second"));
        cancelled.Cancel();
        while (schedule.Step(TimeSpan.FromSeconds(5)))
        {
        }

        Assert.Equal(["first", "second", "third"], happened);
        Assert.Equal(TimeSpan.FromSeconds(5), schedule.Now);
    }

    [Fact]
    public void Wire_KeepsOrderSpeedAndItsBound()
    {
        (Schedule schedule, Wire wire, List<(TimeSpan At, int Size)> arrived) = Make();
        int sent = 0;
        while (wire.Child.HasRoom)
        {
            wire.Child.Send(new byte[100 + sent++]);
        }

        Assert.Equal(3, sent);
        Finish(schedule);
        Assert.Equal([100, 101, 102], arrived.Select(a => a.Size));
        Assert.True(arrived[2].At >= TimeSpan.FromSeconds(0.303) + Plain.DelayMin);
        Assert.True(wire.Child.HasRoom);
    }

    [Fact]
    public void Wire_OneDirectionCut_HoldsItAloneUntilItHeals()
    {
        (Schedule schedule, Wire wire, List<(TimeSpan At, int Size)> arrived) = Make();
        TimeSpan answeredAt = default;
        wire.Child.Received = _ => answeredAt = schedule.Now;
        wire.Cut(fromChild: true, TimeSpan.FromSeconds(3));
        wire.Child.Send(new byte[1]);
        wire.Parent.Send(new byte[1]);
        Finish(schedule);
        Assert.Equal(TimeSpan.FromSeconds(3), Assert.Single(arrived).At);
        Assert.InRange(answeredAt, Plain.DelayMin, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Wire_Broken_LosesWhatIsOnItsWay_AndBothEndsHearOfIt()
    {
        (Schedule schedule, Wire wire, List<(TimeSpan At, int Size)> arrived) = Make();
        List<string> ended = [];
        wire.Child.Ended = _ => ended.Add("child");
        wire.Parent.Ended = _ => ended.Add("parent");
        wire.Child.Send(new byte[1]);
        wire.Break(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        Finish(schedule);
        Assert.Empty(arrived);
        Assert.Equal(["child", "parent"], ended);
    }

    [Fact]
    public void Wire_PausedReader_GetsAllWhenItGoesOn()
    {
        (Schedule schedule, Wire wire, List<(TimeSpan At, int Size)> arrived) = Make();
        wire.Parent.Pause(true);
        wire.Child.Send(new byte[1]);
        wire.Child.Send(new byte[2]);
        Finish(schedule);
        Assert.Empty(arrived);
        wire.Parent.Pause(false);
        while (schedule.Step(TimeSpan.FromSeconds(20)))
        {
        }

        Assert.Equal([1, 2], arrived.Select(a => a.Size));
    }

    [Fact]
    public void Coverage_AgainstASetOfSingleIndices_SaysTheSame()
    {
        Dice dice = new(7);
        Coverage coverage = new();
        HashSet<long> indices = [];
        for (int i = 0; i < 2000; i++)
        {
            long begin = dice.Between(0L, 500L);
            IndexRange range = new(begin, begin + dice.Between(1L, 6L));
            bool meets = Enumerable.Range((int)range.Begin, (int)range.Count).Any(n => indices.Contains(n));
            bool covers = Enumerable.Range((int)range.Begin, (int)range.Count).All(n => indices.Contains(n));
            Assert.Equal(meets, coverage.Meets(range));
            Assert.Equal(covers, coverage.Covers(range));
            if (!meets)
            {
                coverage.Add(range);
                indices.UnionWith(Enumerable.Range((int)range.Begin, (int)range.Count).Select(n => (long)n));
            }

            Assert.Equal(indices.Count, coverage.Count);
        }
    }

    private static (Schedule Schedule, Wire Wire, List<(TimeSpan At, int Size)> Arrived) Make()
    {
        Schedule schedule = new();
        Wire wire = new(schedule, new Dice(1), Plain);
        List<(TimeSpan At, int Size)> arrived = [];
        wire.Parent.Received = bytes => arrived.Add((schedule.Now, bytes.Length));
        return (schedule, wire, arrived);
    }

    private static void Finish(Schedule schedule)
    {
        while (schedule.Step(TimeSpan.FromSeconds(10)))
        {
        }
    }
}
