using Ptorrent.Model;
using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <summary>
/// The pure core that leases ranges of work to children, the same at a harbor (children are agents) and on a device
/// (children are executor slots). Nobody asks for work: a child opens a window, and leases are pushed into it; a commit
/// frees window and is the sign of life; what a lost child had not committed goes back. Towards the end of the work
/// leases are short, tails are asked back from whoever has more to do than others, and what is overdue is granted a
/// second time. docs/design/leasing.md tells the rules.
/// Every method takes the present moment, as time since some fixed moment; a moment before the last one counts as that.
/// Methods append the effects that they cause, in order, to the caller's list. The same events give the same effects.
/// Not for several threads.
/// </summary>
public sealed partial class LeasingState
{
    private readonly LeasingLimits _limits;
    private readonly LeaseSizing _sizing;
    private readonly Dictionary<ChildId, Child> _children = [];
    private readonly Dictionary<WorkId, Work> _works = [];
    private readonly Dictionary<ulong, WorkCost> _costs = [];
    private readonly LeaseBook _leases = new();

    // The rates of all children, and of those whose window is open.
    private double _rate;
    private double _openRate;
    private long _lastOrder;
    private TimeSpan _now;
    private List<LeasingEffect> _effects = [];

    /// <summary>Starts with no work and no children.</summary>
    /// <param name="limits">How to size leases.</param>
    /// <param name="epoch">The fencing token of every lease of this life of the node; higher than in any life
    /// before.</param>
    /// <exception cref="InvariantException">The limits make no sense together.</exception>
    public LeasingState(LeasingLimits limits, LeaseEpoch epoch)
    {
        limits.Validate();
        _limits = limits;
        _sizing = new LeaseSizing(limits);
        Epoch = epoch;
    }

    /// <summary>The fencing token of every lease of this life of the node.</summary>
    public LeaseEpoch Epoch { get; }

    /// <summary>Leases in children's hands.</summary>
    public int LeaseCount => _leases.Count;

    /// <summary>Fuel a second of all children together, as learned.</summary>
    public double Rate => _rate;

    /// <summary>Takes in work and hands out what children have room for.</summary>
    /// <exception cref="InvariantException">The id is in use, or there is no index.</exception>
    public void AddWork(TimeSpan now, WorkDescription description, List<LeasingEffect> effects)
    {
        Begin(now, effects);
        if (!_costs.TryGetValue(description.Class, out WorkCost? cost))
        {
            cost = new WorkCost();
            _costs.Add(description.Class, cost);
        }

        if (description.Learned is { } learned)
        {
            cost.Learn(learned);
        }

        Work work = new(description, cost, ++_lastOrder, _limits.Order == WorkOrder.Fair);
        Invariant.Holds(_works.TryAdd(work.Id, work));
        cost.WorkCount++;
        foreach (IndexRange range in description.Ranges)
        {
            work.IndicesTotal += range.Count;
            PutBack(work, range);
        }

        work.IndicesLeft = work.IndicesTotal;
        Invariant.Holds(work.IndicesLeft > 0);
        MakeRoomFor(work);
        Serve();
    }

    /// <summary>Forgets work and cancels its leases. Unknown work is nothing to forget.</summary>
    public void RemoveWork(TimeSpan now, WorkId id, List<LeasingEffect> effects)
    {
        Begin(now, effects);
        if (!_works.TryGetValue(id, out Work? work))
        {
            return;
        }

        while (work.Leases.First is { } lease)
        {
            Cancel(lease);
        }

        Forget(work);
        Serve();
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
        Begin(now, effects);
        if (!_works.TryGetValue(id, out Work? work))
        {
            return end;
        }

        long cutTo = work.Pool.CutTail(from, end);
        work.Cost.IndicesPending -= end - cutTo;
        work.IndicesLeft -= end - cutTo;
        Enlist(work);
        CompleteIfDone(work);
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
        _now = now > _now ? now : _now;
        Invariant.Holds(slotCount > 0 && slotRate.FuelPerSecond > 0);
        Child child = new(id, slotCount, slotRate, _now, _limits.RoundTripAssumed.TotalSeconds);
        Invariant.Holds(_children.TryAdd(id, child));
        _rate += child.Rate;
    }

    /// <summary>Forgets a child; what it had not committed goes to the end of the line, so that it finds it unbegun if
    /// it comes back soon. An unknown child is nothing to forget.</summary>
    /// <param name="now">The present moment.</param>
    /// <param name="id">The child.</param>
    /// <param name="effects">Takes the effects.</param>
    /// <param name="handsOut">False where the child's next self adopts first and <see cref="PassTime"/> hands out the
    /// rest.</param>
    public void RemoveChild(TimeSpan now, ChildId id, List<LeasingEffect> effects, bool handsOut = true)
    {
        Begin(now, effects);
        if (!_children.Remove(id, out Child? child))
        {
            return;
        }

        SetOpen(child, Fuel.Zero);
        child.IsGone = true;
        while (child.Leases.First is { } lease)
        {
            (Work work, IndexRange left, bool hasTwin) = (lease.Work, lease.Left, lease.Twin is not null);
            Drop(lease);
            if (!hasTwin)
            {
                work.Pool.AddLast(left);
                work.Cost.IndicesPending += left.Count;
                Enlist(work);
            }
        }

        foreach (Work work in child.ExcludedFrom ?? [])
        {
            work.Readmit(child);
        }

        Reconsider(child);
        _rate = _children.Count == 0 ? 0 : _rate - child.Rate;
        if (handsOut)
        {
            Serve();
        }
    }

    /// <summary>Sets how much fuel may be outstanding with a child; zero is a pause. Unknown children are left alone.
    /// </summary>
    public void SetWindow(TimeSpan now, ChildId id, Fuel window, List<LeasingEffect> effects)
    {
        Begin(now, effects, heard: id);
        if (_children.TryGetValue(id, out Child? child))
        {
            SetOpen(child, window);
            Reconsider(child);
            Serve();
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
        Begin(now, effects, heard: id);
        if (!_leases.TryFind(lease, out Lease? held) || held.Child.Id != id)
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

        (Work work, Child child) = (held.Work, held.Child);
        IndexRange done = new(held.Left.Begin, upto);
        Learn(held, done.Count, burnt, busy);
        child.ProgressAt = _now;
        if (LosesToTwin(held, upto))
        {
            Cancel(held);
            Serve();
            return CommitResult.Refused(CommitStatus.LostToTwin);
        }

        if (held.Twin is { } twin)
        {
            Cancel(twin);
        }

        Shrink(held, new IndexRange(upto, held.Left.End));
        work.IndicesLeft -= done.Count;
        CompleteIfDone(work);
        Reprice(child);
        Reconsider(child);
        Serve();
        return new CommitResult(CommitStatus.Accepted, work.Id, done);
    }

    /// <summary>
    /// A child gives its lease back and gets no more of this work; what was committed stays, the rest goes to others. A
    /// lease that it does not hold is nothing to give back.
    /// </summary>
    public void Nack(TimeSpan now, ChildId id, LeaseId lease, LeaseEpoch epoch, List<LeasingEffect> effects)
    {
        Begin(now, effects, heard: id);
        if (epoch != Epoch || !_leases.TryFind(lease, out Lease? held) || held.Child.Id != id)
        {
            return;
        }

        (Work work, Child child) = (held.Work, held.Child);
        work.Exclude(child);
        GiveBack(held);
        Reconsider(child);
        Serve();
    }

    /// <summary>
    /// A child answers a revoke: the lease ends at <paramref name="from"/>; what was behind that goes to others. An
    /// answer that nobody waits for, or outside the lease, changes nothing.
    /// </summary>
    /// <param name="now">The present moment.</param>
    /// <param name="id">The child.</param>
    /// <param name="lease">Its lease.</param>
    /// <param name="from">One past the last index that the child keeps; the end where it gives nothing back.</param>
    /// <param name="effects">Takes the effects.</param>
    public void Keep(TimeSpan now, ChildId id, LeaseId lease, long from, List<LeasingEffect> effects)
    {
        Begin(now, effects, heard: id);
        if (!_leases.TryFind(lease, out Lease? held)
            || held.Child.Id != id
            || held.RevokedFrom is null
            || from < held.Left.Begin
            || from > held.Left.End)
        {
            return;
        }

        Child child = held.Child;
        child.ObserveRoundTrip((_now - held.RevokedAt).TotalSeconds, _limits.RoundTripMax.TotalSeconds);
        Settle(held, from);
        Reconsider(child);
        Serve();
    }

    /// <summary>A child gives back the tail of its lease unasked: the lease ends at <paramref name="from"/>, and what
    /// was behind that goes to others. Outside the lease it changes nothing.</summary>
    /// <param name="now">The present moment.</param>
    /// <param name="id">The child.</param>
    /// <param name="lease">Its lease.</param>
    /// <param name="from">One past the last index that the child keeps.</param>
    /// <param name="effects">Takes the effects.</param>
    public void GiveBack(TimeSpan now, ChildId id, LeaseId lease, long from, List<LeasingEffect> effects)
    {
        Begin(now, effects, heard: id);
        if (_leases.TryFind(lease, out Lease? held)
            && held.Child.Id == id
            && from >= held.Left.Begin
            && from < held.Left.End)
        {
            Child child = held.Child;
            Settle(held, from);
            Reconsider(child);
            Serve();
        }
    }

    /// <summary>
    /// A child that was away goes on with what it had: the first contiguous piece of <paramref name="wanted"/> that
    /// nobody has becomes its lease, whatever its window. No grant effect tells of it.
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
        Begin(now, effects);
        if (!_children.TryGetValue(id, out Child? child)
            || !_works.TryGetValue(work, out Work? wantedWork)
            || wantedWork.Excludes(child))
        {
            return null;
        }

        double fuelPerIndex = _sizing.FuelPerIndex(child, wantedWork.Cost);
        IndexRange range = wantedWork.Pool.TakeWithin(wanted, _sizing.AdoptedCountMax(child, wantedWork, fuelPerIndex));
        if (range.IsEmpty)
        {
            return null;
        }

        wantedWork.Cost.IndicesPending -= range.Count;
        Enlist(wantedWork);
        Lease lease = Hold(child, wantedWork, range, fuelPerIndex);
        lease.TellsRoundTrip = false;
        Reconsider(child);
        Serve();
        return new AdoptedLease(lease.Id, range, EstimateOf(lease));
    }

    /// <summary>Something came from a child that tells nothing of its leases: it is there. An unknown child is left
    /// alone.</summary>
    public void Hear(TimeSpan now, ChildId id, List<LeasingEffect> effects)
    {
        Begin(now, effects, heard: id);
        Serve();
    }

    /// <summary>When <see cref="PassTime"/> is due; null while nothing waits for time.</summary>
    public TimeSpan? NextWakeAt => FindNextWake();

    /// <summary>Time has passed: what waited for it is done.</summary>
    public void PassTime(TimeSpan now, List<LeasingEffect> effects)
    {
        Begin(now, effects);
        Serve();
    }

    /// <summary>Which work a lease belongs to, if the child holds it.</summary>
    public bool TryGetWork(ChildId id, LeaseId lease, out WorkId work)
    {
        bool found = _leases.TryFind(lease, out Lease? held) && held.Child.Id == id;
        work = found ? held!.Work.Id : default; // Found above.
        return found;
    }

    /// <summary>Where work stands: what nobody has, who is at it, how long it takes yet. Null if there is no such work.
    /// Takes the time of looking at each of its leases.</summary>
    public WorkProgress? Progress(WorkId id)
    {
        if (!_works.TryGetValue(id, out Work? work))
        {
            return null;
        }

        TimeSpan? timeLeft = work.Cost.IsKnown && _rate > 0
            ? TimeSpan.FromSeconds(Math.Min(work.IndicesLeft * work.Cost.FuelPerIndex / _rate, 3e9))
            : null;
        return new WorkProgress(work.IndicesLeft, work.Pool.Count, SlotsAtWork(work), timeLeft, work.Excluded.Count);
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

    private void Begin(TimeSpan now, List<LeasingEffect> effects)
    {
        _now = now > _now ? now : _now;
        _effects = effects;
    }

    private void Begin(TimeSpan now, List<LeasingEffect> effects, ChildId heard)
    {
        Begin(now, effects);
        if (_children.TryGetValue(heard, out Child? child))
        {
            Hear(child);
        }
    }
}
