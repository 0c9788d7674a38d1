using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <content>Serving: who gets the next lease, and when.</content>
public sealed partial class LeasingState
{
    // Children that cannot be helped by what others hold are passed over; after so many nobody is likely to be helped.
    private const int VainTriesMax = 8;

    private readonly Heap<Work, Work.ByTurn> _ready = new();

    // A child with room is in one of these: hungry when its time has come, else fed.
    private readonly Heap<Child, Child.ByFeedTime> _fed = new();
    private readonly Heap<Child, Child.ByHunger> _hungry = new();
    private readonly Heap<Child, Child.ByLoad> _loaded = new();
    private readonly Heap<Child, Child.ByExposure> _exposed = new();
    private readonly List<Child> _passedOver = [];

    /// <summary>Gives work to everyone whose time has come, the hungriest first, as long as there is any.</summary>
    private void Serve()
    {
        while (_fed.TryPeek(out Child? child) && child.FeedAt <= _now)
        {
            child.Trust(isHeard: false);
            ReconsiderHunger(child);
        }

        FindOverdue();
        int vainTries = 0;
        while ((_ready.Count > 0 || vainTries < VainTriesMax) && _hungry.TryPeek(out Child? hungry))
        {
            ReconsiderHunger(hungry);
            if (!_hungry.Contains(hungry)
                || TryGrant(hungry)
                || (vainTries < VainTriesMax && TryServeFromOthers(hungry)))
            {
                continue;
            }

            // Those that cannot do some work may be many, and idle for long.
            vainTries += hungry.ExcludedFrom is null ? 1 : 0;
            _hungry.Remove(hungry);
            _passedOver.Add(hungry);
        }

        foreach (Child child in _passedOver)
        {
            ReconsiderHunger(child);
        }

        _passedOver.Clear();
    }

    private bool TryGrant(Child child)
    {
        Work? work = NextFor(child);
        if (work is null)
        {
            return false;
        }

        double leaseTime = LeaseTimeOf(child, work);
        if (IsFull(child, leaseTime) || IdleTime(child) - InSeconds(_sizing.Lead(child, leaseTime)) > _now)
        {
            return false;
        }

        // What is granted together with the first indices stands behind them while nothing is known.
        bool isGuess = child.Leases.Last?.GrantedAt == _now;
        long count = work.Cost.IsKnown
            ? _sizing.IndexCount(child, work, leaseTime, work.Cost.FuelPerIndex)
            : _sizing.FirstIndexCount(child, work, _openSlots, isGuess);
        IndexRange range = work.Pool.TakeFront(count);
        work.Cost.IndicesPending -= range.Count;
        Enlist(work);
        Grant(child, work, range, _sizing.FuelPerIndex(child, work.Cost, range.Count));
        Reconsider(child);
        return true;
    }

    private Work? NextFor(Child child)
    {
        if (child.ExcludedFrom is not null)
        {
            return _ready.First(child, static (work, asker) => !work.Excludes(asker));
        }

        return _ready.TryPeek(out Work? next) ? next : null;
    }

    private double LeaseTimeOf(Child child, Work work)
    {
        // Jobs share the children; the oldest work has all of them.
        double rate = _limits.Order == WorkOrder.Fair ? _openRate / Math.Max(1, _ready.Count) : _openRate;
        double crowd = (double)_openCount / Math.Max(1, _hungry.Count);
        return _sizing.LeaseTime(child, work.Cost, rate, _now, crowd);
    }

    /// <summary>Whether a child can be given nothing, however hungry it is. A slot without an index is always served;
    /// beyond that the window bounds what is outstanding.</summary>
    private bool IsFull(Child child, double leaseTime) =>
        child.Window <= Fuel.Zero
        || (child.IndicesOutstanding >= child.SlotCount
            && (child.FuelOutstanding >= child.Window.Units
                || child.Leases.Count >= _sizing.LeaseCountMax(child, leaseTime)));

    /// <summary>When a child is expected to have done all it has.</summary>
    private static TimeSpan EndOf(Child child) =>
        child.ProgressAt + InSeconds(Math.Max(0, child.FuelOutstanding - child.FuelRevoked) / child.BusyRate);

    /// <summary>When a slot of a child will have nothing to do.</summary>
    private TimeSpan IdleTime(Child child)
    {
        TimeSpan end = child.BusyUntil + InSeconds(child.FuelPromised / child.Rate);
        return child.IndicesOutstanding < child.SlotCount && end > _now ? _now : end;
    }

    /// <summary>Something about the child changed: puts it where it belongs now.</summary>
    private void Reconsider(Child child)
    {
        child.BusyUntil = EndOf(child);
        if (child.Leases.Count > 0)
        {
            _loaded.Put(child);
            _exposed.Put(child);
        }
        else
        {
            _loaded.Remove(child);
            _exposed.Remove(child);
        }

        ReconsiderHunger(child);
        ReconsiderDue(child);
    }

    private void ReconsiderHunger(Child child)
    {
        bool isTail = !_ready.TryPeek(out Work? next);
        double leaseTime = isTail ? _sizing.LeaseTimeMin(child) : LeaseTimeOf(child, next!); // There is one.
        child.IdleAt = IdleTime(child);
        child.IdleHeardAt = child.Leases.Count == 0 ? child.HeardAt : null;
        child.FeedAt = child.IdleAt - InSeconds(isTail ? _sizing.LeadAtTail(child) : _sizing.Lead(child, leaseTime));
        bool isFull = IsFull(child, leaseTime) || (child.IsSilent && child.Leases.Count > 0);
        if (child.IsSilent)
        {
            child.FeedAt = child.TrustedAt;
        }

        // Whoever has several leases is looked at again when the first of them is done.
        bool isHungry = !isFull && child.FeedAt <= _now;
        bool isFed = !isFull && !isHungry && child.Leases.Count < 2;
        if (isHungry)
        {
            _fed.Remove(child);
            _hungry.Put(child);
        }
        else
        {
            _hungry.Remove(child);
            if (isFed)
            {
                _fed.Put(child);
            }
            else
            {
                _fed.Remove(child);
            }
        }
    }

    private TimeSpan? FindNextWake()
    {
        TimeSpan? wake = null;
        if (_fed.TryPeek(out Child? fed) && (_ready.Count > 0 || IsWorthTaking(fed)))
        {
            wake = fed.FeedAt;
        }

        if (_watched.TryPeek(out Child? watched) && !(wake <= watched.DueAt))
        {
            wake = watched.DueAt;
        }

        if (_late.TryPeek(out Child? late) && !(wake <= late.DueAt))
        {
            wake = late.DueAt;
        }

        return wake;
    }
}
