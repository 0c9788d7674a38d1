using System.Diagnostics.CodeAnalysis;
using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <summary>All leases by their id. Keeps the objects of leases that have ended for those that follow, so that granting
/// allocates nothing in the long run.</summary>
internal sealed class LeaseBook
{
    private readonly Dictionary<LeaseId, Lease> _leases = [];
    private readonly Stack<Lease> _spare = [];
    private long _last;

    public int Count => _leases.Count;

    public bool TryFind(LeaseId id, [NotNullWhen(true)] out Lease? lease) => _leases.TryGetValue(id, out lease);

    /// <summary>A new lease under an id of its own, in the lists of its child and its work.</summary>
    public Lease Open(Child child, Work work, IndexRange range, double fuelPerIndex)
    {
        Lease lease = _spare.TryPop(out Lease? spare) ? spare : new Lease();
        lease.Begin(new LeaseId(++_last), child, work, range, fuelPerIndex);
        _leases.Add(lease.Id, lease);
        child.Leases.Append(lease);
        work.Leases.Append(lease);
        return lease;
    }

    /// <summary>Takes the lease out of all lists; nobody may hold on to it.</summary>
    public void Close(Lease lease)
    {
        _leases.Remove(lease.Id);
        lease.Child.Leases.Remove(lease);
        lease.Work.Leases.Remove(lease);
        _spare.Push(lease);
    }
}
