namespace Ptorrent.Agent.Device;

/// <summary>
/// A lease from a harbor as this device counts them, never used twice: what is under way for a lease that is over finds
/// nothing, even where a harbor that began anew gives out the same lease ids again.
/// </summary>
internal readonly record struct LeaseNumber(long Value) : IComparable<LeaseNumber>
{
    public int CompareTo(LeaseNumber other) => Value.CompareTo(other.Value);
}
