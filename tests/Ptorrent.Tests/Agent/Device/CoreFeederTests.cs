using Ptorrent.Agent.Device;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Randomness;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;
using Xunit;

namespace Ptorrent.Tests.Agent.Device;

public sealed class CoreFeederTests
{
    private static readonly FeederLimits Limits = new();

    private readonly List<FeederEffect> _effects = [];
    private long _lastLease;

    [Fact]
    public void Add_BeginsTwoRuns_AndEachEndAnother()
    {
        CoreFeeder feeder = new(Limits);

        feeder.Add(Lease(0, 1000, secondsPerIndex: 0.001), _effects);
        Assert.Equal([0, 1], Starts().Select(s => s.Place));
        _effects.Clear();
        feeder.End(0, Ended(Limits.RunTimeMax), _effects);

        Assert.Equal(FeederEffectKind.Report, _effects[0].Kind);
        Assert.Equal(0, Assert.Single(Starts()).Place);
        Assert.Equal(2, feeder.RunCount);
    }

    [Fact]
    public void Run_OfUnknownCost_IsOneIndex()
    {
        CoreFeeder feeder = new(Limits);

        feeder.Add(Lease(0, 1000, secondsPerIndex: 0), _effects);

        Assert.All(Starts(), s => Assert.Equal(1, s.Run.Range.Count));
    }

    [Theory]
    [InlineData(1_000_000, 80)] // The longest run.
    [InlineData(100, 25)] // A quarter of what the core has.
    [InlineData(4, 2)] // The shortest that is worth a call.
    public void Run_IsAShareOfWhatTheCoreHas(long milliseconds, long expected)
    {
        CoreFeeder feeder = new(Limits);

        feeder.Add(Lease(0, milliseconds, secondsPerIndex: 0.001), _effects);

        Assert.Equal(expected, Starts()[0].Run.Range.Count);
    }

    [Fact]
    public void Run_FollowsTheCostThatIsMeasured()
    {
        CoreFeeder feeder = new(Limits);
        feeder.Add(Lease(0, 10_000_000, secondsPerIndex: 0.001), _effects);
        for (int i = 0; i < 20; i++)
        {
            FeederEffect oldest = Starts()[0];
            _effects.Remove(oldest);
            feeder.End(oldest.Place, Ended(TimeSpan.FromMicroseconds(10) * oldest.Run.Range.Count), _effects);
        }

        Assert.InRange(Starts()[^1].Run.Range.Count, 7900, 8010);
    }

    [Fact]
    public void Run_HasInputsThatFitTogether()
    {
        CoreFeeder feeder = new(Limits with { InputBytesMax = 250 });

        feeder.Add(Lease(0, 100, secondsPerIndex: 1e-6, inputBytes: 100), _effects);

        Assert.Equal([2, 2], Starts().Select(s => s.Run.Range.Count));
    }

    [Fact]
    public void Merge_GoesBeforeWhatIsToBeRun()
    {
        CoreFeeder feeder = new(Limits);
        feeder.Add(Lease(0, 10, secondsPerIndex: 0.001), _effects);
        CoreLease merge = Lease(0, 1, secondsPerIndex: 0, isMerge: true);
        feeder.Add(merge, _effects);
        _effects.Clear();

        feeder.End(0, Ended(TimeSpan.FromMilliseconds(2)), _effects);

        Assert.Same(merge, Assert.Single(Starts()).Run.Lease);
    }

    [Fact]
    public void Ends_OutOfOrder_AreToldInTheOrderOfTheRuns()
    {
        CoreFeeder feeder = new(Limits);
        feeder.Add(Lease(0, 8, secondsPerIndex: 0.001), _effects);
        long[] begins = [.. Starts().Select(s => s.Run.Range.Begin)];
        _effects.Clear();

        feeder.End(1, Ended(TimeSpan.Zero), _effects);
        Assert.Empty(_effects);
        feeder.End(0, Ended(TimeSpan.Zero), _effects);

        Assert.Equal(
            begins, _effects.Where(e => e.Kind == FeederEffectKind.Report).Select(e => e.Run.Range.Begin));
    }

    [Fact]
    public void Drop_StopsItsRunsAndTellsNothingOfThem()
    {
        CoreFeeder feeder = new(Limits);
        CoreLease dropped = Lease(0, 8, secondsPerIndex: 0.001);
        CoreLease other = Lease(8, 16, secondsPerIndex: 0.001);
        feeder.Add(dropped, _effects);
        feeder.Add(other, _effects);
        _effects.Clear();

        feeder.Drop(dropped, _effects);
        Assert.Equal([0, 1], _effects.Where(e => e.Kind == FeederEffectKind.Stop).Select(e => e.Place));
        _effects.Clear();
        feeder.End(0, new RunEnd(RunEndKind.Stopped), _effects);
        feeder.End(1, Ended(TimeSpan.Zero), _effects);

        Assert.DoesNotContain(_effects, e => e.Kind == FeederEffectKind.Report);
        Assert.All(Starts(), s => Assert.Same(other, s.Run.Lease));
        Assert.Equal(2, feeder.RunCount);
    }

    [Fact]
    public void Lost_NothingMoreOfTheLeaseIsTried()
    {
        CoreFeeder feeder = new(Limits);
        feeder.Add(Lease(0, 800, secondsPerIndex: 0.001), _effects);
        _effects.Clear();

        feeder.End(0, new RunEnd(RunEndKind.Lost, Detail: "gone"), _effects);

        Assert.Equal(1, Assert.Single(_effects, e => e.Kind == FeederEffectKind.Stop).Place);
        Assert.Equal(RunEndKind.Lost, Assert.Single(_effects, e => e.Kind == FeederEffectKind.Report).Run.End.Kind);
        Assert.Empty(Starts());
    }

    [Fact]
    public void Pause_LetsRunsEndAndBeginsNone()
    {
        CoreFeeder feeder = new(Limits);
        feeder.Add(Lease(0, 1000, secondsPerIndex: 0.001), _effects);
        feeder.Pause(true, _effects);
        _effects.Clear();
        feeder.End(0, Ended(TimeSpan.Zero), _effects);
        feeder.End(1, Ended(TimeSpan.Zero), _effects);
        Assert.Empty(Starts());

        feeder.Pause(false, _effects);

        Assert.Equal(2, Starts().Length);
    }

    // Goal: whatever a thief takes meanwhile, each index is run once, by the core or by whoever has the stolen part.
    [Fact]
    public void Runs_WhileTailsAreTaken_AreEachIndexOnce()
    {
        for (ulong seed = 1; seed <= 200; seed++)
        {
            Prng prng = new(seed);
            CoreFeeder feeder = new(Limits);
            CoreLease lease = Lease(0, 500, secondsPerIndex: 0.001 * (1 + prng.Below(5)));
            int[] counts = new int[500];
            _effects.Clear();
            feeder.Add(lease, _effects);
            while (feeder.RunCount > 0)
            {
                if (prng.Below(4) == 0)
                {
                    IndexRange left = lease.Left.Left;
                    Count(counts, lease.Left.TakeBack(left.Begin + (left.Count / 2)));
                }

                FeederEffect[] starts = Starts();
                _effects.Clear();
                Array.ForEach(starts, s => Count(counts, s.Run.Range));
                foreach (FeederEffect start in starts)
                {
                    feeder.End(start.Place, Ended(TimeSpan.FromMilliseconds(prng.Below(40))), _effects);
                }
            }

            Count(counts, lease.Left.Left);
            Assert.All(counts, c => Assert.Equal(1, c));
        }
    }

    private static void Count(int[] counts, IndexRange range)
    {
        for (long i = range.Begin; i < range.End; i++)
        {
            counts[i]++;
        }
    }

    private static RunEnd Ended(TimeSpan busy) => new(RunEndKind.Completed, Busy: busy);

    private FeederEffect[] Starts() => [.. _effects.Where(e => e.Kind == FeederEffectKind.Start)];

    private CoreLease Lease(
        long begin, long end, double secondsPerIndex, long inputBytes = 0, bool isMerge = false)
    {
        Grant grant = new() { Lease = ++_lastLease, Job = 1, Begin = begin, End = end };
        if (inputBytes > 0)
        {
            grant.Inputs.Add(Enumerable.Repeat(
                new Input { Name = "i", Digest = Link.SampleFrames.Digest(1), SizeBytes = inputBytes },
                (int)(end - begin)));
        }

        DeviceJob job = new(new JobId(1), DeviceHarness.Describe(CombineKind.Lines), 1, TimeSpan.Zero);
        DeviceLease lease = new(new LeaseNumber(_lastLease), grant, job, new HeldBytes());
        LeasingEffect granted = new(
            LeasingEffectKind.Grant, new WorkId(1), Lease: new LeaseId(_lastLease), Range: new IndexRange(begin, end));
        return new CoreLease(
            granted, new CoreWork(new WorkId(1), lease, isMerge ? 1 : 0), secondsPerIndex, long.MaxValue);
    }
}
