using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <content>Twins: leases that are granted a second time.</content>
public sealed partial class LeasingState
{
    /// <summary>Has a hungry child do a lease of an overdue one.</summary>
    /// <param name="stuck">The overdue one.</param>
    /// <param name="hungry">The hungry one.</param>
    /// <param name="mayBeLater">Whether another child might, or this one later.</param>
    private bool TryTakeOver(Child stuck, Child hungry, out bool mayBeLater)
    {
        mayBeLater = false;
        for (Lease? lease = stuck.Leases.First; lease is not null; lease = lease.NextOfChild)
        {
            if (lease.Twin is { Child.IsOverdue: false })
            {
                continue;
            }

            // Whoever is overdue itself is not given more of this kind.
            if (hungry.IsOverdue
                || (lease.RevokedFrom is not null && !stuck.IsSilent)
                || ReferenceEquals(lease.Twin?.Child, hungry) || lease.Work.Excludes(hungry))
            {
                mayBeLater = true;
            }
            else if (lease.Twin is null && stuck.IsSilent && IsLong(lease, hungry))
            {
                TakeBack(lease);
                return true;
            }
            else if (MayHaveTwin(lease))
            {
                GrantTwin(lease, hungry);
                return true;
            }
            else
            {
                mayBeLater |= _limits.TwinShareMax > 0;
            }
        }

        return false;
    }

    /// <summary>
    /// A hungry child for which nothing else can be done does a short lease of somebody else a second time, if it will
    /// be done before that one is late: in the end all wait for the few that are slow and of which nobody knows it yet.
    /// Source: what is short is cloned rather than watched (G. Ananthanarayanan, A. Ghodsi, S. Shenker, I. Stoica,
    /// "Effective straggler mitigation: attack of the clones", 2013).
    /// </summary>
    private bool TryBackUpFor(Child hungry)
    {
        if (_limits.TwinShareMax == 0 || hungry.Leases.Count > 0 || hungry.FuelPromised > 0)
        {
            return false;
        }

        while (_exposed.TryPeek(out Child? other))
        {
            Lease? lease = ReferenceEquals(other, hungry) ? null : other.Leases.Last;
            while (lease is not null && !MayHaveBackup(lease, hungry))
            {
                lease = lease.PreviousOfChild;
            }

            if (lease is not null)
            {
                TimeSpan late = other.BusyUntil + _limits.LateTimeMin + InSeconds(other.RoundTrip);
                bool isInTime = _now + InSeconds(hungry.RoundTrip + (lease.FuelLeft / hungry.Rate)) <= late;
                if (isInTime)
                {
                    GrantTwin(lease, hungry);
                    Reconsider(other);
                }

                return isInTime;
            }

            // Whatever changes with it puts it back.
            _exposed.Remove(other);
        }

        return false;
    }

    /// <summary>Whether a lease that is not late may be granted a second time: it is too short to be shared, and half
    /// of the budget stays with what is overdue.</summary>
    private bool MayHaveBackup(Lease lease, Child hungry)
    {
        Work work = lease.Work;
        bool isShared = IsDivisible(lease) && lease.Left.Count > lease.Child.SlotCount && IsLong(lease, lease.Child);
        double budget = _limits.TwinShareMax / 2 * work.IndicesTotal * lease.FuelPerIndex;
        return lease.Twin is null
            && lease.RevokedFrom is null
            && !isShared
            && !work.Excludes(hungry)
            && work.TwinFuel + lease.FuelLeft <= budget;
    }

    /// <summary>Whether a lease is too much for one child at the end of the work, so that several should share it.
    /// </summary>
    private bool IsLong(Lease lease, Child child) =>
        lease.FuelLeft > child.Rate * Math.Max(4 * child.RoundTrip, _limits.RevokeTimeMin.TotalSeconds);

    /// <summary>Whether the work's budget allows to grant a lease a second time; one pair at a time may always be, or
    /// work whose holders are gone would never end.</summary>
    private bool MayHaveTwin(Lease lease)
    {
        Work work = lease.Work;
        double budget = _limits.TwinShareMax * work.IndicesTotal * lease.FuelPerIndex;
        int others = work.TwinCount - (lease.Twin is null ? 0 : 1);
        return _limits.TwinShareMax > 0 && (others == 0 || work.TwinFuel + lease.FuelLeft <= budget);
    }

    /// <summary>Grants a lease a second time. Of two that are both overdue the older one is cancelled first, and for
    /// the next there is twice the patience: what takes longer than expected wherever it is done, since its output is
    /// long on the line, would otherwise be cancelled everywhere before it has come back.</summary>
    private void GrantTwin(Lease lease, Child hungry)
    {
        int vainPairs = lease.VainPairs;
        if (lease.Twin is { } other)
        {
            (Lease older, lease) = lease.Id.Value < other.Id.Value ? (lease, other) : (other, lease);
            vainPairs = Math.Min(vainPairs + 1, VainPairsMax);
            Cancel(older);
        }

        Lease twin = Hold(hungry, lease.Work, lease.Left, _sizing.FuelPerIndex(hungry, lease.Work.Cost));
        twin.VainPairs = lease.VainPairs = vainPairs;
        twin.Twin = lease;
        lease.Twin = twin;
        lease.Work.TwinCount++;
        lease.Work.TwinFuel += twin.FuelLeft;
        Announce(twin);
        Reconsider(hungry);
    }

    /// <summary>
    /// Whether a commit of one twin comes too late: it is a part only, and the other one, from which something is still
    /// expected, must be further by now. Where others were overdue with the same before, nothing is to be expected, and
    /// what has come back counts.
    /// </summary>
    private bool LosesToTwin(Lease lease, long upto)
    {
        if (lease.Twin is not { Child.IsOverdue: false } other || lease.VainPairs > 0 || upto == lease.Left.End)
        {
            return false;
        }

        return BurntBy(other) > (upto - lease.Left.Begin) * other.FuelPerIndex;
    }
}
