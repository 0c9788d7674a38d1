using Ptorrent.Model.Randomness;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;
using Xunit;

namespace Ptorrent.Tests.Work;

/// <summary>A plain account of who may hold and commit which index, that drawn events are checked against.</summary>
internal sealed class LeasingStateModel(ulong seed)
{
    private static readonly LeaseEpoch Epoch = new(1);

    private readonly Prng _prng = new(seed);
    private readonly LeasingState _state = new(LeasingLimits.Wire, Epoch);
    private readonly List<LeasingEffect> _effects = [];
    private readonly Dictionary<LeaseId, (ChildId Child, IndexRange Left)> _held = [];
    private readonly HashSet<ChildId> _children = [];
    private readonly HashSet<long> _committed = [];
    private long _lastChild;
    private long _lastWork;
    private bool _complete;

    public long CommittedCount { get; private set; }

    public void Run(IndexRange range)
    {
        _committed.Clear();
        _complete = false;
        WorkId work = new(++_lastWork);
        _state.AddWork(TimeSpan.Zero, WorkDescription.Of(work, 1, range), _effects);
        int steps = 0;
        do
        {
            TakeEffects(work, range);
            Step(steps++ < 200);
        }
        while (!_complete || _effects.Count > 0);

        Assert.Equal(range.Count, _committed.Count);
        Assert.Equal(0, _state.LeaseCount);
        Assert.Empty(_held);
        CommittedCount += range.Count;
    }

    private void TakeEffects(WorkId work, IndexRange range)
    {
        foreach (LeasingEffect effect in _effects)
        {
            if (effect.Kind == LeasingEffectKind.Complete)
            {
                Assert.Equal(work, effect.Work);
                Assert.False(_complete);
                _complete = true;
                continue;
            }

            Assert.Equal(LeasingEffectKind.Grant, effect.Kind);
            Assert.Contains(effect.Child, _children);
            Assert.True(range.Covers(effect.Range) && !effect.Range.IsEmpty);
            Assert.DoesNotContain(_held.Values, h => Overlap(h.Left, effect.Range));
            for (long i = effect.Range.Begin; i < effect.Range.End; i++)
            {
                Assert.DoesNotContain(i, _committed);
            }

            _held.Add(effect.Lease, (effect.Child, effect.Range));
        }

        _effects.Clear();
    }

    private void Step(bool faults)
    {
        long drawn = _prng.Below(10);
        if (_children.Count == 0 || (faults && drawn == 0))
        {
            Join();
        }
        else if (faults && drawn == 1)
        {
            Leave();
        }
        else if (faults && drawn == 2)
        {
            CommitNonsense();
        }
        else
        {
            CommitSome();
        }
    }

    private void Join()
    {
        ChildId child = new(++_lastChild);
        _children.Add(child);
        _state.AddChild(TimeSpan.Zero, child, 1 + (int)_prng.Below(3), new ComputeRate(1_000 + _prng.Below(100_000)));
        _state.SetWindow(TimeSpan.Zero, child, new Fuel(1 + _prng.Below(10_000_000)), _effects);
    }

    private void Leave()
    {
        ChildId child = _children.Order().ElementAt((int)_prng.Below(_children.Count));
        _children.Remove(child);
        foreach (LeaseId lease in _held.Where(h => h.Value.Child == child).Select(h => h.Key).ToArray())
        {
            _held.Remove(lease);
        }

        _state.RemoveChild(TimeSpan.Zero, child, _effects);
    }

    private void CommitNonsense()
    {
        LeaseId lease = new(_prng.Below(1_000_000) + 1_000_000);
        CommitStatus status = _state.Commit(
            TimeSpan.Zero, _children.First(), lease, Epoch, 1, new Fuel(1), TimeSpan.Zero, _effects).Status;
        Assert.Equal(CommitStatus.UnknownLease, status);
        Assert.Empty(_effects);
    }

    private void CommitSome()
    {
        if (_held.Count == 0)
        {
            return;
        }

        (LeaseId lease, (ChildId child, IndexRange left)) = _held.OrderBy(h => h.Key)
            .ElementAt((int)_prng.Below(_held.Count));
        long upto = left.Begin + 1 + _prng.Below(left.Count);
        long indices = upto - left.Begin;
        Fuel burnt = new(indices * (500 + _prng.Below(1_000)));
        CommitResult result = _state.Commit(
            TimeSpan.Zero, child, lease, Epoch, upto, burnt, TimeSpan.FromMilliseconds(_prng.Below(50)), _effects);
        Assert.Equal(CommitStatus.Accepted, result.Status);
        Assert.Equal(new IndexRange(left.Begin, upto), result.Range);
        for (long i = left.Begin; i < upto; i++)
        {
            Assert.True(_committed.Add(i));
        }

        if (upto == left.End)
        {
            _held.Remove(lease);
        }
        else
        {
            _held[lease] = (child, new IndexRange(upto, left.End));
        }
    }

    private static bool Overlap(IndexRange left, IndexRange right) => left.Begin < right.End && right.Begin < left.End;
}
