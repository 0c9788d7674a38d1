using Ptorrent.Harbor.State;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;

namespace Ptorrent.Harbor.Storage;

/// <summary>One change that must survive. Records are stored in the order in which they are given.</summary>
internal abstract record StorageRecord
{
    private StorageRecord()
    {
    }

    /// <summary>Bytes of memory that the record holds, roughly; for the bound of the queue.</summary>
    public virtual int HeldBytes => 256;

    /// <summary>A job was admitted.</summary>
    /// <param name="Job">Which.</param>
    /// <param name="Number">Its place in the order of submission.</param>
    /// <param name="RequestJson">The request as <c>ModelJson</c> writes it.</param>
    /// <param name="SubmittedAt">When, in UTC.</param>
    /// <param name="AcceptorCount">Deliveries that it asks for; they start as pending.</param>
    public sealed record JobAdded(
        JobId Job,
        long Number,
        ReadOnlyMemory<byte> RequestJson,
        DateTimeOffset SubmittedAt,
        int AcceptorCount) : StorageRecord
    {
        public override int HeldBytes => 256 + RequestJson.Length;
    }

    /// <summary>A job that was not acknowledged is taken back.</summary>
    public sealed record JobRemoved(JobId Job) : StorageRecord;

    /// <summary>A job reached an end, or its product is whole, or its acceptors are served.</summary>
    public sealed record JobEnded(JobStatus Status) : StorageRecord
    {
        public override int HeldBytes => 2048;
    }

    /// <summary>The output of a range came back.</summary>
    /// <param name="Job">Of which job.</param>
    /// <param name="Round">0 for the program's own output, above it for the rounds of merging.</param>
    /// <param name="Range">Which indices.</param>
    /// <param name="Agent">From whom.</param>
    /// <param name="Burnt">Fuel burnt for it.</param>
    /// <param name="Content">The segment.</param>
    public sealed record SegmentAdded(
        JobId Job,
        int Round,
        IndexRange Range,
        AgentId Agent,
        Fuel Burnt,
        SegmentContent Content) : StorageRecord
    {
        public override int HeldBytes => 256 + Content.Inline.Length;
    }

    /// <summary>A delivery ended.</summary>
    public sealed record DeliveryEnded(JobId Job, int Number, DeliveryState State, string Detail) : StorageRecord;

    /// <summary>An agent's speed, as its commits tell.</summary>
    /// <param name="Agent">Which.</param>
    /// <param name="SlotRate">Fuel a second of one slot.</param>
    public sealed record RateLearned(AgentId Agent, double SlotRate) : StorageRecord;

    /// <summary>An agent was here; its name is kept for the list of who contributed.</summary>
    public sealed record AgentSeen(AgentId Agent, string Name) : StorageRecord;
}
