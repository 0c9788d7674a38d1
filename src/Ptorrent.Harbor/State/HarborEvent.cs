using System.Collections.Immutable;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;
using ProgramFailure = Ptorrent.Model.Programs.ProgramFailure;

namespace Ptorrent.Harbor.State;

/// <summary>What happens to a harbor.</summary>
internal abstract record HarborEvent
{
    private HarborEvent()
    {
    }

    /// <summary>Somebody submits a job that was found admissible.</summary>
    /// <param name="Request">The number under which the answer is awaited.</param>
    /// <param name="Job">The job.</param>
    public sealed record JobSubmitted(long Request, AdmittedJob Job) : HarborEvent;

    /// <summary>Somebody cancels a job.</summary>
    public sealed record JobCancelled(long Request, JobId Job) : HarborEvent;

    /// <summary>An agent said hello. Its numbers were checked.</summary>
    public sealed record AgentJoined(ChildId Child, AgentId Agent, string Name, int SlotCount, ComputeRate SlotRate)
        : HarborEvent
    {
        /// <summary>Leases of its link before that it goes on with; each is to be answered.</summary>
        public IReadOnlyList<Holding> Holdings { get; init; } = [];
    }

    /// <summary>An agent's link ended.</summary>
    public sealed record AgentGone(ChildId Child) : HarborEvent;

    /// <summary>An agent sets its window.</summary>
    public sealed record WindowSet(ChildId Child, Fuel Window) : HarborEvent;

    /// <summary>An agent did a part of a lease. The content was checked: it is a segment of its kind, and its blob is
    /// here.
    /// </summary>
    /// <param name="Child">The agent's link.</param>
    /// <param name="Lease">The lease.</param>
    /// <param name="Epoch">The epoch that it reports.</param>
    /// <param name="Upto">One past the last index that is done.</param>
    /// <param name="Burnt">Fuel burnt; not negative.</param>
    /// <param name="Busy">Time of one slot; not negative.</param>
    /// <param name="Content">The segment.</param>
    /// <param name="ColumnCount">Numbers in it, where it is numbers; otherwise 0.</param>
    public sealed record Committed(
        ChildId Child,
        LeaseId Lease,
        LeaseEpoch Epoch,
        long Upto,
        Fuel Burnt,
        TimeSpan Busy,
        SegmentContent Content,
        int ColumnCount) : HarborEvent;

    /// <summary>An agent committed what is no segment. It does not count, and the agent gets no more of the job.
    /// </summary>
    public sealed record CommitFaulty(ChildId Child, LeaseId Lease, LeaseEpoch Epoch, string Reason) : HarborEvent;

    /// <summary>An agent answers a revoke: it keeps the lease up to <paramref name="From"/>.</summary>
    public sealed record Kept(ChildId Child, LeaseId Lease, long From) : HarborEvent;

    /// <summary>Time has passed that something waited for.</summary>
    public sealed record TimePassed : HarborEvent;

    /// <summary>An agent cannot do a lease.</summary>
    /// <param name="Child">The agent's link.</param>
    /// <param name="Lease">The lease.</param>
    /// <param name="Epoch">The epoch that it reports.</param>
    /// <param name="Reason">Why.</param>
    /// <param name="Failure">With <see cref="NackReason.NackProgramFailed"/>: how the program failed.</param>
    /// <param name="Detail">The agent's words; at most a few hundred characters.</param>
    public sealed record Nacked(
        ChildId Child,
        LeaseId Lease,
        LeaseEpoch Epoch,
        NackReason Reason,
        ProgramFailure? Failure,
        string Detail) : HarborEvent;

    /// <summary>All records up to the <paramref name="UpTo"/>-th are durable.</summary>
    public sealed record Stored(long UpTo) : HarborEvent;

    /// <summary>Nothing can be stored at present; it is tried again.</summary>
    public sealed record StorageStalled(string Reason) : HarborEvent;

    /// <summary>Ended jobs are to be forgotten by the database too.</summary>
    /// <param name="Jobs">Which; they ended long ago.</param>
    public sealed record HistoryCut(ImmutableArray<JobId> Jobs) : HarborEvent;

    /// <summary>What came back of a job and was durable cannot be read any more.</summary>
    /// <param name="Job">Which job.</param>
    /// <param name="Index">The first of the indices.</param>
    /// <param name="Reason">What is wrong with it.</param>
    public sealed record SegmentLost(JobId Job, long Index, string Reason) : HarborEvent;

    /// <summary>A delivery ended.</summary>
    public sealed record Delivered(JobId Job, int Number, DeliveryState State, string Detail) : HarborEvent;
}
