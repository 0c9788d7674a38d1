using System.Collections.Immutable;
using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;
using Xunit;

namespace Ptorrent.Tests.Harbor.State;

/// <summary>Events in, effects out: what a harbor decides, without sockets, files or clocks.</summary>
public sealed class HarborStateTests
{
    [Fact]
    public void Submit_WorkStartsAtOnceButNothingIsToldBeforeItIsDurable()
    {
        HarborStateBench bench = new HarborStateBench().Join(1, 1);
        bench.Submit(7, HarborStateBench.Job(1, 100));

        Assert.NotEmpty(bench.GrantsTo(1));
        Assert.Empty(bench.Of<HarborEffect.Answer>());
        Assert.Null(bench.State.StatusOf(new JobId(1)));
        Assert.Empty(bench.State.Statuses());

        bench.Store();
        Assert.Equal(new HarborEffect.Answer(7, true, null), Assert.Single(bench.Of<HarborEffect.Answer>()));
        Assert.Equal(JobState.Running, bench.State.StatusOf(new JobId(1))!.State);
    }

    [Fact]
    public void Commit_IsToldOnlyWhenDurable()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 3)).Store().Join(1, 1);
        Grant grant = bench.GrantsTo(1)[0];
        bench.Commit(1, grant, 1);

        Assert.Equal(0, bench.State.StatusOf(new JobId(1))!.IndicesDone);
        Assert.All(bench.Of<HarborEffect.JobChanged>(), changed => Assert.Equal(0, changed.PrefixEnd));

        bench.Store();
        Assert.Equal(1, bench.State.StatusOf(new JobId(1))!.IndicesDone);
        Assert.Equal(
            new HarborEffect.JobChanged(new JobId(1), 1, ProductState.Growing),
            Assert.Single(bench.Of<HarborEffect.JobChanged>()));
    }

    [Fact]
    public void Commit_OfTheLastIndex_PutsTheEndIntoTheSameTransaction()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 1)).Store().Join(1, 1);
        bench.Commit(1, bench.GrantsTo(1)[0], 1);

        Assert.IsType<StorageRecord.SegmentAdded>(bench.Records[^2]);
        JobStatus end = Assert.IsType<StorageRecord.JobEnded>(bench.Records[^1]).Status;
        Assert.Equal((JobState.Accepted, 1L, 1L), (end.State, end.IndicesDone, end.FragmentsDone));
        Assert.Equal(HarborStateBench.Now, end.EndedAt);

        // The segment alone makes the product whole; the end makes the job one for the database.
        bench.StoreOnly(3);
        Assert.Equal(ProductState.Whole, Assert.Single(bench.Of<HarborEffect.JobChanged>()).Product);
        Assert.Empty(bench.Of<HarborEffect.JobForgotten>());
        bench.Store();
        Assert.Equal(new JobId(1), Assert.Single(bench.Of<HarborEffect.JobForgotten>()).Job);
        Assert.Null(bench.State.StatusOf(new JobId(1)));
    }

    [Theory]
    [InlineData(2, 0, 1)]
    [InlineData(1, 1, 1)]
    [InlineData(1, 0, 0)]
    [InlineData(1, 0, 99)]
    public void Commit_OfAnotherChildEpochOrRange_ChangesNothing(long child, int epochs, long upto)
    {
        HarborStateBench bench =
            new HarborStateBench().Submit(1, HarborStateBench.Job(1, 3)).Store().Join(1, 1).Store();
        Grant grant = bench.GrantsTo(1).IsEmpty ? FirstGrant() : bench.GrantsTo(1)[0];
        int records = bench.Records.Count;
        bench.Commit(child, grant, upto, epochs).Store();

        Assert.Equal(records, bench.Records.Count);
        Assert.Equal(0, bench.State.StatusOf(new JobId(1))!.IndicesDone);

        static Grant FirstGrant() => new() { Lease = 1, Epoch = 1, End = 1 };
    }

    [Fact]
    public void AgentGone_ItsLeasesGoToAnother()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 1)).Store().Join(1, 1);
        Grant first = Assert.Single(bench.GrantsTo(1));
        bench.Join(2, 2);
        Assert.Empty(bench.GrantsTo(2));

        bench.On(new HarborEvent.AgentGone(new ChildId(1)));
        Grant second = Assert.Single(bench.GrantsTo(2));
        Assert.Equal((0L, 1L), (second.Begin, second.End));
        Assert.NotEqual(first.Lease, second.Lease);

        // What the lost one still sends does not count.
        int records = bench.Records.Count;
        bench.Commit(1, first, 1);
        Assert.Equal(records, bench.Records.Count);
    }

    [Fact]
    public void AgentJoinedAgain_TheOlderLinkIsClosedAndItsLeasesGoOn()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 1)).Store().Join(1, 9);
        bench.On(new HarborEvent.AgentJoined(new ChildId(2), new AgentId(9), "again", 1, new ComputeRate(1e9)));
        Assert.Equal(new ChildId(1), Assert.Single(bench.Of<HarborEffect.CloseLink>()).Child);
        bench.On(new HarborEvent.WindowSet(new ChildId(2), new Fuel(1_000)));
        Assert.Single(bench.GrantsTo(2));

        // The older link's end, which comes later, takes nothing from the newer one.
        bench.On(new HarborEvent.AgentGone(new ChildId(1)));
        Assert.Single(bench.State.Network().Agents);
    }

    [Fact]
    public void Cancel_TakesLeasesBackAndIsToldWhenDurable()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 100)).Store().Join(1, 1);
        ImmutableArray<Grant> grants = bench.GrantsTo(1);
        bench.Cancel(5, 1);
        Assert.Equal(
            grants.Select(g => new LeaseId(g.Lease)), bench.Of<HarborEffect.Cancel>().Select(c => c.Lease));
        Assert.Empty(bench.Of<HarborEffect.Answer>());

        // A second one, meanwhile, comes too late.
        bench.Cancel(6, 1);
        Assert.Equal(
            RefusalCode.WrongState, Assert.Single(bench.Of<HarborEffect.Answer>()).Refusal!.Code);
        bench.Store();
        Assert.Equal(new HarborEffect.Answer(5, false, null), Assert.Single(bench.Of<HarborEffect.Answer>()));
        Assert.Equal(ProductState.Broken, Assert.Single(bench.Of<HarborEffect.JobChanged>()).Product);
    }

    [Fact]
    public void Cancel_OfWhatIsNotThere_IsNotFound()
    {
        HarborStateBench bench = new HarborStateBench().Cancel(5, 1);
        Assert.Equal(RefusalCode.NotFound, Assert.Single(bench.Of<HarborEffect.Answer>()).Refusal!.Code);
    }

    [Fact]
    public void Submit_TheSameTwice_IsOneJob()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 3));
        bench.Submit(2, HarborStateBench.Job(1, 3));
        Assert.Empty(bench.Of<HarborEffect.Answer>());
        bench.Store();
        Assert.Equal(
            [new HarborEffect.Answer(1, true, null), new HarborEffect.Answer(2, false, null)],
            bench.Of<HarborEffect.Answer>());

        bench.Submit(3, HarborStateBench.Job(1, 4));
        Assert.Equal(
            RefusalCode.AlreadyExists, Assert.Single(bench.Of<HarborEffect.Answer>()).Refusal!.Code);
        Assert.Single(bench.Records.OfType<StorageRecord.JobAdded>());
    }

    [Fact]
    public void Submit_TheSameAfterItsEnd_IsOneJob()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 3)).Cancel(2, 1).Store();
        bench.Submit(3, HarborStateBench.Job(1, 3));
        Assert.Equal(new HarborEffect.Answer(3, false, null), Assert.Single(bench.Of<HarborEffect.Answer>()));
        bench.Submit(4, HarborStateBench.Job(1, 4));
        Assert.Equal(
            RefusalCode.AlreadyExists, Assert.Single(bench.Of<HarborEffect.Answer>()).Refusal!.Code);
    }

    [Fact]
    public void Submit_AFolderThatAnotherJobHas_IsRefusedUntilThatJobHasEnded()
    {
        HarborStateBench bench =
            new HarborStateBench().Submit(1, HarborStateBench.Job(1, 3, folder: "f")).Store();
        bench.Submit(2, HarborStateBench.Job(2, 3, folder: "f"));
        Assert.Equal("folder", Assert.Single(bench.Of<HarborEffect.Answer>()).Refusal!.Field);
        bench.Cancel(3, 1).Store().Submit(4, HarborStateBench.Job(2, 3, folder: "f")).Store();
        Assert.True(Assert.Single(bench.Of<HarborEffect.Answer>()).IsNew);
    }

    [Fact]
    public void Stalled_TakesBackWhatWasNotAcknowledgedAndHandsNothingOutUntilItGoesOn()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 100)).Store();
        bench.Submit(2, HarborStateBench.Job(2, 100));
        bench.On(new HarborEvent.StorageStalled("disk full"));

        HarborEffect.Answer answer = Assert.Single(bench.Of<HarborEffect.Answer>());
        Assert.Equal((2L, RefusalCode.NoSpace), (answer.Request, answer.Refusal!.Code));
        Assert.Equal(
            new JobId(2), Assert.IsType<StorageRecord.JobRemoved>(bench.Records[^1]).Job);
        bench.Join(1, 1);
        Assert.Empty(bench.GrantsTo(1));
        Assert.Contains("disk full", bench.State.StatusOf(new JobId(1))!.Waiting, StringComparison.Ordinal);

        bench.Submit(3, HarborStateBench.Job(3, 1));
        Assert.Equal(RefusalCode.NoSpace, Assert.Single(bench.Of<HarborEffect.Answer>()).Refusal!.Code);

        bench.Store();
        Assert.NotEmpty(bench.GrantsTo(1));
        bench.Submit(4, HarborStateBench.Job(2, 100)).Store();
        Assert.True(Assert.Single(bench.Of<HarborEffect.Answer>()).IsNew);
    }

    [Fact]
    public void Nack_ByEveryAgent_SaysWhy()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 1)).Store();
        Assert.Equal("No agent is connected.", Waiting());
        bench.Join(1, 1);
        Assert.Null(Waiting());
        bench.Nack(1, bench.GrantsTo(1)[0], NackReason.NackBlobUnavailable);
        Assert.Equal(
            "Every connected agent refused; the last was agent 1: it could not fetch what the job needs.", Waiting());

        string? Waiting() => bench.State.StatusOf(new JobId(1))!.Waiting;
    }

    [Fact]
    public void Window_Zero_SaysThatAgentsTakeNothing()
    {
        HarborStateBench bench = new HarborStateBench().Submit(1, HarborStateBench.Job(1, 1)).Store();
        bench.On(new HarborEvent.AgentJoined(new ChildId(1), new AgentId(1), "a", 1, new ComputeRate(1e9)));
        Assert.Equal(
            "The connected agents take no work at present.", bench.State.StatusOf(new JobId(1))!.Waiting);
    }

    [Fact]
    public void Restore_AJobWithGaps_GrantsTheGapsOnly()
    {
        AdmittedJob job = HarborStateBench.Job(1, 10);
        HarborStateBench bench = new HarborStateBench(epoch: 5).Restore(job, Stored(job, (0, 0, 3), (0, 5, 6)));
        bench.Join(1, 1, slots: 8).LetReturn();
        List<IndexRange> granted = [];
        Queue<Grant> open = new(bench.GrantsTo(1));
        while (open.TryDequeue(out Grant? grant))
        {
            Assert.Equal(5, grant.Epoch);
            granted.Add(new IndexRange(grant.Begin, grant.End));
            bench.Commit(1, grant, grant.End);
            foreach (Grant next in bench.GrantsTo(1))
            {
                open.Enqueue(next);
            }
        }

        Assert.Equal([3, 4, 6, 7, 8, 9], granted.SelectMany(Indices).Order());
        bench.Store();
        Assert.Single(bench.Of<HarborEffect.JobForgotten>());

        static IEnumerable<long> Indices(IndexRange range) =>
            Enumerable.Range((int)range.Begin, (int)range.Count).Select(i => (long)i);
    }

    [Fact]
    public void Restore_AJobWithEverySegmentButNoEnd_EndsIt()
    {
        AdmittedJob job = HarborStateBench.Job(1, 10);
        HarborStateBench bench = new HarborStateBench().Restore(job, Stored(job, (0, 0, 10)));
        Assert.Equal(JobState.Accepted, Assert.IsType<StorageRecord.JobEnded>(bench.Records[^1]).Status.State);
    }

    [Fact]
    public void Restore_AMergeWithEveryRoundButNoEnd_EndsIt()
    {
        AdmittedJob job = HarborStateBench.Job(1, 4, CombineKind.Merge);
        HarborStateBench bench =
            new HarborStateBench().Restore(job, Stored(job, (0, 0, 2), (0, 2, 4), (1, 0, 4)));
        Assert.Equal(JobState.Accepted, Assert.IsType<StorageRecord.JobEnded>(bench.Records[^1]).Status.State);
    }

    [Fact]
    public void Delivered_ByTheLastAcceptor_AcceptsTheJob()
    {
        HarborStateBench bench =
            new HarborStateBench().Submit(1, HarborStateBench.Job(1, 1, folder: "f")).Store().Join(1, 1);
        bench.Commit(1, bench.GrantsTo(1)[0], 1).Store();
        Assert.Equal("f", Assert.Single(bench.Of<HarborEffect.Deliver>()).Acceptor.Folder);
        Assert.Equal(JobState.Assembled, bench.State.StatusOf(new JobId(1))!.State);

        bench.On(new HarborEvent.Delivered(new JobId(1), 0, DeliveryState.Refused, "it is full"));
        Assert.Equal(JobState.Assembled, bench.State.StatusOf(new JobId(1))!.State);
        JobStatus end = Assert.IsType<StorageRecord.JobEnded>(bench.Records[^1]).Status;
        Assert.Equal(new DeliveryStatus("f", DeliveryState.Refused, "it is full"), Assert.Single(end.Deliveries));
        bench.Store();
        Assert.Single(bench.Of<HarborEffect.JobForgotten>());
    }

    private static StoredJob Stored(AdmittedJob job, params (int Round, long Begin, long End)[] segments) => new()
    {
        Number = 1,
        Request = job.Request,
        RequestJson = job.Json,
        SubmittedAt = HarborStateBench.Now,
        Deliveries = [],
        Segments =
        [
            .. segments.Select(s => new StoredSegment(
                s.Round, new IndexRange(s.Begin, s.End), 1, new AgentId(1), "a", new Fuel(1))),
        ],
    };
}
