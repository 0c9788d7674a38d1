using Ptorrent.Link.Frames;

namespace Ptorrent.Link.Sessions;

/// <summary>A lease as both ends of a link see it.</summary>
internal sealed class LeaseRecord(Grant grant, JobDescription description)
{
    public JobDescription Description { get; } = description;

    public int Epoch { get; } = grant.Epoch;

    public bool IsMerge { get; } = grant.Parts.Count > 0;

    /// <summary>The first index; a failure may name one that is committed, as runs of a lease overlap.</summary>
    public long Begin { get; } = grant.Begin;

    /// <summary>All before this is committed.</summary>
    public long CommittedUpTo { get; set; } = grant.Begin;

    /// <summary>All before this is known to be durable at the parent.</summary>
    public long ReceiptedUpTo { get; set; } = grant.Begin;

    public long End { get; set; } = grant.End;

    /// <summary>From where it was revoked, until it is answered.</summary>
    public long? RevokedFrom { get; set; }

    /// <summary>Whether the child has said all that it has to say; what is committed may still wait for its
    /// receipt.</summary>
    public bool IsDone => CommittedUpTo == End;

    /// <summary>Whether nobody has anything to say of it any more.</summary>
    public bool IsOver => IsDone && ReceiptedUpTo == End;
}
