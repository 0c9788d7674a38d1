using Ptorrent.Model;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;
using Xunit;

namespace Ptorrent.Tests.Work;

public sealed class LeasingStateTests
{
    private static readonly ChildId First = new(1);
    private static readonly ChildId Second = new(2);
    private static readonly WorkId Job = new(7);
    private static readonly LeaseEpoch Epoch = new(3);
    private static readonly ComputeRate Rate = new(1_000_000);

    private readonly LeasingState _state = new(LeasingLimits.Wire, Epoch);
    private readonly List<LeasingEffect> _effects = [];
    private TimeSpan _now = TimeSpan.FromDays(1);

    [Fact]
    public void SetWindow_WorkIsThere_GrantsWithoutBeingAsked()
    {
        AddJob(0, 1_000);
        Join(First, slots: 1);
        Assert.Empty(_effects);

        _state.SetWindow(_now, First, new Fuel(long.MaxValue), _effects);

        // Nothing is known of the cost of an index yet: one index at work, and a quarter of the work behind it.
        Assert.Equal(
            [Granted(First, 1, 0, 1), Granted(First, 2, 1, 250)],
            _effects.Select(Shown));
    }

    [Fact]
    public void AddWork_ChildrenHaveRoom_TheFirstFragmentIsOutAtOnce()
    {
        JoinOpen(First);
        AddJob(0, 1L << 60);
        Assert.Equal(LeasingEffectKind.Grant, _effects[0].Kind);
        Assert.Equal(new IndexRange(0, 1), _effects[0].Range);
    }

    [Fact]
    public void Grant_SeveralHungryChildren_AreServedInTurn()
    {
        JoinOpen(First);
        JoinOpen(Second);
        AddJob(0, 1_000);
        Assert.Equal([First, Second, First, Second], _effects.Select(e => e.Child));
    }

    [Fact]
    public void Grant_NotEnoughForAll_EachSlotGetsOneFirst()
    {
        JoinOpen(First, slots: 2);
        JoinOpen(Second, slots: 2);
        AddJob(0, 4);
        Assert.Equal(2, _effects.Where(e => e.Child == First).Sum(e => e.Range.Count));
        Assert.Equal(2, _effects.Where(e => e.Child == Second).Sum(e => e.Range.Count));
    }

    [Fact]
    public void Commit_CostBecomesKnown_LeasesGrowToATimeAndShrinkTowardsTheEnd()
    {
        JoinOpen(First);
        AddJob(0, 1_000_000);

        // Each index costs 1,000 fuel, a slot burns a million a second: all of it takes 1,000 s.
        long[] counts = [.. RunToTheEnd(1_000, _effects).Select(r => r.Count)];

        double longest = counts.Max() * 1_000 / 1e6;
        Assert.InRange(longest, 30, LeasingLimits.Wire.LeaseTimeMax.TotalSeconds + 0.001);
        double last = counts[^1] * 1_000 / 1e6;
        LeasingLimits limits = LeasingLimits.Wire;
        Assert.InRange(last, 0, (limits.RoundTripsMin * limits.RoundTripAssumed.TotalSeconds) + 0.001);
        for (int i = 2; i < counts.Length; i++)
        {
            Assert.True(counts[i] <= counts[..i].Sum() * LeasingLimits.Wire.GrowthMax);
        }
    }

    [Fact]
    public void Commit_GuessIsLongerThanAnyLease_RestIsAskedBack()
    {
        JoinOpen(First);
        AddJob(0, 10_000_000);
        LeasingEffect guess = _effects[1];
        _effects.Clear();

        // An index takes a millisecond, so that a quarter of the work takes 2,500 s and the longest lease 120 s.
        Commit(new(LeasingEffectKind.Grant, Job, First, new(1), Epoch, new(0, 1)), 1);

        LeasingEffect revoke = Assert.Single(_effects);
        Assert.Equal((LeasingEffectKind.Revoke, guess.Lease), (revoke.Kind, revoke.Lease));
        Assert.Equal(new IndexRange(guess.Range.Begin + 120_000, guess.Range.End), revoke.Range);
    }

    [Fact]
    public void Commit_FasterChild_GetsMoreIndicesALease()
    {
        JoinOpen(First, rate: new(1_000_000));
        JoinOpen(Second, rate: new(4_000_000));
        AddJob(0, 10_000_000);
        (ChildId Child, long Count)[] run = [.. RunToTheEnd(1_000, _effects)];
        double first = run.Where(r => r.Child == First).Max(r => r.Count);
        double second = run.Where(r => r.Child == Second).Max(r => r.Count);
        Assert.InRange(second / first, 3, 5);
    }

    [Fact]
    public void Commit_Prefix_IsDoneForGoodAndFreesRoom()
    {
        JoinOpen(First);
        AddJob(0, 1_000_000);
        LeasingEffect big = GrowUntil(100);
        _effects.Clear();

        CommitResult result = Commit(big, big.Range.Begin + 60, new Fuel(60_000));

        Assert.Equal(CommitStatus.Accepted, result.Status);
        Assert.Equal(Job, result.Work);
        Assert.Equal(new IndexRange(big.Range.Begin, big.Range.Begin + 60), result.Range);
        _effects.Clear();
        _state.RemoveChild(_now, First, _effects);
        JoinOpen(Second);

        // Committed indices are not handed out again; what is left of the lost lease comes last.
        Assert.All(_effects, e => Assert.True(e.Range.Begin >= big.Range.End));
        List<LeasingEffect> second = [.. _effects];
        _effects.Clear();
        RunToTheEnd(1_000, second);
        IEnumerable<LeasingEffect> grants = second.Where(e => e.Kind == LeasingEffectKind.Grant);
        Assert.Equal(big.Range.Begin + 60, grants.Min(e => e.Range.Begin));
    }

    [Fact]
    public void RemoveChild_LeasesOut_RemaindersGoToOthersInOrder()
    {
        JoinOpen(First);
        AddJob(0, 2);
        JoinOpen(Second);
        _effects.Clear();

        _state.RemoveChild(_now, First, _effects);

        Assert.Equal([new IndexRange(0, 1), new IndexRange(1, 2)], _effects.Select(e => e.Range));
        Assert.All(_effects, e => Assert.Equal(Second, e.Child));
    }

    [Fact]
    public void Commit_LastIndex_CompletesTheWorkOnce()
    {
        JoinOpen(First);
        AddJob(0, 2);
        LeasingEffect[] leases = [.. _effects];
        _effects.Clear();
        Commit(leases[1], 2);
        Assert.Empty(_effects);
        Commit(leases[0], 1);
        Assert.Equal([LeasingEffectKind.Complete], _effects.Select(e => e.Kind));
        Assert.Null(_state.Progress(Job));
        Assert.Equal(0, _state.LeaseCount);
    }

    [Fact]
    public void Commit_WrongEpochChildLeaseOrEnd_ChangesNothing()
    {
        JoinOpen(First);
        JoinOpen(Second);
        AddJob(0, 1_000);
        LeasingEffect lease = _effects[0];
        _effects.Clear();

        CommitStatus Try(ChildId child, LeaseId id, LeaseEpoch epoch, long upto) =>
            _state.Commit(_now, child, id, epoch, upto, new Fuel(1), TimeSpan.Zero, _effects).Status;

        Assert.Equal(CommitStatus.StaleEpoch, Try(First, lease.Lease, new(2), 1));
        Assert.Equal(CommitStatus.UnknownLease, Try(Second, lease.Lease, Epoch, 1));
        Assert.Equal(CommitStatus.UnknownLease, Try(First, new(99), Epoch, 1));
        Assert.Equal(CommitStatus.OutsideLease, Try(First, lease.Lease, Epoch, 0));
        Assert.Equal(CommitStatus.OutsideLease, Try(First, lease.Lease, Epoch, 2));
        Assert.Empty(_effects);
        Assert.Equal(1_000, _state.Progress(Job)!.Value.IndicesLeft);

        Assert.Equal(CommitStatus.Accepted, Try(First, lease.Lease, Epoch, 1));
        Assert.Equal(CommitStatus.UnknownLease, Try(First, lease.Lease, Epoch, 1));
    }

    [Fact]
    public void Nack_ChildCannot_OthersGetItAndTheChildDoesNot()
    {
        JoinOpen(First);
        AddJob(0, 2);
        LeasingEffect[] leases = [.. _effects];
        _effects.Clear();
        foreach (LeasingEffect lease in leases)
        {
            _state.Nack(_now, First, lease.Lease, Epoch, _effects);
        }

        Assert.Empty(_effects);
        Assert.Equal(1, _state.Progress(Job)!.Value.ExcludedCount);
        JoinOpen(Second);
        Assert.Equal([Second, Second], _effects.Select(e => e.Child));
    }

    [Fact]
    public void RemoveWork_LeasesOut_AreCancelledAndCommitsOfThemRefused()
    {
        JoinOpen(First);
        AddJob(0, 1_000);
        LeasingEffect lease = _effects[0];
        _effects.Clear();
        _state.RemoveWork(_now, Job, _effects);
        Assert.Equal(2, _effects.Count(e => e.Kind == LeasingEffectKind.Cancel));
        Assert.Equal(CommitStatus.UnknownLease, Commit(lease, lease.Range.End).Status);
    }

    [Fact]
    public void SetWindow_Zero_PausesTheChild()
    {
        JoinOpen(First);
        _state.SetWindow(_now, First, Fuel.Zero, _effects);
        AddJob(0, 10);
        Assert.Empty(_effects);
    }

    [Fact]
    public void AddWork_TwoJobs_ShareTheHarborButADeviceEndsTheOlder()
    {
        JoinOpen(First, slots: 2);
        AddJob(0, 100);
        _state.AddWork(_now, WorkDescription.Of(new(8), 8, new(0, 100)), _effects);
        LeasingEffect done = _effects[0];
        Commit(done, done.Range.End);
        Assert.Contains(_effects, e => e.Kind == LeasingEffectKind.Grant && e.Work == new WorkId(8));

        LeasingState device = new(LeasingLimits.Core, Epoch);
        List<LeasingEffect> effects = [];
        device.AddChild(_now, First, 2, Rate);
        device.SetWindow(_now, First, new Fuel(long.MaxValue), effects);
        device.AddWork(_now, WorkDescription.Of(Job, 7, new(0, 100)), effects);
        device.AddWork(_now, WorkDescription.Of(new(8), 8, new(0, 100)), effects);
        LeasingEffect first = effects[0];
        device.Commit(
            _now, First, first.Lease, Epoch, first.Range.End, new Fuel(1), TimeSpan.Zero, effects);
        Assert.DoesNotContain(effects, e => e.Work == new WorkId(8));
    }

    [Fact]
    public void AddWork_AllAreBusyForLong_IsServedWithinARoundTripAndNotAtTheirEnd()
    {
        // Whoever has been here for minutes has leases of minutes.
        JoinOpen(First, slots: 2);
        JoinOpen(Second, slots: 2);
        _now += TimeSpan.FromMinutes(5);
        LearnedCost learned = new(100_000, 1_000_000);
        _state.AddWork(_now, WorkDescription.Of(Job, 1, new(0, 100_000)) with { Learned = learned }, _effects);
        _now += TimeSpan.FromSeconds(1);
        _effects.Clear();
        _state.AddWork(_now, WorkDescription.Of(new(8), 8, new(0, 3)), _effects);
        LeasingEffect[] revokes = [.. _effects.Where(e => e.Kind == LeasingEffectKind.Revoke)];
        Assert.NotEmpty(revokes);
        Assert.Equal(revokes.Length, revokes.Select(e => e.Lease).Distinct().Count());

        // What they keep is short, and the small job stands behind that.
        LeasingEffect[] grants =
            [.. _effects.Where(e => e.Kind == LeasingEffectKind.Grant && e.Work == new WorkId(8))];
        Assert.Equal(3, grants.Sum(e => e.Range.Count));
        Assert.All(grants, e => Assert.Contains(revokes, r => r.Child == e.Child));
        _effects.Clear();
        _now += TimeSpan.FromMilliseconds(100);
        foreach (LeasingEffect revoke in revokes)
        {
            _state.Keep(_now, revoke.Child, revoke.Lease, revoke.Range.Begin, _effects);
        }

        // What was given back goes out again behind it.
        Assert.Contains(_effects, e => e.Kind == LeasingEffectKind.Grant && e.Work == Job);
    }

    [Fact]
    public void AddWork_PartsWereCommittedEarlier_OnlyTheRestIsLeased()
    {
        JoinOpen(First);
        _state.AddWork(_now, new WorkDescription(Job, 7, [new(0, 1), new(5, 6)]), _effects);
        Assert.Equal([new IndexRange(0, 1), new IndexRange(5, 6)], _effects.Select(e => e.Range));
        Assert.Equal(2, _state.Progress(Job)!.Value.IndicesLeft);
    }

    [Fact]
    public void Grant_ItemsLongerThanAnyLease_EverySlotHasOne()
    {
        JoinOpen(First, slots: 4);
        AddJob(0, 100);
        LeasingEffect[] probes = [.. _effects];
        _effects.Clear();

        // An index turns out to take 1,000 s, far beyond the window of 20 s.
        _state.SetWindow(_now, First, new Fuel(4 * 20 * 1_000_000), _effects);
        foreach (LeasingEffect probe in probes)
        {
            Commit(probe, probe.Range.End, new Fuel(1_000_000_000), TimeSpan.FromSeconds(1_000));
        }

        Assert.Equal(4, _effects.Count(e => e.Kind == LeasingEffectKind.Grant));
        Assert.Equal(4, _state.BusySlotCount(First));
    }

    [Fact]
    public void Silent_TimeAfterTime_HasTwiceAsLongToAnswerEachTime()
    {
        LearnedCost learned = new(100_000, 1_000);
        _state.AddWork(_now, WorkDescription.Of(Job, 1, new IndexRange(0, 1000)) with { Learned = learned }, _effects);
        JoinOpen(First);
        List<double> patiences = [];
        TimeSpan? askedAt = null;
        while (patiences.Count < 4)
        {
            _effects.Clear();
            _now = _state.NextWakeAt!.Value; // Somebody holds leases or is tried again later.
            _state.PassTime(_now, _effects);
            if (_effects.Exists(e => e.Kind == LeasingEffectKind.Revoke))
            {
                askedAt = _now;
            }
            else if (_effects.Exists(e => e.Kind == LeasingEffectKind.Cancel) && askedAt is { } asked)
            {
                patiences.Add((_now - asked).TotalSeconds);
                askedAt = null;
            }
        }

        Assert.All(patiences.Zip(patiences.Skip(1)), pair => Assert.Equal(2 * pair.First, pair.Second, 0.01));
    }

    [Fact]
    public void Late_ChildHasAnsweredEveryRevoke_IsAskedAgainAndKeepsItsLease()
    {
        // Many costs, since sums of some fractions leave crumbs.
        for (int part = 0; part < 40; part++)
        {
            LeasingState state = new(LeasingLimits.Wire, Epoch);
            List<LeasingEffect> effects = [];
            TimeSpan now = TimeSpan.FromHours(1);
            // The first child has two leases of two seconds, of each of which one of the others gets a part.
            LearnedCost learned = new(100_000 + (part / 7.0), 1_000);
            state.AddWork(now, WorkDescription.Of(Job, 1, new IndexRange(0, 38)) with { Learned = learned }, effects);
            state.AddChild(now, First, 1, Rate);
            Assert.NotNull(state.Adopt(now, First, Job, new IndexRange(0, 19), effects));
            Assert.NotNull(state.Adopt(now, First, Job, new IndexRange(19, 38), effects));
            foreach (ChildId child in (ChildId[])[Second, new(3)])
            {
                state.AddChild(now, child, 1, Rate);
                state.SetWindow(now, child, new Fuel(long.MaxValue), effects);
            }

            LeasingEffect[] revokes = [.. effects.Where(e => e.Kind == LeasingEffectKind.Revoke)];
            Assert.Equal(2, revokes.Select(e => e.Lease).Distinct().Count());
            now += TimeSpan.FromSeconds(0.1);
            foreach (LeasingEffect revoke in revokes)
            {
                state.Keep(now, First, revoke.Lease, revoke.Range.Begin, effects);
            }

            // Then it is slow: the others are done, and it is not.
            LeasingEffect[] granted = [.. effects.Where(e => e.Kind == LeasingEffectKind.Grant && e.Child != First)];
            effects.Clear();
            now += TimeSpan.FromSeconds(3);
            foreach (LeasingEffect lease in granted)
            {
                Fuel fuel = new((long)(lease.Range.Count * learned.FuelPerIndex));
                state.Commit(
                    now, lease.Child, lease.Lease, Epoch, lease.Range.End, fuel, Rate.TimeFor(fuel), effects);
            }

            Assert.Contains(effects, e => e.Kind == LeasingEffectKind.Revoke && e.Child == First);
            Assert.DoesNotContain(effects, e => e.Kind == LeasingEffectKind.Cancel);
        }
    }

    [Fact]
    public void Twins_ChildrenHaveNothingElseToDo_AShortLeaseIsDoneTwiceWithinTheBudget()
    {
        for (int child = 1; child <= 100; child++)
        {
            JoinOpen(new ChildId(child));
        }

        // A tenth of a second an index: too little to be shared by more than half of the children.
        WorkDescription description = WorkDescription.Of(Job, 1, new IndexRange(0, 100));
        _state.AddWork(_now, description with { Learned = new LearnedCost(100_000, 1_000) }, _effects);

        LeasingEffect[] grants = [.. _effects];
        Assert.All(grants, e => Assert.Equal((LeasingEffectKind.Grant, 2L), (e.Kind, e.Range.Count)));
        LeasingEffect twin = grants[^1];
        LeasingEffect other = Assert.Single(grants[..^1], e => e.Range == twin.Range);
        Assert.Equal((51, 50), (grants.Length, grants.Select(e => e.Range).Distinct().Count()));
        _effects.Clear();

        _now += TimeSpan.FromSeconds(0.3);
        Assert.Equal(CommitStatus.Accepted, Commit(twin, twin.Range.End, new Fuel(200_000)).Status);
        Assert.Contains(_effects, e => e.Kind == LeasingEffectKind.Cancel && e.Lease == other.Lease);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(400)]
    public void Twins_WhatTakesLongerThanExpectedEverywhere_ComesBackInTheEnd(int seconds)
    {
        // Each of the two indices is computed in a tenth of a second, and is so long on anybody's line.
        TimeSpan onTheLine = TimeSpan.FromSeconds(seconds);
        Dictionary<LeaseId, (LeasingEffect Grant, TimeSpan At)> held = [];
        JoinOpen(First);
        JoinOpen(Second);
        JoinOpen(new ChildId(3));
        WorkDescription description = WorkDescription.Of(Job, 1, new IndexRange(0, 2)) with
        {
            IsRevocable = false,
            Learned = new LearnedCost(100_000, 1_000),
        };
        _state.AddWork(_now, description, _effects);
        TimeSpan begun = _now;
        while (_state.Progress(Job) is not null)
        {
            Assert.True(_now - begun < 10 * onTheLine, "The leases are cancelled before they come back.");
            foreach (LeasingEffect effect in _effects)
            {
                _ = effect.Kind == LeasingEffectKind.Grant
                    ? held.TryAdd(effect.Lease, (effect, _now))
                    : held.Remove(effect.Lease);
            }

            _effects.Clear();
            _now += TimeSpan.FromMilliseconds(100);
            _state.PassTime(_now, _effects);
            foreach ((LeasingEffect grant, TimeSpan at) in held.Values.Where(h => h.At + onTheLine <= _now).ToArray())
            {
                long upto = grant.Range.Begin + 1;
                held[grant.Lease] = (grant with { Range = new IndexRange(upto, grant.Range.End) }, _now);
                Commit(grant, upto, new Fuel(100_000), TimeSpan.FromSeconds(0.1));
            }
        }
    }

    private static string Granted(ChildId child, long lease, long begin, long end) =>
        $"Grant {child.Value} {lease} {begin}..{end}";

    private static string Shown(LeasingEffect e) => $"{e.Kind} {e.Child.Value} {e.Lease.Value} {e.Range}";

    private void AddJob(long begin, long end) =>
        _state.AddWork(_now, WorkDescription.Of(Job, 7, new IndexRange(begin, end)), _effects);

    private void Join(ChildId child, int slots, ComputeRate? rate = null) =>
        _state.AddChild(_now, child, slots, rate ?? Rate);

    private void JoinOpen(ChildId child, int slots = 1, ComputeRate? rate = null)
    {
        Join(child, slots, rate);
        _state.SetWindow(_now, child, new Fuel(long.MaxValue), _effects);
    }

    private CommitResult Commit(LeasingEffect lease, long upto, Fuel? burnt = null, TimeSpan busy = default) =>
        _state.Commit(
            _now,
            lease.Child,
            lease.Lease,
            lease.Epoch,
            upto,
            burnt ?? new Fuel(1_000),
            busy,
            _effects);

    /// <summary>Commits whole leases until one has more than <paramref name="count"/> indices; that one.</summary>
    private LeasingEffect GrowUntil(long count)
    {
        int at = 0;
        while (_effects[at].Range.Count <= count)
        {
            LeasingEffect lease = _effects[at++];
            Commit(lease, lease.Range.End, new Fuel(lease.Range.Count * 1_000));
        }

        return _effects[at];
    }

    /// <summary>Commits every lease whole, in the order of the grants, which are added to the list, but for what was
    /// asked back before; says who did how many indices.</summary>
    private List<(ChildId Child, long Count)> RunToTheEnd(long fuelPerIndex, List<LeasingEffect> granted)
    {
        List<(ChildId Child, long Count)> run = [];
        for (int at = 0; at < granted.Count; at++)
        {
            LeasingEffect effect = granted[at];
            if (effect.Kind == LeasingEffectKind.Grant)
            {
                IndexRange range = effect.Range;
                foreach (LeasingEffect revoke in granted.Where(
                    e => e.Kind == LeasingEffectKind.Revoke && e.Lease == effect.Lease).ToArray())
                {
                    range = new IndexRange(range.Begin, revoke.Range.Begin);
                    _state.Keep(_now, effect.Child, effect.Lease, range.End, granted);
                }

                run.Add((effect.Child, range.Count));
                Fuel fuel = new(range.Count * fuelPerIndex);
                _now += Rate.TimeFor(fuel);
                _state.Commit(_now, effect.Child, effect.Lease, Epoch, range.End, fuel, TimeSpan.Zero, granted);
            }
        }

        Assert.Equal(LeasingEffectKind.Complete, granted[^1].Kind);
        return run;
    }
}
