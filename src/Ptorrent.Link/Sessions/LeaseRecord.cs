namespace Ptorrent.Link.Sessions;

/// <summary>A lease as both ends of a link see it.</summary>
internal sealed class LeaseRecord(ulong job, int epoch, long begin, long end, bool isMerge)
{
    public ulong Job { get; } = job;

    public int Epoch { get; } = epoch;

    public bool IsMerge { get; } = isMerge;

    /// <summary>The first index; a failure may name one that is committed, as runs of a lease overlap.</summary>
    public long Begin { get; } = begin;

    /// <summary>All before this is committed.</summary>
    public long CommittedUpTo { get; set; } = begin;

    public long End { get; set; } = end;

    /// <summary>From where it was revoked, until it is answered.</summary>
    public long? RevokedFrom { get; set; }
}
