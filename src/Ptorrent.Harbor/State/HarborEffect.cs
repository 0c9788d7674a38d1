using System.Collections.Immutable;
using Ptorrent.Harbor.Storage;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Harbor.State;

/// <summary>What a harbor does after an event, in order.</summary>
internal abstract record HarborEffect
{
    private HarborEffect()
    {
    }

    /// <summary>Hand a lease to an agent.</summary>
    /// <param name="Child">The agent's link.</param>
    /// <param name="Lease">The lease; the link adds the description where the agent does not have it.</param>
    /// <param name="Description">The job's description.</param>
    public sealed record Grant(ChildId Child, Link.Frames.Grant Lease, JobDescription Description) : HarborEffect;

    /// <summary>Hand a lease to merge to an agent, after putting these stored segments into it.</summary>
    /// <param name="Child">The agent's link.</param>
    /// <param name="Lease">The lease without its parts.</param>
    /// <param name="Description">The job's description.</param>
    /// <param name="Round">The round whose segments are the parts.</param>
    /// <param name="Parts">The parts from left to right.</param>
    public sealed record GrantMerge(
        ChildId Child,
        Link.Frames.Grant Lease,
        JobDescription Description,
        int Round,
        ImmutableArray<IndexRange> Parts) : HarborEffect;

    /// <summary>Ask an agent for the tail of a lease.</summary>
    /// <param name="Child">The agent's link.</param>
    /// <param name="Lease">The lease.</param>
    /// <param name="From">The first index that is wanted back.</param>
    public sealed record Revoke(ChildId Child, LeaseId Lease, long From) : HarborEffect;

    /// <summary>Tell an agent what of its commits is durable.</summary>
    public sealed record Receipt(ChildId Child, Link.Frames.Receipt Prefixes) : HarborEffect;

    /// <summary>Tell an agent that nothing is wanted of what it held on its link before.</summary>
    /// <param name="Child">The agent's link.</param>
    /// <param name="Holding">The agent's number of it.</param>
    public sealed record DropHolding(ChildId Child, long Holding) : HarborEffect;

    /// <summary>Tell an agent to drop a lease.</summary>
    public sealed record Cancel(ChildId Child, LeaseId Lease) : HarborEffect;

    /// <summary>End an agent's link.</summary>
    public sealed record CloseLink(ChildId Child, string Reason) : HarborEffect;

    /// <summary>Store a record; the n-th of these is the n-th of <see cref="HarborEvent.Stored"/>.</summary>
    public sealed record Persist(StorageRecord Record) : HarborEffect;

    /// <summary>Answer whoever submitted or cancelled. What is said is durable.</summary>
    /// <param name="Request">The number of the request.</param>
    /// <param name="IsNew">Whether the job is a new one.</param>
    /// <param name="Refusal">Why not, or null.</param>
    public sealed record Answer(long Request, bool IsNew, Refusal? Refusal) : HarborEffect;

    /// <summary>A job begins to be there for those who read its results.</summary>
    public sealed record JobOpened(JobId Job) : HarborEffect;

    /// <summary>A job's status changed.</summary>
    /// <param name="Job">Which.</param>
    /// <param name="PrefixEnd">Every index below is durable.</param>
    /// <param name="Product">Whether the product is all there, or will never be.</param>
    public sealed record JobChanged(JobId Job, long PrefixEnd, ProductState Product) : HarborEffect;

    /// <summary>Agents came or went: any job's status may be another.</summary>
    public sealed record NetworkChanged : HarborEffect;

    /// <summary>The state forgot a job, whose end is durable; the database tells of it from now on.</summary>
    public sealed record JobForgotten(JobId Job) : HarborEffect;

    /// <summary>Give the product to an acceptor.</summary>
    public sealed record Deliver(JobId Job, int Number, AcceptorRequest Acceptor) : HarborEffect;

    /// <summary>Write down that an agent broke the rules.</summary>
    public sealed record AgentAtFault(AgentId Agent, JobId Job, string Reason) : HarborEffect;

    /// <summary>Write down that a job changed its state for good.</summary>
    public sealed record JobEnded(JobId Job, JobState State) : HarborEffect;
}
