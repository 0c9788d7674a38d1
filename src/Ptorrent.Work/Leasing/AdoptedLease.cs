using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <summary>A lease on what a child had already.</summary>
/// <param name="Lease">Its id.</param>
/// <param name="Range">Its indices.</param>
/// <param name="Estimate">What it is expected to burn.</param>
public readonly record struct AdoptedLease(LeaseId Lease, IndexRange Range, Fuel Estimate);
