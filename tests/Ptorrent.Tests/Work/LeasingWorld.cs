using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;
using Xunit;

namespace Ptorrent.Tests.Work;

/// <summary>
/// Children around the real leasing core, and a plain account of who holds and who has committed which index. Every
/// effect is held against the account; no code is shared with what is checked.
/// </summary>
internal sealed class LeasingWorld
{
    public static readonly WorkId Work = new(7);
    private static readonly LeaseEpoch Epoch = new(3);

    private readonly LeasingState _state;
    private readonly IndexRange _range;
    private readonly int _slotCount;
    private readonly List<LeasingEffect> _effects = [];
    private readonly SortedDictionary<LeaseId, Held> _held = [];
    private readonly SortedSet<ChildId> _children = [];
    private readonly HashSet<(ChildId, WorkId)> _excluded = [];
    private readonly Queue<Held> _cancelledUnanswered = new();
    private readonly bool[] _committed;
    private readonly Fuel _fuelPerIndex;
    private TimeSpan _now = TimeSpan.FromSeconds(1_000);
    private long _lastChild;

    public LeasingWorld(LeasingLimits limits, int indexCount, int slotCount, Fuel fuelPerIndex)
    {
        _state = new LeasingState(limits, Epoch);
        _range = new IndexRange(5, 5 + indexCount);
        _slotCount = slotCount;
        _committed = new bool[_range.End];
        _fuelPerIndex = fuelPerIndex;
        _state.AddWork(
            _now,
            WorkDescription.Of(Work, 1, _range) with { Learned = new LearnedCost(fuelPerIndex.Units, 1_000) },
            _effects);
        TakeEffects();
    }

    /// <summary>A lease as its child sees it.</summary>
    public sealed record Held(LeaseId Id, ChildId Child, IndexRange Left)
    {
        public long? RevokedFrom { get; set; }

        public IndexRange Left { get; set; } = Left;
    }

    public bool IsComplete { get; private set; }

    public int TwinCount { get; private set; }

    public int RevokeCount { get; private set; }

    public int CancelCount { get; private set; }

    public int LostCount { get; private set; }

    public IReadOnlyCollection<ChildId> Children => _children;

    public IReadOnlyList<Held> Leases => [.. _held.Values];

    public void Join()
    {
        ChildId child = new(++_lastChild);
        _children.Add(child);
        _state.AddChild(_now, child, _slotCount, new ComputeRate(1_000_000));
        _state.SetWindow(_now, child, new Fuel(long.MaxValue / 4), _effects);
        TakeEffects();
    }

    /// <summary>Lets a child go; what it had at work it may still finish.</summary>
    public IndexRange? Leave(ChildId child)
    {
        Held[] had = [.. _held.Values.Where(h => h.Child == child)];
        foreach (Held held in had)
        {
            _held.Remove(held.Id);
        }

        _children.Remove(child);
        _state.RemoveChild(_now, child, _effects);
        TakeEffects();
        return had.FirstOrDefault()?.Left;
    }

    /// <summary>A new child comes that has a range in hand already.</summary>
    public void JoinWith(IndexRange wanted)
    {
        ChildId child = new(++_lastChild);
        _children.Add(child);
        _state.AddChild(_now, child, _slotCount, new ComputeRate(1_000_000));
        if (_state.Adopt(_now, child, Work, wanted, _effects) is { } adopted)
        {
            Assert.True(wanted.Covers(adopted.Range));
            Hold(adopted.Lease, child, adopted.Range);
        }

        TakeEffects();
        _state.SetWindow(_now, child, new Fuel(long.MaxValue / 4), _effects);
        TakeEffects();
    }

    public void Commit(Held held, long upto)
    {
        IndexRange done = new(held.Left.Begin, upto);
        bool hasTwin = _held.Values.Any(h => h.Id != held.Id && h.Left == held.Left);
        CommitResult result = _state.Commit(
            _now,
            held.Child,
            held.Id,
            Epoch,
            upto,
            _fuelPerIndex.TimesSaturating(done.Count),
            TimeSpan.FromSeconds(done.Count * _fuelPerIndex.Units / 1e6),
            _effects);
        if (result.Status == CommitStatus.LostToTwin)
        {
            Assert.True(hasTwin && upto < held.Left.End);
            Assert.Contains(_effects, e => e.Kind == LeasingEffectKind.Cancel && e.Lease == held.Id);
            LostCount++;
            TakeEffects();
            return;
        }

        Assert.Equal(CommitStatus.Accepted, result.Status);
        Assert.Equal(done, result.Range);
        for (long index = done.Begin; index < done.End; index++)
        {
            Assert.False(_committed[index], $"{index} is committed twice");
            _committed[index] = true;
        }

        held.Left = new IndexRange(upto, held.Left.End);
        if (held.Left.IsEmpty)
        {
            _held.Remove(held.Id);
        }

        TakeEffects();
    }

    public void Nack(Held held)
    {
        _held.Remove(held.Id);
        _excluded.Add((held.Child, Work));
        _state.Nack(_now, held.Child, held.Id, Epoch, _effects);
        TakeEffects();
    }

    public void Keep(Held held, long from)
    {
        held.RevokedFrom = null;
        from = Math.Max(from, held.Left.Begin);
        held.Left = new IndexRange(held.Left.Begin, from);
        if (held.Left.IsEmpty)
        {
            _held.Remove(held.Id);
        }

        _state.Keep(_now, held.Child, held.Id, from, _effects);
        TakeEffects();
    }

    /// <summary>Reports of leases that nobody has, of another epoch, of another child and outside change nothing.
    /// </summary>
    public void ReportNonsense()
    {
        _state.Commit(_now, new(1), new(1_000_000), Epoch, 6, new(1), TimeSpan.Zero, _effects);
        foreach (Held held in Leases)
        {
            CommitStatus Try(ChildId child, LeaseEpoch epoch, long upto) =>
                _state.Commit(_now, child, held.Id, epoch, upto, new(1), TimeSpan.Zero, _effects).Status;

            Assert.Equal(CommitStatus.UnknownLease, Try(new(999), Epoch, held.Left.End));
            Assert.Equal(CommitStatus.StaleEpoch, Try(held.Child, new(2), held.Left.End));
            Assert.Equal(CommitStatus.OutsideLease, Try(held.Child, Epoch, held.Left.Begin));
            Assert.Equal(CommitStatus.OutsideLease, Try(held.Child, Epoch, held.Left.End + 1));
        }

        TakeEffects();
    }

    public void Wait(TimeSpan time)
    {
        TimeSpan until = _now + time;
        for (int wakes = 0; _state.NextWakeAt is { } wake && wake <= until; wakes++)
        {
            Assert.True(wakes < 1_000, "time does not pass");
            _now = wake > _now ? wake : _now;
            _state.PassTime(_now, _effects);
            TakeEffects();
        }

        _now = until;
        _state.PassTime(_now, _effects);
        TakeEffects();
    }

    /// <summary>Everybody does what is right, until all is done.</summary>
    public void Finish()
    {
        for (int steps = 0; !IsComplete; steps++)
        {
            Assert.True(steps < 1_000, "the work does not end though everybody works");
            if (_children.All(c => _excluded.Contains((c, Work))))
            {
                Join();
            }

            if (_cancelledUnanswered.TryDequeue(out Held? cancelled))
            {
                // The answer crosses the cancellation: it changes nothing, but the child is heard of.
                _state.Keep(_now, cancelled.Child, cancelled.Id, cancelled.Left.End, _effects);
                TakeEffects();
            }
            else if (_held.Values.FirstOrDefault(h => h.RevokedFrom is not null) is { } revoked)
            {
                Keep(revoked, revoked.RevokedFrom!.Value);
            }
            else if (_held.Count > 0)
            {
                Held first = _held.First().Value;
                Commit(first, first.Left.End);
            }
            else
            {
                Wait(TimeSpan.FromMinutes(1));
            }
        }

        Assert.All(_committed[(int)_range.Begin..], Assert.True);
        Assert.Empty(_held);
        Assert.Equal(0, _state.LeaseCount);
        Assert.Null(_state.Progress(Work));
    }

    private void TakeEffects()
    {
        foreach (LeasingEffect effect in _effects)
        {
            Assert.Equal(Work, effect.Work);
            Assert.False(IsComplete, "something follows the end of the work");
            switch (effect.Kind)
            {
                case LeasingEffectKind.Grant:
                    Assert.Equal(Epoch, effect.Epoch);
                    Assert.DoesNotContain((effect.Child, Work), _excluded);
                    Hold(effect.Lease, effect.Child, effect.Range);
                    break;
                case LeasingEffectKind.Cancel:
                    CancelCount++;
                    Assert.True(_held.Remove(effect.Lease, out Held? cancelled));
                    Assert.Equal(effect.Child, cancelled.Child);
                    if (cancelled.RevokedFrom is not null)
                    {
                        _cancelledUnanswered.Enqueue(cancelled);
                    }

                    break;
                case LeasingEffectKind.Revoke:
                    TakeRevoke(effect);
                    break;
                default:
                    Assert.Equal(LeasingEffectKind.Complete, effect.Kind);
                    IsComplete = true;
                    break;
            }
        }

        _effects.Clear();
        CheckBooks();
    }

    private void Hold(LeaseId lease, ChildId child, IndexRange range)
    {
        Assert.Contains(child, _children);
        Assert.True(_range.Covers(range) && !range.IsEmpty);
        Held[] others = [.. _held.Values.Where(h => h.Left.Begin < range.End && range.Begin < h.Left.End)];
        Assert.True(others.Length <= 1, "three hold the same index");
        if (others.Length == 1)
        {
            TwinCount++;
            Assert.Equal(range, others[0].Left);
            Assert.NotEqual(child, others[0].Child);
        }

        _held.Add(lease, new Held(lease, child, range));
        Assert.True(_held.Values.Count(h => h.Child == child) <= 2 * _slotCount + 1, "deeper than its line");
    }

    private void TakeRevoke(LeasingEffect effect)
    {
        RevokeCount++;
        Held held = _held[effect.Lease];
        Assert.Equal(effect.Child, held.Child);
        Assert.Null(held.RevokedFrom);
        Assert.DoesNotContain(_held.Values, h => h.Id != held.Id && h.Left == held.Left);
        Assert.Equal(held.Left.End, effect.Range.End);
        Assert.True(held.Left.Covers(effect.Range) && !effect.Range.IsEmpty);
        held.RevokedFrom = effect.Range.Begin;
    }

    /// <summary>Every index is committed, in somebody's hands, or in nobody's: once each.</summary>
    private void CheckBooks()
    {
        Assert.Equal(_held.Count, _state.LeaseCount);
        long pending = _state.Progress(Work)?.IndicesPending ?? 0;
        HashSet<long> inHands = [];
        foreach (Held held in _held.Values)
        {
            for (long index = held.Left.Begin; index < held.Left.End; index++)
            {
                Assert.False(_committed[index], $"{index} is committed and yet in somebody's hands");
                inHands.Add(index);
            }
        }

        Assert.Equal(_range.Count, pending + inHands.Count + _committed.Count(c => c));
    }
}
