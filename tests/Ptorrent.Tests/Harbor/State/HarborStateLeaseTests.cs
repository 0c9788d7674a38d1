using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;
using Xunit;

namespace Ptorrent.Tests.Harbor.State;

/// <summary>Leases beyond grant and commit: receipts, links that are lost, revokes, and who is believed.</summary>
public sealed class HarborStateLeaseTests
{
    [Fact]
    public void Receipt_ComesOnceWhenTheLeaseIsDurableAsAWhole()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 100)).Store().Join(1, 1);
        Grant grant = GrowLease(bench);
        bench.Commit(1, grant, grant.Begin + 1).Store();
        Assert.Empty(bench.Of<HarborEffect.Receipt>());

        bench.Commit(1, grant, grant.End);
        Assert.Empty(bench.Of<HarborEffect.Receipt>());
        bench.Store();

        HarborEffect.Receipt receipt = Assert.Single(bench.Of<HarborEffect.Receipt>());
        Assert.Equal(
            new LeasePrefix { Lease = grant.Lease, Upto = grant.End }, Assert.Single(receipt.Prefixes.Prefixes));
        Assert.Equal(new ChildId(1), receipt.Child);
    }

    [Fact]
    public void Receipt_ComesInTheMiddleOfALeaseOnlyWhenMuchWaits()
    {
        HarborStateBench bench =
            new HarborStateBench().Submit(1, HarborStateBench.Job(1, 1_000_000)).Store().Join(1, 1);
        Grant grant = GrowLease(bench);
        string text = new string('x', 60_000) + "\n";
        int commits = LinkLimits.ReceiptBytesDue / text.Length;
        for (int i = 1; i <= commits; i++)
        {
            bench.Commit(1, grant, grant.Begin + i, text: text).Store();
            Assert.Empty(bench.Of<HarborEffect.Receipt>());
        }

        bench.Commit(1, grant, grant.Begin + commits + 1, text: text).Store();
        LeasePrefix prefix = Assert.Single(Assert.Single(bench.Of<HarborEffect.Receipt>()).Prefixes.Prefixes);
        Assert.Equal(grant.Begin + commits + 1, prefix.Upto);
    }

    [Fact]
    public void Receipt_OfALeaseThatIsGivenBack_IsSentForWhatWasCommitted()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 100)).Store().Join(1, 1);
        Grant grant = GrowLease(bench);
        bench.Commit(1, grant, grant.Begin + 1).Store();
        bench.Nack(1, grant, NackReason.NackStopping);

        LeasePrefix prefix = Assert.Single(Assert.Single(bench.Of<HarborEffect.Receipt>()).Prefixes.Prefixes);
        Assert.Equal((grant.Lease, grant.Begin + 1), (prefix.Lease, prefix.Upto));
    }

    [Fact]
    public void Return_AfterALostLink_GoesOnWithWhatNobodyHas()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 100)).Store().Join(1, 9);
        Grant grant = GrowLease(bench);
        bench.Commit(1, grant, grant.Begin + 1).Store();
        bench.On(new HarborEvent.AgentGone(new ChildId(1)));

        bench.Return(2, 9, Holding(grant, grant.Begin), new Holding { Lease = 900, Job = 77, Begin = 0, End = 5 });
        Grant resumed = Assert.Single(bench.GrantsTo(2));
        Assert.Equal(
            (grant.Lease, grant.Begin + 1, grant.End), (resumed.Resumes, resumed.Begin, resumed.End));
        Assert.NotEqual(grant.Lease, resumed.Lease);
        Assert.Equal(
            new HarborEffect.DropHolding(new ChildId(2), 900), Assert.Single(bench.Of<HarborEffect.DropHolding>()));

        bench.Commit(2, resumed, resumed.End);
        Assert.Equal(
            new IndexRange(resumed.Begin, resumed.End),
            bench.Records.OfType<StorageRecord.SegmentAdded>().Last().Range);
    }

    [Fact]
    public void Return_WhileTheOlderLinkIsThere_NobodyGetsItInBetween()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 1)).Store().Join(1, 9);
        Grant grant = Assert.Single(bench.GrantsTo(1));
        bench.Join(2, 8);

        bench.Return(3, 9, Holding(grant, 0));
        Assert.Equal(grant.Lease, Assert.Single(bench.GrantsTo(3)).Resumes);
        Assert.Empty(bench.GrantsTo(2));
    }

    [Fact]
    public void Return_WithWhatAnotherHas_IsCancelled()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 1)).Store().Join(1, 9);
        Grant grant = Assert.Single(bench.GrantsTo(1));
        bench.Join(2, 8).On(new HarborEvent.AgentGone(new ChildId(1)));
        Assert.Single(bench.GrantsTo(2));

        bench.Return(3, 9, Holding(grant, 0));
        Assert.Empty(bench.GrantsTo(3));
        Assert.Equal(grant.Lease, Assert.Single(bench.Of<HarborEffect.DropHolding>()).Holding);
    }

    // Goal: what agents hold is theirs after a restart of the harbor, whoever comes first.
    [Fact]
    public void Return_AfterARestart_ComesBeforeNewWork()
    {
        AdmittedJob job = HarborStateBench.Job(1, 100);
        HarborStateBench bench = new HarborStateBench(epoch: 2).Restore(job, Stored(job, 0, 10));
        bench.Join(1, 1);
        Assert.Empty(bench.GrantsTo(1));

        bench.Return(2, 2, new Holding { Lease = 5, Epoch = 1, Job = 1, Begin = 8, End = 20 });
        Grant resumed = Assert.Single(bench.GrantsTo(2));
        Assert.Equal((10L, 20L, 2), (resumed.Begin, resumed.End, resumed.Epoch));

        Assert.True(bench.State.NextWakeAt <= HarborState.ReturnTime);
        bench.LetReturn();
        Assert.NotEmpty(bench.GrantsTo(1));
        Assert.All(bench.GrantsTo(1), g => Assert.True(g.Begin >= 20));
    }

    [Fact]
    public void Return_WithMoreThanTheJobHas_GetsWhatThereIs()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 50)).Store();
        bench.Return(
            1,
            1,
            new Holding { Lease = 5, Job = 1, Begin = 40, End = long.MaxValue },
            new Holding { Lease = 6, Job = 1, Begin = 60, End = 70 });

        Grant resumed = Assert.Single(bench.GrantsTo(1));
        Assert.Equal((40L, 50L), (resumed.Begin, resumed.End));
        Assert.Equal(6, Assert.Single(bench.Of<HarborEffect.DropHolding>()).Holding);
    }

    [Fact]
    public void Commit_OfALeaseThatWentElsewhere_IsAnsweredByCancel()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 5)).Store().Join(1, 1);
        int records = bench.Records.Count;
        bench.Commit(1, new Grant { Lease = 999, Epoch = 1 }, 1);

        Assert.Equal(records, bench.Records.Count);
        Assert.Equal(
            new HarborEffect.Cancel(new ChildId(1), new LeaseId(999)),
            Assert.Single(bench.Of<HarborEffect.Cancel>()));
    }

    [Fact]
    public void Failure_OfOneAgent_IsConfirmedByAnother()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 100)).Store();
        bench.Join(1, 1);
        Grant first = bench.GrantsTo(1)[0];
        bench.Join(2, 2);
        Grant second = bench.GrantsTo(2)[0];

        bench.Fail(1, first, first.Begin);
        Assert.Empty(bench.Records.OfType<StorageRecord.JobEnded>());
        Assert.Empty(bench.GrantsTo(1));

        bench.Fail(2, second, second.Begin);
        JobStatus end = Assert.Single(bench.Records.OfType<StorageRecord.JobEnded>()).Status;
        Assert.Equal((JobState.Failed, first.Begin), (end.State, end.Failure!.Index));
        Assert.Equal("from 1", end.Failure.Message);
    }

    [Fact]
    public void Failure_OfTheOnlyAgent_IsTriedAgainThere()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 1)).Store().Join(1, 1);
        bench.Fail(1, bench.GrantsTo(1)[0], 0);
        Assert.Empty(bench.Records.OfType<StorageRecord.JobEnded>());

        bench.Fail(1, Assert.Single(bench.GrantsTo(1)), 0);
        Assert.Equal(
            JobState.Failed, Assert.Single(bench.Records.OfType<StorageRecord.JobEnded>()).Status.State);
    }

    [Fact]
    public void Failure_WhereAnotherDoesTheIndex_ExcludesOnlyWhoSaidIt()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 10)).Store();
        bench.Join(1, 1);
        Queue<Grant> lied = new(bench.GrantsTo(1));
        bench.Join(2, 2);
        Queue<Grant> open = new(bench.GrantsTo(2));
        while (lied.TryDequeue(out Grant? grant))
        {
            bench.Fail(1, grant, grant.Begin);
            Assert.Empty(bench.GrantsTo(1));
        }

        while (open.TryDequeue(out Grant? grant))
        {
            bench.Commit(2, grant, grant.End);
            foreach (Grant next in bench.GrantsTo(2))
            {
                open.Enqueue(next);
            }
        }

        JobStatus end = Assert.Single(bench.Records.OfType<StorageRecord.JobEnded>()).Status;
        Assert.Equal(JobState.Accepted, end.State);
        Assert.Equal(new AgentId(2), Assert.Single(end.Contributions).Agent);
    }

    [Fact]
    public void Failure_WhenTheOtherAgentLeaves_TheFirstTriesAgain()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 1)).Store();
        bench.Join(1, 1);
        Grant first = bench.GrantsTo(1)[0];
        bench.Join(2, 2);
        bench.Fail(1, first, 0);
        Assert.Single(bench.GrantsTo(2));

        bench.On(new HarborEvent.AgentGone(new ChildId(2)));
        bench.Fail(1, Assert.Single(bench.GrantsTo(1)), 0);
        Assert.Single(bench.Records.OfType<StorageRecord.JobEnded>());
    }

    [Fact]
    public void Rate_Learned_IsStoredAndTakenAtTheNextJoin()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 100)).Store().Join(1, 1);
        bench.Commit(1, bench.GrantsTo(1)[0], 1);
        double rate = Assert.Single(bench.Records.OfType<StorageRecord.RateLearned>()).SlotRate;

        HarborStateBench next = new(epoch: 2);
        next.State.RestoreRate(new AgentId(1), rate);
        next.Join(1, 1);
        Assert.Equal(rate, Assert.Single(next.State.Network().Agents).FuelPerSecond, 3);
    }

    /// <summary>Commits until a lease of more than a few indices comes.</summary>
    private static Grant GrowLease(HarborStateBench bench)
    {
        Grant? found = null;
        Queue<Grant> open = new(bench.GrantsTo(1));
        while (open.TryDequeue(out Grant? grant))
        {
            if (grant.End - grant.Begin > 20)
            {
                found ??= grant;
                continue;
            }

            bench.Commit(1, grant, grant.End);
            foreach (Grant next in bench.GrantsTo(1))
            {
                open.Enqueue(next);
            }
        }

        bench.Store();
        return found!;
    }

    private static Holding Holding(Grant grant, long begin) => new()
    {
        Lease = grant.Lease,
        Epoch = grant.Epoch,
        Job = grant.Job,
        Begin = begin,
        End = grant.End,
    };

    private static StoredJob Stored(AdmittedJob job, long begin, long end) => new()
    {
        Number = 1,
        Request = job.Request,
        RequestJson = job.Json,
        SubmittedAt = HarborStateBench.Now,
        Segments = [new StoredSegment(0, new IndexRange(begin, end), 2, new AgentId(1), "agent 1", new Fuel(1000))],
        Deliveries = [],
    };
}
