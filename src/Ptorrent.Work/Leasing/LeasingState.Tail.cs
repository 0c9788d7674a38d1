using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <content>The tail: what is done for a hungry child when nothing is left but what others hold.</content>
public sealed partial class LeasingState
{
    // So few messages does new work cost; the others come to it when they are done.
    private const int AskedForRoomMax = 8;

    private bool TryServeFromOthers(Child hungry)
    {
        if (TryRevokeFor(hungry))
        {
            return true;
        }

        return TryRescueFor(hungry) || TryBackUpFor(hungry);
    }

    /// <summary>
    /// Asks for the tail of whoever has the most to do, so that both end at the same time. Source: a thief that takes
    /// from the largest load balances fastest; with a line between them, only what is worth several round trips (N.
    /// Gast, M. Khatiri, D. Trystram, F. Wagner, "A new analysis of work stealing with latency", 2021).
    /// </summary>
    private bool TryRevokeFor(Child hungry)
    {
        while (hungry.FuelPromised <= 0 && _loaded.TryPeek(out Child? victim))
        {
            if (!IsWorthTaking(hungry, victim, out double seconds))
            {
                return false;
            }

            if (ReferenceEquals(victim, hungry) || !TryRevoke(victim, hungry, seconds))
            {
                // It has nothing to give; whatever changes that puts it back.
                _loaded.Remove(victim);
                continue;
            }

            return true;
        }

        return false;
    }

    /// <summary>
    /// New work that would stand behind others' long leases is made room for, where nobody is idle: those that have the
    /// most to do are asked for all but what they do while they answer. What they give back is served again, in fair
    /// order.
    /// </summary>
    private void MakeRoomFor(Work work)
    {
        if (_hungry.TryPeek(out Child? hungry) && hungry.Leases.Count == 0)
        {
            return;
        }

        long slots = 0;
        int asked = 0;
        while (_limits.Order == WorkOrder.Fair
            && asked < AskedForRoomMax
            && slots < work.Pool.Count
            && _loaded.TryPeek(out Child? victim))
        {
            double way = _limits.RevokeRoundTrips * victim.RoundTrip;
            if ((victim.BusyUntil - _now).TotalSeconds < Math.Max(2 * way, _limits.LeaseTimeMin.TotalSeconds))
            {
                return;
            }

            Lease last = victim.Leases.Last!; // Only those that hold leases are loaded.
            long begun = Math.Max(victim.SlotCount, (long)Math.Min(way * victim.Rate / last.FuelPerIndex, 1e15));
            if (TryRevokeUnbegun(victim, victim.IndicesOutstanding - begun, except: work))
            {
                slots += victim.SlotCount;
                asked++;
            }
            else
            {
                // It has nothing to give; whatever changes that puts it back.
                _loaded.Remove(victim);
            }
        }
    }

    private bool IsWorthTaking(Child hungry) =>
        _loaded.TryPeek(out Child? victim)
        && !ReferenceEquals(victim, hungry)
        && (victim.BusyUntil - hungry.FeedAt) > _limits.RevokeTimeMin;

    /// <summary>Whether the ends of two children are so far apart that moving work is worth its messages.</summary>
    /// <param name="hungry">Who would get it.</param>
    /// <param name="victim">Who has it.</param>
    /// <param name="seconds">What the victim has to do after the hungry one could begin.</param>
    private bool IsWorthTaking(Child hungry, Child victim, out double seconds)
    {
        bool hasFreeSlot = hungry.IndicesOutstanding < hungry.SlotCount;
        double own = hasFreeSlot ? 0 : (hungry.BusyUntil - _now).TotalSeconds;
        double way = victim.RoundTrip + (hungry.RoundTrip / 2);
        seconds = (victim.BusyUntil - _now).TotalSeconds - Math.Max(own, way);
        double worth = _limits.RevokeRoundTrips * (victim.RoundTrip + hungry.RoundTrip);
        return seconds > Math.Max(worth, _limits.RevokeTimeMin.TotalSeconds);
    }

    private bool TryRevoke(Child victim, Child hungry, double seconds)
    {
        long unbegun = victim.IndicesOutstanding - victim.SlotCount;
        for (Lease? lease = victim.Leases.Last; lease is not null && unbegun > 0; lease = lease.PreviousOfChild)
        {
            if (IsDivisible(lease) && !lease.Work.Excludes(hungry))
            {
                double share = victim.BusyRate * hungry.Rate / (victim.BusyRate + hungry.Rate);
                double wanted = seconds * share / lease.FuelPerIndex;

                // One whole index is moved where it ends sooner there, though less than one would balance.
                if (wanted < 1 && lease.FuelPerIndex < seconds * hungry.SlotRate)
                {
                    wanted = 1;
                }

                long count = (long)Math.Min(wanted, Math.Min(unbegun, lease.Left.Count));
                if (count > 0)
                {
                    Revoke(lease, count, hungry);
                    Reconsider(hungry);
                    return true;
                }
            }

            unbegun -= lease.Left.Count;
        }

        return false;
    }

    private static bool IsDivisible(Lease lease) =>
        lease.Work.IsRevocable && lease.RevokedFrom is null && lease.Twin is null && !lease.IsIndivisible;

    /// <summary>Asks for the last indices of a lease.</summary>
    private void Revoke(Lease lease, long count, Child? taker)
    {
        long from = lease.Left.End - count;
        lease.RevokedFrom = from;
        lease.RevokedAt = _now;
        lease.Taker = taker;
        ChangeRevoked(lease, count * lease.FuelPerIndex);
        IndexRange tail = new(from, lease.Left.End);
        _effects.Add(new(LeasingEffectKind.Revoke, lease.Work.Id, lease.Child.Id, lease.Id, Epoch, tail));
        Reconsider(lease.Child);
    }

    /// <summary>A child has answered a revoke: it keeps its lease up to <paramref name="from"/>.</summary>
    private void Settle(Lease lease, long from)
    {
        Child? taker = lease.Taker;
        IndexRange tail = new(from, lease.Left.End);
        Unrevoke(lease);
        if (tail.IsEmpty)
        {
            lease.IsIndivisible = true;
        }
        else if (lease.Twin is not null)
        {
            // Twins have the same indices left; this one has not any more, so the other one does them all.
            if (from == lease.Left.Begin)
            {
                Drop(lease);
            }
            else
            {
                Cancel(lease);
            }
        }
        else
        {
            Work work = lease.Work;
            Shrink(lease, new IndexRange(lease.Left.Begin, from));
            PutBack(work, tail);
            if (taker is { IsGone: false } && _hungry.Contains(taker) && !work.Excludes(taker))
            {
                GrantTail(taker, work, tail);
            }
        }
    }

    /// <summary>Grants what was asked back for a child to it as it is: it is of the size that balances.</summary>
    private void GrantTail(Child taker, Work work, IndexRange tail)
    {
        IndexRange range = work.Pool.TakeWithin(tail, work.LeaseIndexCountMax);
        work.Cost.IndicesPending -= range.Count;
        Enlist(work);
        Grant(taker, work, range, _sizing.FuelPerIndex(taker, work.Cost));
        Reconsider(taker);
    }
}
