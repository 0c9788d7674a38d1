using Ptorrent.Model;
using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <summary>What an index of a class of work costs, learned from what came back.</summary>
internal sealed class WorkCost
{
    // An observation's weight halves with every 23 that follow it: images and searches change their cost along the way.
    private const double Memory = 0.97;

    // So large that any multiple that is asked of it still fits.
    private const long IndicesObservedMax = long.MaxValue / 1024;

    private double _fuel;
    private double _indices;

    /// <summary>Works of this class that exist.</summary>
    public int WorkCount { get; set; }

    /// <summary>Indices of this class that nobody has.</summary>
    public long IndicesPending { get; set; }

    /// <summary>Indices that came back, at most a large number.</summary>
    public long IndicesObserved { get; private set; }

    /// <summary>Whether anything came back yet.</summary>
    public bool IsKnown => IndicesObserved > 0;

    /// <summary>Fuel for one index; at least 1. Only where known.</summary>
    public double FuelPerIndex => Math.Max(1, _fuel / _indices);

    /// <summary>Takes over what was learned earlier, unless something came back already.</summary>
    public void Learn(LearnedCost cost)
    {
        if (!IsKnown)
        {
            Invariant.Holds(cost.IndexCount > 0 && cost.FuelPerIndex >= 1);
            _fuel = cost.FuelPerIndex;
            _indices = 1;
            IndicesObserved = Math.Min(cost.IndexCount, IndicesObservedMax);
        }
    }

    public void Observe(long indices, Fuel fuel)
    {
        _fuel = (_fuel * Memory) + fuel.Units;
        _indices = (_indices * Memory) + indices;
        IndicesObserved = Math.Min(IndicesObserved + indices, IndicesObservedMax);
    }
}
