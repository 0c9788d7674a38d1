using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <summary>A lease in a child's hands.</summary>
internal sealed class Lease(LeaseId id, Child child, Work work, IndexRange range, double fuelPerIndex)
{
    public LeaseId Id { get; } = id;

    public Child Child { get; } = child;

    public Work Work { get; } = work;

    /// <summary>What it was expected to burn for each index when it was granted.</summary>
    public double FuelPerIndex { get; } = fuelPerIndex;

    /// <summary>What is not committed of it.</summary>
    public IndexRange Left { get; set; } = range;

    public double FuelLeft => Left.Count * FuelPerIndex;
}
