namespace Ptorrent.Work.Leasing;

/// <summary>Where a body of work stands.</summary>
/// <param name="IndicesLeft">Indices that are not committed.</param>
/// <param name="IndicesPending">Of these, those in nobody's hands.</param>
/// <param name="SlotsAtWork">Slots that have an index of it, as far as leases tell.</param>
/// <param name="TimeLeft">The time left at the present speed of all children; null while the cost is unknown.</param>
/// <param name="ExcludedCount">Children that said they cannot do it.</param>
public readonly record struct WorkProgress(
    long IndicesLeft,
    long IndicesPending,
    int SlotsAtWork,
    TimeSpan? TimeLeft,
    int ExcludedCount);
