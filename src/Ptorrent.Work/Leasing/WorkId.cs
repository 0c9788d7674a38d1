namespace Ptorrent.Work.Leasing;

/// <summary>A body of work that is cut into leases: a job at the harbor, a lease from above on a device.</summary>
public readonly record struct WorkId(long Value) : IComparable<WorkId>
{
    /// <inheritdoc/>
    public int CompareTo(WorkId other) => Value.CompareTo(other.Value);
}
