using System.Collections.Immutable;
using Ptorrent.Model.Units;
using Ptorrent.Simulation.Core;

namespace Ptorrent.Simulation.Scale;

/// <summary>What every way to hand out work has in common: hosts that come and go, computing as a flow, and the
/// accounts.</summary>
internal abstract class ScaleRun
{
    private readonly Capacity _capacity = new();
    private readonly Capacity _idle = new();
    private double _burnt;
    private double _counted;

    protected ScaleRun(ScaleOptions options, ImmutableArray<Host> hosts)
    {
        Options = options;
        Hosts = hosts;
        double rate = hosts.Sum(h => h.Cores * h.CoreRate);
        IndexCount = (long)(rate * options.JobTime.TotalSeconds / options.IndexFuel);
    }

    /// <summary>Indices of the job.</summary>
    public long IndexCount { get; }

    protected ScaleOptions Options { get; }

    protected ImmutableArray<Host> Hosts { get; }

    protected Schedule Schedule { get; } = new();

    /// <summary>Messages so far.</summary>
    protected long MessageCount { get; set; }

    /// <summary>Whether the harbor has everything.</summary>
    protected bool IsDone { get; set; }

    /// <summary>Whether the job is there.</summary>
    protected bool HasBegun { get; private set; }

    protected abstract string Name { get; }

    protected virtual string Notes => string.Empty;

    /// <summary>Where time and messages go.</summary>
    protected ScaleProfile Profile { get; } = new();

    /// <summary>Hands the job to the harbor and waits for its end.</summary>
    public ScaleResult Run()
    {
        foreach (Host host in Hosts)
        {
            foreach (Session session in host.Sessions)
            {
                Schedule.At(session.Begin, () => Come(host, session));
                if (session.End < TimeSpan.MaxValue)
                {
                    Schedule.At(session.End, () => Go(host, session));
                }
            }
        }

        TimeSpan begin = Options.HasChurn ? Host.JobBegin : TimeSpan.FromSeconds(1);
        TimeSpan last = begin + (Options.JobTime * 29);
        Schedule.At(begin, () =>
        {
            HasBegun = true;
            Submit();
        });
        while (!IsDone && Schedule.Step(last))
        {
        }

        double fuel = IndexCount * Options.IndexFuel;
        if (Options.HasProfile)
        {
            Profile.Print(begin, Schedule.Now, _capacity, _idle);
        }

        return new ScaleResult(
            Name,
            Schedule.Now - begin,
            _capacity.TimeFor(fuel, begin),
            MessageCount,
            Hosts.Sum(h => h.Sessions.Sum(s => MinutesIn(s, begin, Schedule.Now))),
            Math.Max(0, (_burnt - _counted) / fuel),
            IsDone ? Notes : "NOT DONE; " + Notes);
    }

    /// <summary>The job is there.</summary>
    protected abstract void Submit();

    /// <summary>A host comes.</summary>
    protected abstract void OnCome(Host host);

    /// <summary>A host goes.</summary>
    protected abstract void OnGo(Host host, bool isSilent);

    /// <summary>A host's power is another for as long as a lease takes.</summary>
    protected void ChangeShare(Host host, double from, double to) =>
        _capacity.Change(Schedule.Now, (to - from) * host.Cores * host.CoreRate);

    /// <summary>Books what a host burnt.</summary>
    protected void Burn(double indices) => _burnt += indices * Options.IndexFuel;

    /// <summary>Books what the harbor took.</summary>
    protected void CountIn(long indices) => _counted += indices * Options.IndexFuel;

    /// <summary>Time of a host for some indices at a share of its power; few indices leave cores idle.</summary>
    protected TimeSpan TimeFor(Host host, long indices, double share) =>
        TimeSpan.FromSeconds(Math.Max(1, (double)indices / host.Cores) * Options.IndexFuel / (host.CoreRate * share));

    private static double MinutesIn(Session session, TimeSpan begin, TimeSpan end)
    {
        TimeSpan from = session.Begin > begin ? session.Begin : begin;
        TimeSpan to = session.End < end ? session.End : end;
        return to > from ? (to - from).TotalMinutes : 0;
    }

    private double IdleShare => Options.HasNoise ? Host.MeanShare : 1;

    private void Come(Host host, Session session)
    {
        ChangeShare(host, 0, IdleShare);
        ChangeIdle(host, IdleShare);
        OnCome(host);
    }

    private void Go(Host host, Session session)
    {
        OnGo(host, session.IsSilentEnd);
        ChangeShare(host, IdleShare, 0);
        ChangeIdle(host, -IdleShare);
    }

    /// <summary>A host begins a lease with this share of its power.</summary>
    protected void BeginShare(Host host, double share)
    {
        ChangeShare(host, IdleShare, share);
        ChangeIdle(host, -IdleShare);
    }

    /// <summary>It ends it.</summary>
    protected void EndShare(Host host, double share)
    {
        ChangeShare(host, share, IdleShare);
        ChangeIdle(host, IdleShare);
    }

    private void ChangeIdle(Host host, double change) =>
        _idle.Change(Schedule.Now, change * host.Cores * host.CoreRate);
}
