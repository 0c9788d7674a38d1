using System.Diagnostics.CodeAnalysis;
using Ptorrent.Model;
using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <summary>
/// The pure core that leases ranges of work to children, the same at a harbor (children are agents) and on a device
/// (children are executor slots). Nobody asks for work: a child opens a window, and leases are pushed into it; a commit
/// frees window and is the sign of life; what a lost child had not committed goes back.
/// A lease is a target of time: a share of the time that all children together need for what is left of its class,
/// within bounds, so that leases are long in the middle and short at the end. Its indices follow from the measured
/// speed of the child and the measured cost of an index; while that cost is unknown a lease is one index.
/// Source of the shrinking share: factoring (S. F. Hummel, E. Schonberg, L. E. Flynn, "Factoring: a method for
/// scheduling parallel loops", 1992), here per lease instead of per round.
/// Every method takes the present moment, as time since some fixed moment; it never goes back. Methods append the
/// effects that they cause, in order, to the caller's list. Not for several threads.
/// </summary>
public sealed partial class LeasingState
{
    private readonly LeasingLimits _limits;
    private readonly SortedDictionary<ChildId, Child> _children = [];
    private readonly Dictionary<WorkId, Work> _works = [];
    private readonly Dictionary<LeaseId, Lease> _leases = [];
    private readonly Dictionary<ulong, WorkCost> _costs = [];
    private readonly SortedSet<Work> _ready;
    private readonly List<Child> _hungry = [];
    private long _lastLease;
    private long _lastOrder;

    /// <summary>Starts with no work and no children.</summary>
    /// <param name="limits">How to size leases.</param>
    /// <param name="epoch">The fencing token of every lease of this life of the node; higher than in any life
    /// before.</param>
    public LeasingState(LeasingLimits limits, LeaseEpoch epoch)
    {
        _limits = limits;
        Epoch = epoch;
        _ready = new SortedSet<Work>(new ServingOrder(limits.Order));
    }

    /// <summary>The fencing token of every lease of this life of the node.</summary>
    public LeaseEpoch Epoch { get; }

    /// <summary>Leases in children's hands.</summary>
    public int LeaseCount => _leases.Count;

    /// <summary>Fuel a second of all children together, as learned.</summary>
    public double Rate => _children.Values.Sum(c => c.Rate);

    /// <summary>Takes in work and hands out what children have room for.</summary>
    /// <exception cref="InvariantException">The id is in use, or there is no index.</exception>
    public void AddWork(TimeSpan now, WorkDescription description, List<LeasingEffect> effects)
    {
        if (!_costs.TryGetValue(description.Class, out WorkCost? cost))
        {
            cost = new WorkCost();
            _costs.Add(description.Class, cost);
        }

        if (description.Learned is { } learned)
        {
            cost.Learn(learned);
        }

        _lastOrder++;
        Work work = new(description, cost, description.IsUrgent ? long.MinValue + _lastOrder : _lastOrder);
        Invariant.Holds(_works.TryAdd(work.Id, work));
        cost.WorkCount++;
        foreach (IndexRange range in description.Ranges)
        {
            work.IndicesLeft += range.Count;
            Return(work, range);
        }

        Invariant.Holds(work.IndicesLeft > 0);
        FillAll(effects);
    }

    /// <summary>Forgets work and cancels its leases. Unknown work is nothing to forget.</summary>
    public void RemoveWork(TimeSpan now, WorkId id, List<LeasingEffect> effects)
    {
        if (!_works.TryGetValue(id, out Work? work))
        {
            return;
        }

        foreach (Lease lease in work.Leases.Values.ToArray())
        {
            effects.Add(new(LeasingEffectKind.Cancel, id, lease.Child.Id, lease.Id, Epoch, lease.Left));
            Drop(lease);
        }

        Forget(work);
        FillAll(effects);
    }

    /// <summary>
    /// Takes indices back from the end of a work that is one range: those from <paramref name="from"/> on that nobody
    /// has begun. If nothing is left of the work it is complete.
    /// </summary>
    /// <param name="now">The present moment.</param>
    /// <param name="id">The work.</param>
    /// <param name="from">The first index that is to go.</param>
    /// <param name="end">One past the work's last index, as it was added or cut before.</param>
    /// <param name="effects">Takes the effects.</param>
    /// <returns>One past the work's last index from now on; <paramref name="end"/> where nothing was taken.</returns>
    public long CutTail(TimeSpan now, WorkId id, long from, long end, List<LeasingEffect> effects)
    {
        if (!_works.TryGetValue(id, out Work? work))
        {
            return end;
        }

        long cutTo = work.Pending.CutTail(from, end);
        work.Cost.IndicesPending -= end - cutTo;
        work.IndicesLeft -= end - cutTo;
        if (work.Pending.IsEmpty)
        {
            _ready.Remove(work);
        }

        if (work.IndicesLeft == 0)
        {
            Forget(work);
            effects.Add(new(LeasingEffectKind.Complete, id));
        }

        return cutTo;
    }

    /// <summary>Forgets what was learned about a class. Its works must be gone.</summary>
    public void ForgetClass(ulong @class)
    {
        if (_costs.TryGetValue(@class, out WorkCost? cost))
        {
            Invariant.Holds(cost.WorkCount == 0);
            _costs.Remove(@class);
        }
    }

    /// <summary>Takes in a child. It gets nothing until it opens its window.</summary>
    /// <param name="now">The present moment.</param>
    /// <param name="id">Its id; must not be in use.</param>
    /// <param name="slotCount">How many indices it works on side by side; at least 1.</param>
    /// <param name="slotRate">The speed of one slot, as it says or as was learned earlier.</param>
    /// <exception cref="InvariantException">The id is in use or there is no slot.</exception>
    public void AddChild(TimeSpan now, ChildId id, int slotCount, ComputeRate slotRate)
    {
        Invariant.Holds(slotCount > 0 && slotRate.FuelPerSecond > 0);
        Invariant.Holds(_children.TryAdd(id, new Child(id, slotCount, slotRate)));
    }

    /// <summary>Forgets a child; what it had not committed goes to others. An unknown child is nothing to
    /// forget.</summary>
    /// <param name="now">The present moment.</param>
    /// <param name="id">The child.</param>
    /// <param name="effects">Takes the effects.</param>
    /// <param name="handsOut">False where the child's next self adopts first and <see cref="PassTime"/> hands out the
    /// rest.</param>
    public void RemoveChild(TimeSpan now, ChildId id, List<LeasingEffect> effects, bool handsOut = true)
    {
        if (!_children.Remove(id, out Child? child))
        {
            return;
        }

        foreach (Lease lease in child.Leases.Values.ToArray())
        {
            Drop(lease);
            Return(lease.Work, lease.Left);
        }

        foreach (Work work in _works.Values)
        {
            work.Excluded.Remove(id);
        }

        if (handsOut)
        {
            FillAll(effects);
        }
    }

    /// <summary>Sets how much fuel may be outstanding with a child; zero is a pause. Unknown children are left alone.
    /// </summary>
    public void SetWindow(TimeSpan now, ChildId id, Fuel window, List<LeasingEffect> effects)
    {
        if (_children.TryGetValue(id, out Child? child))
        {
            child.Window = window;
            Fill(child, effects);
        }
    }

    /// <summary>
    /// A child has done its lease up to <paramref name="upto"/>. If it counts, the indices are done for good, and
    /// effects tell what the child gets next and whether the work is complete.
    /// </summary>
    /// <param name="now">The present moment.</param>
    /// <param name="id">The child that reports.</param>
    /// <param name="lease">Its lease.</param>
    /// <param name="epoch">The epoch that it was granted with.</param>
    /// <param name="upto">One past the last index that is done.</param>
    /// <param name="burnt">Fuel burnt since its last commit of this lease.</param>
    /// <param name="busy">Time of one slot spent on it.</param>
    /// <param name="effects">Takes the effects.</param>
    public CommitResult Commit(
        TimeSpan now,
        ChildId id,
        LeaseId lease,
        LeaseEpoch epoch,
        long upto,
        Fuel burnt,
        TimeSpan busy,
        List<LeasingEffect> effects)
    {
        if (!TryFind(id, lease, out Lease? held))
        {
            return CommitResult.Refused(CommitStatus.UnknownLease);
        }

        if (epoch != Epoch)
        {
            return CommitResult.Refused(CommitStatus.StaleEpoch);
        }

        if (upto <= held.Left.Begin || upto > held.Left.End)
        {
            return CommitResult.Refused(CommitStatus.OutsideLease);
        }

        Work work = held.Work;
        IndexRange done = new(held.Left.Begin, upto);
        work.Cost.Observe(done.Count, burnt);
        held.Child.Observe(burnt, busy);
        Shrink(held, new IndexRange(upto, held.Left.End));
        work.IndicesLeft -= done.Count;
        if (work.IndicesLeft == 0)
        {
            Forget(work);
            effects.Add(new(LeasingEffectKind.Complete, work.Id));
        }

        Fill(held.Child, effects);
        return new CommitResult(CommitStatus.Accepted, work.Id, done);
    }

    /// <summary>
    /// A child gives its lease back and gets no more of this work; what was committed stays, the rest goes to others. A
    /// lease that it does not hold is nothing to give back.
    /// </summary>
    public void Nack(TimeSpan now, ChildId id, LeaseId lease, LeaseEpoch epoch, List<LeasingEffect> effects)
    {
        if (epoch == Epoch && TryFind(id, lease, out Lease? held))
        {
            held.Work.Excluded.Add(id);
            Drop(held);
            Return(held.Work, held.Left);
            FillAll(effects);
        }
    }

    /// <summary>
    /// A child answers a revoke: the lease ends at <paramref name="from"/>; what was behind that goes to others. A
    /// lease that it does not hold has nothing to keep.
    /// </summary>
    /// <param name="now">The present moment.</param>
    /// <param name="id">The child.</param>
    /// <param name="lease">Its lease.</param>
    /// <param name="from">One past the last index that the child keeps; the end where it gives nothing back.</param>
    /// <param name="effects">Takes the effects.</param>
    public void Keep(TimeSpan now, ChildId id, LeaseId lease, long from, List<LeasingEffect> effects)
    {
        if (TryFind(id, lease, out Lease? held) && from >= held.Left.Begin && from < held.Left.End)
        {
            IndexRange tail = new(from, held.Left.End);
            Shrink(held, new IndexRange(held.Left.Begin, from));
            Return(held.Work, tail);
            FillAll(effects);
        }
    }

    /// <summary>
    /// A child that was away goes on with what it had: the first contiguous piece of <paramref name="wanted"/> that
    /// nobody has becomes its lease. No grant effect tells of it.
    /// </summary>
    /// <param name="now">The present moment.</param>
    /// <param name="id">The child.</param>
    /// <param name="work">The work of the indices.</param>
    /// <param name="wanted">The indices that the child still has.</param>
    /// <param name="effects">Takes the effects.</param>
    /// <returns>The lease; null where nothing of it is to be had: somebody else has it, it is committed, or child or
    /// work are unknown.</returns>
    public AdoptedLease? Adopt(
        TimeSpan now,
        ChildId id,
        WorkId work,
        IndexRange wanted,
        List<LeasingEffect> effects)
    {
        if (!_children.TryGetValue(id, out Child? child)
            || !_works.TryGetValue(work, out Work? held)
            || held.Excluded.Contains(id)
            || !held.Pending.TryTakeWithin(wanted, out IndexRange range))
        {
            return null;
        }

        held.Cost.IndicesPending -= range.Count;
        if (held.Pending.IsEmpty)
        {
            _ready.Remove(held);
        }

        Lease lease = Hold(child, held, range, FuelPerIndex(child, held));
        return new AdoptedLease(lease.Id, range, EstimateOf(lease));
    }

    /// <summary>When <see cref="PassTime"/> is due; null while nothing waits for time.</summary>
    public TimeSpan? NextWakeAt => null;

    /// <summary>Time has passed: what waited for it is done.</summary>
    public void PassTime(TimeSpan now, List<LeasingEffect> effects) => FillAll(effects);

    /// <summary>Which work a lease belongs to, if the child holds it.</summary>
    public bool TryGetWork(ChildId id, LeaseId lease, out WorkId work)
    {
        bool found = TryFind(id, lease, out Lease? held);
        work = found ? held!.Work.Id : default;
        return found;
    }

    /// <summary>Where work stands: what nobody has, who is at it, how long it takes yet. Null if there is no such work.
    /// </summary>
    public WorkProgress? Progress(WorkId id)
    {
        if (!_works.TryGetValue(id, out Work? work))
        {
            return null;
        }

        int slots = work.Leases.Values
            .GroupBy(l => l.Child)
            .Sum(g => (int)Math.Min(g.Key.SlotCount, g.Sum(l => l.Left.Count)));
        double rate = Rate;
        TimeSpan? timeLeft = work.Cost.IsKnown && rate > 0
            ? TimeSpan.FromSeconds(Math.Min(work.IndicesLeft * work.Cost.FuelPerIndex / rate, 3e9))
            : null;
        return new WorkProgress(work.IndicesLeft, work.Pending.Count, slots, timeLeft, work.Excluded.Count);
    }

    /// <summary>What an index of a class costs, as learned; null while nothing of it has come back.</summary>
    public LearnedCost? CostOf(ulong @class) =>
        _costs.TryGetValue(@class, out WorkCost? cost) && cost.IsKnown
            ? new LearnedCost(cost.FuelPerIndex, cost.IndicesObserved)
            : null;

    /// <summary>Slots of a child that its leases keep busy.</summary>
    public int BusySlotCount(ChildId id) =>
        _children.TryGetValue(id, out Child? child) ? (int)Math.Min(child.SlotCount, child.IndicesOutstanding) : 0;

    /// <summary>Fuel a second of all of a child's slots, as learned; zero for an unknown child.</summary>
    public double RateOf(ChildId id) => _children.TryGetValue(id, out Child? child) ? child.Rate : 0;

    private bool TryFind(ChildId id, LeaseId lease, [NotNullWhen(true)] out Lease? held) =>
        _leases.TryGetValue(lease, out held) && held.Child.Id == id;

    /// <summary>Hands out to everyone who has room, the hungriest first, one lease each in turn.</summary>
    private void FillAll(List<LeasingEffect> effects)
    {
        if (_ready.Count == 0)
        {
            return;
        }

        _hungry.AddRange(_children.Values.Where(c => c.Window > Fuel.Zero));
        _hungry.Sort(CompareHunger);
        while (_hungry.Count > 0)
        {
            _hungry.RemoveAll(child => !TryGrant(child, effects));
        }
    }

    private void Fill(Child child, List<LeasingEffect> effects)
    {
        while (TryGrant(child, effects))
        {
        }
    }

    private bool TryGrant(Child child, List<LeasingEffect> effects)
    {
        Work? work = NextFor(child);
        if (work is null)
        {
            return false;
        }

        TimeSpan time = LeaseTime(work.Cost);
        if (!HasRoom(child, time))
        {
            return false;
        }

        double fuelPerIndex = FuelPerIndex(child, work);
        IndexRange range = Take(work, LeaseIndexCount(child, work, time, fuelPerIndex));
        Lease lease = Hold(child, work, range, fuelPerIndex);
        effects.Add(new(LeasingEffectKind.Grant, work.Id, child.Id, lease.Id, Epoch, range, EstimateOf(lease)));
        return true;
    }

    private double FuelPerIndex(Child child, Work work) => work.Cost.IsKnown
        ? work.Cost.FuelPerIndex
        : Math.Max(1, child.SlotRate * _limits.LeaseTimeMin.TotalSeconds);

    private static Fuel EstimateOf(Lease lease) => new((long)Math.Min(Math.Ceiling(lease.FuelLeft), long.MaxValue / 4));

    private Lease Hold(Child child, Work work, IndexRange range, double fuelPerIndex)
    {
        Lease lease = new(new LeaseId(++_lastLease), child, work, range, fuelPerIndex);
        _leases.Add(lease.Id, lease);
        child.Leases.Add(lease.Id, lease);
        child.IndicesOutstanding += range.Count;
        child.FuelOutstanding += lease.FuelLeft;
        ChangeOutstanding(work, lease.FuelLeft);
        work.Leases.Add(lease.Id, lease);
        return lease;
    }

    private Work? NextFor(Child child)
    {
        foreach (Work work in _ready)
        {
            if (!work.Excluded.Contains(child.Id))
            {
                return work;
            }
        }

        return null;
    }

    /// <summary>
    /// Whether a child gets another lease. Its window bounds what is outstanding; beyond that, a slot without an index
    /// is always served, and the rest is what keeps the child busy while the next lease is on its way.
    /// </summary>
    private bool HasRoom(Child child, TimeSpan leaseTime)
    {
        if (child.Window <= Fuel.Zero || child.Leases.Count >= _limits.Depth * child.SlotCount)
        {
            return false;
        }

        if (child.IndicesOutstanding < child.SlotCount)
        {
            return true;
        }

        return child.FuelOutstanding < child.Window.Units
            && child.FuelOutstanding < _limits.Depth * leaseTime.TotalSeconds * child.Rate;
    }

    private TimeSpan LeaseTime(WorkCost cost)
    {
        if (!cost.IsKnown)
        {
            return _limits.LeaseTimeMin;
        }

        double secondsLeft = cost.IndicesPending * cost.FuelPerIndex / Rate;
        double seconds = Math.Clamp(
            _limits.RemainingShare * secondsLeft,
            _limits.LeaseTimeMin.TotalSeconds,
            _limits.LeaseTimeMax.TotalSeconds);
        return TimeSpan.FromSeconds(seconds);
    }

    private long LeaseIndexCount(Child child, Work work, TimeSpan time, double fuelPerIndex)
    {
        if (!work.Cost.IsKnown)
        {
            return 1;
        }

        double byTime = child.Rate * time.TotalSeconds / fuelPerIndex;
        double byGrowth = (double)work.Cost.IndicesObserved * _limits.GrowthMax;
        return Math.Max(1, (long)Math.Min(Math.Min(byTime, byGrowth), work.LeaseIndexCountMax));
    }

    private IndexRange Take(Work work, long countMax)
    {
        IndexRange range = work.Pending.TakeFront(countMax);
        work.Cost.IndicesPending -= range.Count;
        if (work.Pending.IsEmpty)
        {
            _ready.Remove(work);
        }

        return range;
    }

    private void Return(Work work, IndexRange range)
    {
        if (!range.IsEmpty)
        {
            work.Pending.Add(range);
            work.Cost.IndicesPending += range.Count;
            _ready.Add(work);
        }
    }

    /// <summary>Takes a lease out of everybody's books; its indices are the caller's to place.</summary>
    private void Drop(Lease lease)
    {
        lease.Child.FuelOutstanding -= lease.FuelLeft;
        lease.Child.IndicesOutstanding -= lease.Left.Count;
        lease.Child.Leases.Remove(lease.Id);
        if (lease.Child.Leases.Count == 0)
        {
            // Sums of fractions leave crumbs; an idle child starts from nothing again.
            lease.Child.FuelOutstanding = 0;
        }

        ChangeOutstanding(lease.Work, -lease.FuelLeft);
        lease.Work.Leases.Remove(lease.Id);
        _leases.Remove(lease.Id);
    }

    private void Shrink(Lease lease, IndexRange left)
    {
        if (left.IsEmpty)
        {
            Drop(lease);
            return;
        }

        double before = lease.FuelLeft;
        lease.Child.IndicesOutstanding -= lease.Left.Count - left.Count;
        lease.Left = left;
        lease.Child.FuelOutstanding += lease.FuelLeft - before;
        ChangeOutstanding(lease.Work, lease.FuelLeft - before);
    }

    /// <summary>Changes the key by which work is ordered, so the set must not hold it meanwhile.</summary>
    private void ChangeOutstanding(Work work, double fuel)
    {
        bool ready = _ready.Remove(work);
        work.FuelOutstanding += fuel;
        if (ready)
        {
            _ready.Add(work);
        }
    }

    private void Forget(Work work)
    {
        Invariant.Holds(work.Leases.Count == 0);
        _ready.Remove(work);
        _works.Remove(work.Id);
        work.Cost.IndicesPending -= work.Pending.Count;
        work.Cost.WorkCount--;
    }

    private static int CompareHunger(Child left, Child right)
    {
        int byTime = (left.FuelOutstanding / left.Rate).CompareTo(right.FuelOutstanding / right.Rate);
        return byTime != 0 ? byTime : left.Id.CompareTo(right.Id);
    }

    private sealed class ServingOrder(WorkOrder order) : IComparer<Work>
    {
        public int Compare(Work? left, Work? right)
        {
            if (order == WorkOrder.Fair)
            {
                int byFuel = left!.FuelOutstanding.CompareTo(right!.FuelOutstanding);
                if (byFuel != 0)
                {
                    return byFuel;
                }
            }

            return left!.Order.CompareTo(right!.Order);
        }
    }
}
