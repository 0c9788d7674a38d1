using System.Collections.Immutable;
using System.Text;
using Ptorrent.Harbor.Admission;
using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Tests.Harbor.State;

/// <summary>A state on the bench: events go in, and the effects of the last one lie open. Storage is the test's to
/// play.
/// </summary>
internal sealed class HarborStateBench
{
    private readonly List<HarborEffect> _effects = [];
    private long _persisted;
    private long _stored;

    public HarborStateBench(int epoch = 1) =>
        State = new HarborState(new HarborId(1), "bench", new LeaseEpoch(epoch), 0);

    public static DateTimeOffset Now => DateTimeOffset.UnixEpoch.AddDays(10);

    /// <summary>The other clock; the test's to turn.</summary>
    public TimeSpan Elapsed { get; set; }

    public HarborState State { get; }

    /// <summary>What the last event caused.</summary>
    public ImmutableArray<HarborEffect> Last { get; private set; } = [];

    /// <summary>Everything that was given to storage, in order.</summary>
    public List<StorageRecord> Records { get; } = [];

    public static AdmittedJob Job(ulong id, long end, CombineKind combine = CombineKind.Lines, string? folder = null)
    {
        JobRequest request = new()
        {
            Id = new JobId(id),
            Program = new ProgramReference(ProgramKind.Script, MerkleHasher.RootOf("x"u8), 1, "x.ts"),
            Over = new IndexRange(0, end),
            Combine = combine,
            Acceptors = folder is null ? [] : [new AcceptorRequest { Folder = folder }],
        };
        return JobAdmission.Prepare(request, Encoding.ASCII.GetBytes($"{id} {end} {combine} {folder}"));
    }

    public HarborStateBench On(HarborEvent evt)
    {
        State.Handle(new Moment(Now, Elapsed), evt, _effects);
        return Take();
    }

    public HarborStateBench Restore(AdmittedJob job, StoredJob stored)
    {
        State.Restore(new Moment(Now, Elapsed), job, stored, _effects);
        return Take();
    }

    /// <summary>All that was given to storage is durable.</summary>
    public HarborStateBench Store() => StoreOnly(_persisted - _stored);

    /// <summary>This many more records are durable.</summary>
    public HarborStateBench StoreOnly(long count)
    {
        _stored += count;
        return On(new HarborEvent.Stored(_stored));
    }

    public HarborStateBench Submit(long request, AdmittedJob job) => On(new HarborEvent.JobSubmitted(request, job));

    public HarborStateBench Cancel(long request, ulong job) =>
        On(new HarborEvent.JobCancelled(request, new JobId(job)));

    public HarborStateBench Join(long child, ulong agent, int slots = 1)
    {
        On(new HarborEvent.AgentJoined(
            new ChildId(child), new AgentId(agent), $"agent {agent}", slots, new ComputeRate(1e9)));
        return On(new HarborEvent.WindowSet(new ChildId(child), new Fuel(long.MaxValue)));
    }

    /// <summary>The time in which agents may come back after a start is over.</summary>
    public HarborStateBench LetReturn()
    {
        Elapsed += HarborState.ReturnTime;
        return On(new HarborEvent.TimePassed());
    }

    /// <summary>An agent comes back on a new link with what it holds.</summary>
    public HarborStateBench Return(long child, ulong agent, params Holding[] holdings) => On(
        new HarborEvent.AgentJoined(
            new ChildId(child), new AgentId(agent), $"agent {agent}", 1, new ComputeRate(1e9))
        {
            Holdings = holdings,
        });

    public HarborStateBench Fail(long child, Grant grant, long index) => On(
        new HarborEvent.Nacked(
            new ChildId(child),
            new LeaseId(grant.Lease),
            new LeaseEpoch(grant.Epoch),
            NackReason.NackProgramFailed,
            new Ptorrent.Model.Programs.ProgramFailure(index, TrapCode.Unreachable, $"from {child}", new Fuel(1)),
            string.Empty));

    public HarborStateBench Commit(long child, Grant grant, long upto, int epochs = 0, string text = "x\n") => On(
        new HarborEvent.Committed(
            new ChildId(child),
            new LeaseId(grant.Lease),
            new LeaseEpoch(grant.Epoch + epochs),
            upto,
            new Fuel(1000),
            TimeSpan.FromMilliseconds(1),
            SegmentContent.Of(Encoding.ASCII.GetBytes(text)),
            0));

    public HarborStateBench Nack(long child, Grant grant, NackReason reason) => On(
        new HarborEvent.Nacked(
            new ChildId(child), new LeaseId(grant.Lease), new LeaseEpoch(grant.Epoch), reason, null, string.Empty));

    /// <summary>The leases that the last event gave to an agent.</summary>
    public ImmutableArray<Grant> GrantsTo(long child) =>
        [.. Last.OfType<HarborEffect.Grant>().Where(g => g.Child == new ChildId(child)).Select(g => g.Lease)];

    public ImmutableArray<T> Of<T>()
        where T : HarborEffect => [.. Last.OfType<T>()];

    private HarborStateBench Take()
    {
        Last = [.. _effects];
        _effects.Clear();
        foreach (HarborEffect.Persist persist in Of<HarborEffect.Persist>())
        {
            _persisted++;
            Records.Add(persist.Record);
        }

        return this;
    }
}
