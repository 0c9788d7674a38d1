using Ptorrent.Model;
using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <content>The books: who has what, and what was learned.</content>
public sealed partial class LeasingState
{
    private int _openCount;
    private long _openSlots;

    /// <summary>Gives a lease to a child; the range is in nobody's hands, or a twin's.</summary>
    private Lease Hold(Child child, Work work, IndexRange range, double fuelPerIndex)
    {
        bool wasIdle = child.Leases.Count == 0;
        if (wasIdle)
        {
            child.ProgressAt = _now + InSeconds(child.RoundTrip);
        }

        TimeSpan arrival = _now + InSeconds(child.RoundTrip / 2);
        TimeSpan free = EndOf(child);
        Lease lease = _leases.Open(child, work, range, fuelPerIndex);
        lease.GrantedAt = _now;
        lease.StartsAt = free > arrival ? free : arrival;
        lease.TellsRoundTrip = wasIdle;
        lease.IsGuess = !work.Cost.IsKnown;
        child.IndicesOutstanding += range.Count;
        child.FuelOutstanding += lease.FuelLeft;
        ChangeOutstanding(work, lease.FuelLeft);
        return lease;
    }

    private void Grant(Child child, Work work, IndexRange range, double fuelPerIndex) =>
        Announce(Hold(child, work, range, fuelPerIndex));

    private void Announce(Lease lease) =>
        _effects.Add(new(
            LeasingEffectKind.Grant,
            lease.Work.Id,
            lease.Child.Id,
            lease.Id,
            Epoch,
            lease.Left,
            EstimateOf(lease)));

    private static Fuel EstimateOf(Lease lease) => new((long)Math.Min(Math.Ceiling(lease.FuelLeft), long.MaxValue / 4));

    /// <summary>Takes a lease away from its child; its indices are the caller's to place.</summary>
    private void Cancel(Lease lease)
    {
        Child child = lease.Child;
        _effects.Add(new(LeasingEffectKind.Cancel, lease.Work.Id, child.Id, lease.Id, Epoch, lease.Left));
        bool isFirst = ReferenceEquals(child.Leases.First, lease);
        Drop(lease);
        if (isFirst)
        {
            child.ProgressAt = _now + InSeconds(child.RoundTrip);
        }

        Reconsider(child);
    }

    /// <summary>A lease ends; its indices go back in line, unless a twin has them.</summary>
    private void GiveBack(Lease lease)
    {
        (Work work, IndexRange left, bool hasTwin) = (lease.Work, lease.Left, lease.Twin is not null);
        Drop(lease);
        if (!hasTwin)
        {
            PutBack(work, left);
        }
    }

    /// <summary>Takes a lease out of everybody's books; its indices are the caller's to place.</summary>
    private void Drop(Lease lease)
    {
        (Child child, Work work) = (lease.Child, lease.Work);
        Unrevoke(lease);
        Untwin(lease);
        if (ReferenceEquals(child.Leases.First, lease))
        {
            // It turns to the next one now.
            child.ProgressAt = _now;
        }

        child.IndicesOutstanding -= lease.Left.Count;
        child.FuelOutstanding -= lease.FuelLeft;
        double fuelLeft = lease.FuelLeft;
        _leases.Close(lease);
        ChangeOutstanding(work, -fuelLeft);
        if (child.Leases.Count == 0)
        {
            // Sums of fractions leave crumbs; an idle child starts from nothing again.
            child.FuelOutstanding = 0;
            child.FuelRevoked = 0;
        }
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
        if (lease.RevokedFrom is { } from)
        {
            double revoked = Math.Max(0, left.End - Math.Max(from, left.Begin)) * lease.FuelPerIndex;
            ChangeRevoked(lease, revoked);
        }
    }

    private void ChangeRevoked(Lease lease, double fuel)
    {
        double change = fuel - lease.FuelRevoked;
        lease.FuelRevoked = fuel;
        lease.Child.FuelRevoked = Math.Max(0, lease.Child.FuelRevoked + change);
        if (lease.Taker is { } taker)
        {
            taker.FuelPromised = Math.Max(0, taker.FuelPromised + change);
        }
    }

    /// <summary>Nobody waits any more for what was asked back of a lease.</summary>
    private void Unrevoke(Lease lease)
    {
        if (lease.RevokedFrom is not null)
        {
            Child? taker = lease.Taker;
            ChangeRevoked(lease, 0);
            lease.RevokedFrom = null;
            lease.Taker = null;
            if (taker is { IsGone: false })
            {
                Reconsider(taker);
            }
        }
    }

    /// <summary>A lease is no twin any more; what the second one did not burn of the work's budget is free again.
    /// </summary>
    private void Untwin(Lease lease)
    {
        if (lease.Twin is not { } other)
        {
            return;
        }

        Lease second = lease.Id.Value > other.Id.Value ? lease : other;
        lease.Twin = null;
        other.Twin = null;
        lease.Work.TwinCount--;
        lease.Work.TwinFuel = Math.Max(0, lease.Work.TwinFuel - second.FuelLeft + BurntBy(second));
        if (other.Child.IsOverdue)
        {
            _stuck.Put(other.Child);
        }
    }

    /// <summary>The fuel that a child is expected to have burnt of a lease since it got it.</summary>
    private double BurntBy(Lease lease)
    {
        double seconds = Math.Max(0, (_now - lease.StartsAt).TotalSeconds);
        return Math.Min(lease.FuelLeft, seconds * lease.Child.BusyRate);
    }

    private void PutBack(Work work, IndexRange range)
    {
        work.Pool.Add(range);
        work.Cost.IndicesPending += range.Count;
        Enlist(work);
    }

    /// <summary>Has work stand among those that are served as long as it has indices that nobody has.</summary>
    private void Enlist(Work work)
    {
        if (work.Pool.IsEmpty)
        {
            _ready.Remove(work);
        }
        else
        {
            _ready.Put(work);
        }
    }

    /// <summary>Changes the key by which work is ordered.</summary>
    private void ChangeOutstanding(Work work, double fuel)
    {
        work.FuelOutstanding = work.Leases.First is null ? 0 : work.FuelOutstanding + fuel;
        if (_ready.Contains(work))
        {
            _ready.Put(work);
        }
    }

    private void CompleteIfDone(Work work)
    {
        if (work.IndicesLeft == 0)
        {
            Forget(work);
            _effects.Add(new(LeasingEffectKind.Complete, work.Id));
        }
    }

    private void Forget(Work work)
    {
        Invariant.Holds(work.Leases.First is null);
        _ready.Remove(work);
        _works.Remove(work.Id);
        work.Cost.IndicesPending -= work.Pool.Count;
        work.Cost.WorkCount--;
        if (work.Excluded.Count > 0)
        {
            foreach (ChildId id in work.Excluded)
            {
                _children[id].Admit(work);
            }
        }
    }

    private void SetOpen(Child child, Fuel window)
    {
        bool wasOpen = child.Window > Fuel.Zero;
        bool isOpen = window > Fuel.Zero;
        child.Window = window;
        if (wasOpen != isOpen)
        {
            _openCount += isOpen ? 1 : -1;
            _openSlots += isOpen ? child.SlotCount : -child.SlotCount;
            _openRate = _openCount == 0 ? 0 : _openRate + (isOpen ? child.Rate : -child.Rate);
        }
    }

    /// <summary>Learns what a commit tells: the cost of an index, the speed of the child, the way to it.</summary>
    private void Learn(Lease lease, long count, Fuel burnt, TimeSpan busy)
    {
        Child child = lease.Child;
        lease.Work.Cost.Observe(count, burnt);
        double before = child.Rate;
        child.Observe(burnt, busy);
        _rate += child.Rate - before;
        _openRate += child.Window > Fuel.Zero ? child.Rate - before : 0;
        if (lease.TellsRoundTrip && busy > TimeSpan.Zero)
        {
            lease.TellsRoundTrip = false;
            double way = (_now - lease.GrantedAt).TotalSeconds - (busy.TotalSeconds / Math.Min(count, child.SlotCount));
            child.ObserveRoundTrip(way, _limits.RoundTripMax.TotalSeconds);
        }
    }

    /// <summary>What a child got while the cost was unknown is expected to cost what is known now; what turns out to be
    /// more than the longest lease is asked back.</summary>
    private void Reprice(Child child)
    {
        for (Lease? lease = child.Leases.First; lease is not null; lease = lease.NextOfChild)
        {
            if (!lease.IsGuess || !lease.Work.Cost.IsKnown)
            {
                continue;
            }

            double before = lease.FuelLeft;
            lease.Price(lease.Work.Cost.FuelPerIndex);
            child.FuelOutstanding += lease.FuelLeft - before;
            ChangeOutstanding(lease.Work, lease.FuelLeft - before);
            long most = _sizing.GuessedCountMax(child, lease.Work.Cost);
            if (lease.RevokedFrom is { } from)
            {
                ChangeRevoked(lease, (lease.Left.End - Math.Max(from, lease.Left.Begin)) * lease.FuelPerIndex);
            }
            else if (lease.Left.Count > most && IsDivisible(lease))
            {
                Revoke(lease, lease.Left.Count - most, taker: null);
            }
        }
    }

    private static int SlotsAtWork(Work work)
    {
        int slots = 0;
        for (Lease? lease = work.Leases.First; lease is not null; lease = lease.NextOfWork)
        {
            long before = 0;
            for (Lease? older = lease.PreviousOfChild; older is not null; older = older.PreviousOfChild)
            {
                before += older.Left.Count;
            }

            slots += (int)Math.Clamp(lease.Child.SlotCount - before, 0, Math.Min(lease.Left.Count, int.MaxValue));
        }

        return slots;
    }

    private static TimeSpan InSeconds(double seconds) => new((long)(Math.Min(seconds, 1e9) * TimeSpan.TicksPerSecond));
}
