using Ptorrent.Agent.Connection;
using Ptorrent.Link.Frames;
using Xunit;

namespace Ptorrent.Tests.Agent.Connection;

// Goal: a line carries what still means something, in order, and nothing else.
public sealed class OutboxTests
{
    [Fact]
    public void LeaseDropped_ItsFramesAreLeftOut_TheOthersKeepTheirOrder()
    {
        Outbox outbox = new();
        Assert.True(outbox.Add(CommitOf(1, 10)));
        Assert.True(outbox.Add(CommitOf(2, 20)));
        Assert.True(outbox.Add(new Frame { Keep = new Keep { Lease = 1, From = 15 } }));
        Assert.True(outbox.Add(new Frame { Window = new Window { Fuel = 7 } }));
        Assert.True(outbox.Add(new Frame { Nack = new Nack { Lease = 1 } }));
        Assert.True(outbox.Add(CommitOf(2, 30)));
        outbox.Drop(1);
        Assert.Equal([20, -1, 30], TakeAll(outbox));
    }

    [Fact]
    public void LeaseDropped_WhileNothingOfItWaits_LeavesNothingBehind()
    {
        Outbox outbox = new();
        outbox.Drop(1);
        Assert.True(outbox.Add(CommitOf(1, 10)));
        Assert.Equal([10], TakeAll(outbox));
        Assert.True(outbox.Add(CommitOf(1, 20)));
        outbox.Drop(1);
        Assert.Empty(TakeAll(outbox));
        Assert.True(outbox.Add(CommitOf(1, 30)));
        Assert.Equal([30], TakeAll(outbox));
    }

    [Fact]
    public void Full_TakesNoMore()
    {
        Outbox outbox = new();
        for (int i = 0; i < Outbox.CountMax; i++)
        {
            Assert.True(outbox.Add(CommitOf(1, i)));
        }

        Assert.False(outbox.Add(CommitOf(1, 0)));
        Assert.Equal(Outbox.CountMax, outbox.Count);
    }

    [Fact]
    public async Task Completed_GivesWhatWaits_ThenEnds()
    {
        Outbox outbox = new();
        Assert.True(outbox.Add(CommitOf(1, 10)));
        outbox.Complete();
        Assert.False(outbox.Add(CommitOf(1, 20)));
        Assert.True(await outbox.WaitAsync(TestContext.Current.CancellationToken));
        Assert.Equal([10], TakeAll(outbox));
        Assert.False(await outbox.WaitAsync(TestContext.Current.CancellationToken));
    }

    private static Frame CommitOf(long lease, long upto) =>
        new() { Commit = new Commit { Lease = lease, Upto = upto } };

    /// <summary>Where the commits lead to; -1 for a window.</summary>
    private static List<long> TakeAll(Outbox outbox)
    {
        List<long> taken = [];
        while (outbox.TryTake(out Frame? frame))
        {
            taken.Add(frame.Window is null ? frame.Commit.Upto : -1);
        }

        return taken;
    }
}
