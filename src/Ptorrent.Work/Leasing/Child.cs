using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <summary>Whoever takes leases from this node.</summary>
internal sealed class Child(ChildId id, int slotCount, ComputeRate slotRate)
{
    // How far one observation moves the estimate of speed.
    private const double RateGain = 0.2;

    public ChildId Id { get; } = id;

    public int SlotCount { get; } = slotCount;

    /// <summary>Fuel a second of one slot, as last learned.</summary>
    public double SlotRate { get; private set; } = slotRate.FuelPerSecond;

    /// <summary>Fuel a second of all its slots.</summary>
    public double Rate => SlotRate * SlotCount;

    /// <summary>Fuel that may be outstanding with it. Nothing until it says so.</summary>
    public Fuel Window { get; set; } = Fuel.Zero;

    /// <summary>Its leases, by id, so that whatever is done to all of them is done in one order.</summary>
    public SortedDictionary<LeaseId, Lease> Leases { get; } = [];

    /// <summary>Fuel that its leases are expected to burn yet.</summary>
    public double FuelOutstanding { get; set; }

    /// <summary>Indices in its leases.</summary>
    public long IndicesOutstanding { get; set; }

    /// <summary>Learns from work that came back: <paramref name="fuel"/> in <paramref name="busy"/> of one
    /// slot.</summary>
    public void Observe(Fuel fuel, TimeSpan busy)
    {
        // Below this the clock's grain and the call's own cost tell more than the program does.
        if (busy < TimeSpan.FromMicroseconds(200) || fuel.Units <= 0)
        {
            return;
        }

        SlotRate += RateGain * ((fuel.Units / busy.TotalSeconds) - SlotRate);
    }
}
