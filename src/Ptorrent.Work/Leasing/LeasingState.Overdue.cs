using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <content>The overdue: children of which nothing was heard when it should have been.</content>
public sealed partial class LeasingState
{
    // A child that holds leases is watched until it is late, late until it is overdue, then stuck as long as something
    // can be done about it.
    private readonly Heap<Child, Child.ByDue> _watched = new();
    private readonly Heap<Child, Child.ByLateness> _late = new();
    private readonly Heap<Child, Child.ByOverdue> _stuck = new();
    private readonly List<Child> _stuckPassedOver = [];

    // How often the patience with one range doubles.
    private const int VainPairsMax = 12;

    private void ReconsiderDue(Child child)
    {
        if (child.Leases.Count == 0)
        {
            _watched.Remove(child);
            _late.Remove(child);
            _stuck.Remove(child);
            child.IsOverdue = false;
        }
        else if (!child.IsOverdue)
        {
            // The time is looked at again when it has come, so only an earlier one is noted.
            TimeSpan due = LateTime(child);
            if (_late.Contains(child) ? due > _now : !_watched.Contains(child) || due < child.DueAt)
            {
                _late.Remove(child);
                child.DueAt = due;
                _watched.Put(child);
            }
        }
    }

    /// <summary>When a child is late: from then on it is asked for what it has not begun if others are
    /// hungry.</summary>
    private TimeSpan LateTime(Child child) => MayBeAsked(child)
        ? TimeWithSlack(
            child,
            child.AskedAt + InSeconds(child.RoundTrip),
            _limits.LateTimeMin.TotalSeconds + child.RoundTrip,
            _limits.LateShare)
        : OverdueTime(child);

    /// <summary>When a child is overdue, whether others are hungry or not.</summary>
    private TimeSpan OverdueTime(Child child) =>
        TimeWithSlack(
            child,
            child.HeardAt,
            // Only those that hold leases are asked.
            _limits.SlackMin.TotalSeconds * (1 << child.Leases.First!.VainPairs),
            _limits.SlackShare * (1 << child.Leases.First.VainPairs));

    /// <summary>Until when something must be heard of a child: the answer to a revoke, or else a commit of its oldest
    /// lease.</summary>
    private TimeSpan TimeWithSlack(Child child, TimeSpan least, double slackMin, double slackShare)
    {
        if (AnswerDueOf(child) is { } answer)
        {
            return answer;
        }

        double seconds = child.Leases.First!.FuelLeft / child.BusyRate; // Only those that hold leases are asked.
        TimeSpan end = child.ProgressAt + InSeconds(seconds);
        return (end > least ? end : least) + InSeconds(Math.Max(slackMin, slackShare * seconds));
    }

    private static bool MayBeAsked(Child child)
    {
        long unbegun = child.IsSilent ? 0 : child.IndicesOutstanding - child.SlotCount;
        for (Lease? lease = child.Leases.Last; lease is not null && unbegun > 0; lease = lease.PreviousOfChild)
        {
            if (IsDivisible(lease))
            {
                return true;
            }

            unbegun -= lease.Left.Count;
        }

        return false;
    }

    private TimeSpan? AnswerDueOf(Child child)
    {
        // An answer waits on the line behind output, so whoever was silent before gets more time to answer.
        double patience =
            Math.Max(4 * child.RoundTrip, _limits.AnswerTimeMin.TotalSeconds) * (1 << child.SilenceCount);
        TimeSpan? first = null;
        for (Lease? lease = child.Leases.First; lease is not null; lease = lease.NextOfChild)
        {
            if (lease.RevokedFrom is not null && !(first <= lease.RevokedAt + InSeconds(patience)))
            {
                first = lease.RevokedAt + InSeconds(patience);
            }
        }

        return first;
    }

    /// <summary>Something was heard of a child.</summary>
    private void Hear(Child child)
    {
        child.HeardAt = _now;
        bool wasMissed = child.IsOverdue || child.IsSilent;
        child.IsOverdue = false;
        child.Trust(isHeard: true);
        if (wasMissed)
        {
            _stuck.Remove(child);
            Reconsider(child);
        }
    }

    private void FindOverdue()
    {
        while (_watched.TryPeek(out Child? child) && child.DueAt <= _now)
        {
            child.DueAt = LateTime(child);
            if (child.DueAt > _now)
            {
                _watched.Put(child);
            }
            else
            {
                _watched.Remove(child);
                child.DueAt = OverdueTime(child);
                _late.Put(child);
            }
        }

        bool isTail = _ready.Count == 0 && _hungry.Count > 0;
        while (_late.TryPeek(out Child? child) && (isTail || child.DueAt <= _now))
        {
            MarkOverdue(child);
            if (!isTail && !TryRevokeAll(child) && child.IsSilent)
            {
                TakeBackAll(child);
            }
        }
    }

    private void MarkOverdue(Child child)
    {
        _late.Remove(child);
        _stuck.Put(child);
        child.IsOverdue = true;
        if (AnswerDueOf(child) <= _now)
        {
            child.MarkSilent(_now);
        }

        for (Lease? lease = child.Leases.First; lease is not null; lease = lease.NextOfChild)
        {
            ReleaseTaker(lease);
        }
    }

    /// <summary>A child that is silent loses all it has; it gets nothing before something is heard of it.</summary>
    private void TakeBackAll(Child silent)
    {
        while (silent.Leases.First is { } lease)
        {
            TakeBack(lease);
        }
    }

    private void TakeBack(Lease lease)
    {
        (Work work, IndexRange left, bool hasTwin) = (lease.Work, lease.Left, lease.Twin is not null);
        Cancel(lease);
        if (!hasTwin)
        {
            PutBack(work, left);
        }
    }

    /// <summary>Whoever waits for the tail of this lease waits no longer.</summary>
    private void ReleaseTaker(Lease lease)
    {
        if (lease.Taker is { } taker)
        {
            lease.Taker = null;
            taker.FuelPromised = Math.Max(0, taker.FuelPromised - lease.FuelRevoked);
            if (!taker.IsGone)
            {
                Reconsider(taker);
            }
        }
    }

    /// <summary>
    /// Does for a hungry child what can be done about those that are overdue: asks them for all they have not begun;
    /// then grants what they hold a second time. First results win, as in the backup tasks of MapReduce (J. Dean,
    /// S. Ghemawat, "MapReduce: simplified data processing on large clusters", 2004).
    /// </summary>
    private bool TryRescueFor(Child hungry)
    {
        bool isHelped = false;
        while (!isHelped && _stuckPassedOver.Count < VainTriesMax && _stuck.TryPeek(out Child? stuck))
        {
            bool mayBeLater = false;
            isHelped = TryRevokeAll(stuck) || TryTakeOver(stuck, hungry, out mayBeLater);
            if (!isHelped)
            {
                // Whose leases all have twins comes back when one of those is gone.
                _stuck.Remove(stuck);
                if (mayBeLater)
                {
                    _stuckPassedOver.Add(stuck);
                }
            }
        }

        foreach (Child child in _stuckPassedOver)
        {
            _stuck.Put(child);
        }

        _stuckPassedOver.Clear();
        return isHelped;
    }

    /// <summary>Asks an overdue child for all that it has not begun, unless it was asked in vain.</summary>
    private bool TryRevokeAll(Child stuck) =>
        TryRevokeUnbegun(stuck, stuck.IndicesOutstanding - stuck.SlotCount);

    /// <summary>Asks a child for the last of what it has, as far as it was not asked in vain.</summary>
    /// <param name="child">The child.</param>
    /// <param name="count">Of how many indices.</param>
    /// <param name="except">Work that is left alone.</param>
    private bool TryRevokeUnbegun(Child child, long count, Work? except = null)
    {
        bool isAny = false;
        long unbegun = child.IsSilent ? 0 : count;
        for (Lease? lease = child.Leases.Last; lease is not null && unbegun > 0; lease = lease.PreviousOfChild)
        {
            if (IsDivisible(lease) && lease.Work != except)
            {
                Revoke(lease, Math.Min(unbegun, lease.Left.Count), taker: null);
                isAny = true;
            }

            unbegun -= lease.Left.Count;
        }

        if (isAny)
        {
            // Until it answers, or ought to have, it is not overdue.
            child.IsOverdue = false;
            child.AskedAt = _now;
            _stuck.Remove(child);
            Reconsider(child);
        }

        return isAny;
    }
}
