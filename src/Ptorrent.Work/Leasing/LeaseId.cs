namespace Ptorrent.Work.Leasing;

/// <summary>A lease, unique for the life of the node that grants it.</summary>
public readonly record struct LeaseId(long Value) : IComparable<LeaseId>
{
    /// <inheritdoc/>
    public int CompareTo(LeaseId other) => Value.CompareTo(other.Value);
}
