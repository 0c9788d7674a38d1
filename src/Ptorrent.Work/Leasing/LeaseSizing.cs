namespace Ptorrent.Work.Leasing;

/// <summary>
/// How long a lease is, how many indices that makes, and how much a child holds at once. The share of the remaining
/// time is factoring (S. F. Hummel, E. Schonberg, L. E. Flynn, "Factoring: a method for scheduling parallel loops",
/// 1992), per lease instead of per round. The bound by age follows the availability of real machines, whose times
/// between losses are Weibull distributed with shapes below one: whoever has been here long is likely to stay (B.
/// Javadi, D. Kondo, J.-M. Vincent, D. P. Anderson, "Discovering statistical models of availability in large
/// distributed systems", 2011).
/// </summary>
internal sealed class LeaseSizing(LeasingLimits limits)
{
    // A sum of shares is never exactly the whole.
    private const double Tolerance = 1.0001;

    private readonly LeasingLimits _limits = limits;
    private readonly double _leaseMin = limits.LeaseTimeMin.TotalSeconds;
    private readonly double _leaseMax = limits.LeaseTimeMax.TotalSeconds;
    private readonly double _leadMin = limits.LeadTimeMin.TotalSeconds;

    /// <summary>Seconds that a lease of this child takes at least.</summary>
    public double LeaseTimeMin(Child child) =>
        Math.Min(Math.Max(_leaseMin, _limits.RoundTripsMin * child.RoundTrip), _leaseMax);

    /// <summary>Seconds that the next lease of this child is to take.</summary>
    /// <param name="child">The child.</param>
    /// <param name="cost">What is known of the work.</param>
    /// <param name="rate">Fuel a second of all that work on its class.</param>
    /// <param name="now">The present moment.</param>
    /// <param name="crowd">How many children there are for each that is hungry: what is left is shared by those.
    /// </param>
    public double LeaseTime(Child child, WorkCost cost, double rate, TimeSpan now, double crowd)
    {
        double least = LeaseTimeMin(child);
        if (!cost.IsKnown || rate <= 0)
        {
            return least;
        }

        double remaining = cost.IndicesPending * cost.FuelPerIndex / rate;
        least = Math.Min(least, Math.Max(remaining * crowd, Math.Max(_leaseMin, child.RoundTrip)));
        double time = Math.Clamp(_limits.RemainingShare * remaining, least, _leaseMax);
        double age = (now - child.JoinedAt).TotalSeconds;
        time = Math.Min(time, Math.Max(least, _limits.AgeShare * age));
        double grown = GrownCount(cost) * cost.FuelPerIndex / child.Rate;
        return Math.Min(time, Math.Max(grown, child.RoundTrip));
    }

    /// <summary>Indices of a lease of work of which nothing came back yet: one for each slot, or its part where there
    /// are not so many.</summary>
    /// <param name="child">The child.</param>
    /// <param name="work">The work.</param>
    /// <param name="openSlots">The slots of all children.</param>
    /// <param name="isGuess">Whether it stands behind such a lease: then a share of its part, on the grounds that work
    /// of very many indices has short ones.</param>
    public long FirstIndexCount(Child child, Work work, long openSlots, bool isGuess)
    {
        double part = (double)work.Pool.Count * child.SlotCount / openSlots;
        double most = isGuess ? Math.Max(child.SlotCount, part * _limits.GuessShare) : child.SlotCount;
        return (long)Math.Clamp(part, 1, Math.Min(Math.Min(most, work.LeaseIndexCountMax), long.MaxValue / 2));
    }

    /// <summary>Indices of a lease of <paramref name="seconds"/>.</summary>
    public long IndexCount(Child child, Work work, double seconds, double fuelPerIndex)
    {
        double byTime = child.Rate * seconds / fuelPerIndex;
        double count = Math.Min(
            Math.Min(byTime, GrownCount(work.Cost)), Math.Min(work.LeaseIndexCountMax, long.MaxValue / 2));
        return Math.Max(1, (long)count);
    }

    /// <summary>The most indices that a child keeps of what was granted to it as a guess: those of the longest
    /// lease.</summary>
    public long GuessedCountMax(Child child, WorkCost cost) =>
        Math.Max(child.SlotCount, (long)Math.Min(_leaseMax * child.Rate / cost.FuelPerIndex, long.MaxValue / 2));

    /// <summary>The most indices that a child goes on with after it was away: what two of the longest leases have.
    /// </summary>
    public long AdoptedCountMax(Child child, Work work, double fuelPerIndex) => work.Cost.IsKnown
        ? Math.Max(1, (long)Math.Min(2 * _leaseMax * child.Rate / fuelPerIndex, long.MaxValue / 2))
        : long.MaxValue;

    /// <summary>Fuel that an index is expected to burn; before any came back, what a slot does in the shortest
    /// lease, shared by all that it has of the lease.</summary>
    public double FuelPerIndex(Child child, WorkCost cost, long count = 1)
    {
        double countOfSlot = Math.Max(1, (double)count / child.SlotCount);
        return cost.IsKnown ? cost.FuelPerIndex : Math.Max(1, child.SlotRate * LeaseTimeMin(child) / countOfSlot);
    }

    /// <summary>Seconds before the end of what a child has at which it gets the next lease: the time of a lease for
    /// each that its line holds, so that one is there when another is done.</summary>
    public double Lead(Child child, double leaseTime) =>
        Math.Max(((Depth(child, leaseTime) - 1) * leaseTime) + child.RoundTrip, _leadMin) * Tolerance;

    /// <summary>The same where there is nothing left but what others hold: the time it takes to get it from
    /// there.</summary>
    public double LeadAtTail(Child child) => Math.Max(3 * child.RoundTrip, _leadMin);

    /// <summary>The most leases that a child may hold: the delay-bandwidth product of its line in leases, and the one
    /// at work, for each slot.</summary>
    public long LeaseCountMax(Child child, double leaseTime) => (long)Depth(child, leaseTime) * child.SlotCount;

    private double GrownCount(WorkCost cost) => (double)cost.IndicesObserved * _limits.GrowthMax;

    private int Depth(Child child, double leaseTime) =>
        Math.Max(_limits.Depth, 1 + (int)Math.Ceiling(child.RoundTrip / leaseTime));
}
