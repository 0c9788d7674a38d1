namespace Ptorrent.Work.Leasing;

/// <summary>A body of work and what is left of it.</summary>
internal sealed class Work(WorkDescription description, WorkCost cost, long order, bool isFair)
{
    private static readonly HashSet<ChildId> NobodyExcluded = [];

    private readonly long _order = order;
    private readonly bool _isFair = isFair;
    private readonly bool _isUrgent = description.IsUrgent;
    private HashSet<ChildId>? _excluded;
    private int _readyPlace;

    public WorkId Id { get; } = description.Id;

    public WorkCost Cost { get; } = cost;

    public long LeaseIndexCountMax { get; } = description.LeaseIndexCountMax;

    public bool IsRevocable { get; } = description.IsRevocable;

    /// <summary>Indices that nobody has.</summary>
    public WorkPool Pool { get; } = new();

    /// <summary>Indices that it had in the beginning.</summary>
    public long IndicesTotal { get; set; }

    /// <summary>Indices that are not committed.</summary>
    public long IndicesLeft { get; set; }

    /// <summary>Fuel expected of its leases.</summary>
    public double FuelOutstanding { get; set; }

    /// <summary>Fuel spent on granting leases a second time.</summary>
    public double TwinFuel { get; set; }

    /// <summary>Pairs of twins among its leases.</summary>
    public int TwinCount { get; set; }

    /// <summary>Its leases, the oldest first.</summary>
    public Chain<Lease, Lease.OfWork> Leases { get; } = new();

    /// <summary>Children that said they cannot; in no order.</summary>
    public IReadOnlyCollection<ChildId> Excluded => _excluded ?? NobodyExcluded;

    public bool Excludes(Child child) =>
        child.ExcludedFrom is not null && _excluded is not null && _excluded.Contains(child.Id);

    public void Exclude(Child child)
    {
        _excluded ??= [];
        if (_excluded.Add(child.Id))
        {
            child.ExcludedFrom ??= [];
            child.ExcludedFrom.Add(this);
        }
    }

    /// <summary>Forgets that a child cannot, since the child is forgotten.</summary>
    public void Readmit(Child child) => _excluded?.Remove(child.Id);

    /// <summary>Whoever is to be served first: what is urgent; then, where jobs share, the one with the least fuel in
    /// other hands; then the oldest.</summary>
    internal sealed class ByTurn : IHeapOrder<Work>
    {
        public static bool IsBefore(Work left, Work right)
        {
            if (left._isUrgent != right._isUrgent)
            {
                return left._isUrgent;
            }

            return left._isFair && left.FuelOutstanding != right.FuelOutstanding
                ? left.FuelOutstanding < right.FuelOutstanding
                : left._order < right._order;
        }

        public static ref int PlaceOf(Work item) => ref item._readyPlace;
    }
}
