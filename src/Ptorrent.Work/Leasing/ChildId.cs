namespace Ptorrent.Work.Leasing;

/// <summary>Whoever takes leases from here: an agent at the harbor, an executor slot on a device.</summary>
public readonly record struct ChildId(long Value) : IComparable<ChildId>
{
    /// <inheritdoc/>
    public int CompareTo(ChildId other) => Value.CompareTo(other.Value);
}
