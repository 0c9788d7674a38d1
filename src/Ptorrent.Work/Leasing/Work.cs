namespace Ptorrent.Work.Leasing;

/// <summary>A body of work and what is left of it.</summary>
internal sealed class Work(WorkDescription description, WorkCost cost, long order)
{
    public WorkId Id { get; } = description.Id;

    public ulong Class { get; } = description.Class;

    public WorkCost Cost { get; } = cost;

    public long LeaseIndexCountMax { get; } = description.LeaseIndexCountMax;

    /// <summary>Its place in the line: lower came first.</summary>
    public long Order { get; } = order;

    /// <summary>Indices that nobody has.</summary>
    public RangeSet Pending { get; } = new();

    /// <summary>Indices that are not committed.</summary>
    public long IndicesLeft { get; set; }

    /// <summary>Fuel expected of its leases.</summary>
    public double FuelOutstanding { get; set; }

    /// <summary>Its leases, by id.</summary>
    public SortedDictionary<LeaseId, Lease> Leases { get; } = [];

    /// <summary>Children that said they cannot.</summary>
    public HashSet<ChildId> Excluded { get; } = [];
}
