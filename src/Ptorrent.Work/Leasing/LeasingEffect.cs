using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <summary>One thing to do, in order.</summary>
/// <param name="Kind">What.</param>
/// <param name="Work">Of which work.</param>
/// <param name="Child">To whom.</param>
/// <param name="Lease">Which lease.</param>
/// <param name="Epoch">The lease's fencing token.</param>
/// <param name="Range">The lease's indices; of a revoke, those that are wanted back: a tail of the lease.</param>
/// <param name="Estimate">What it is expected to burn.</param>
public readonly record struct LeasingEffect(
    LeasingEffectKind Kind,
    WorkId Work,
    ChildId Child = default,
    LeaseId Lease = default,
    LeaseEpoch Epoch = default,
    IndexRange Range = default,
    Fuel Estimate = default);
