using System.Collections.Immutable;
using Ptorrent.Simulation.Core;

namespace Ptorrent.Simulation.Scale;

/// <summary>A time in which a host is there.</summary>
/// <param name="Begin">When it comes.</param>
/// <param name="End">When it goes.</param>
/// <param name="IsSilentEnd">Whether it goes without a word.</param>
internal readonly record struct Session(TimeSpan Begin, TimeSpan End, bool IsSilentEnd);

/// <summary>A volunteer's machine: power from the list, availability from the distributions that were fitted to
/// SETI@home.</summary>
internal sealed class Host
{
    // Source: B. Javadi, D. Kondo, J.-M. Vincent, D. P. Anderson, "Discovering statistical models of availability in
    // large distributed systems", 2011. Hours.
    private const double AvailableShape = 0.393;
    private const double AvailableScale = 2.964;
    private const double AwayMu = -0.586;
    private const double AwaySigma = 2.844;
    private const double AwayHoursMax = 24;

    // The share of leases that the owner slows down, and the mean of what that does to their time.
    private const double SlowedLikelihood = 0.1;
    private const double SlowedLeast = 0.2;
    private const double SlowedMost = 0.6;

    private readonly Dice _dice;
    private readonly bool _hasNoise;

    public Host(int number, (int Cores, double GigaPerSecond) power, ScaleOptions options, Dice dice)
    {
        Number = number;
        Cores = power.Cores;
        CoreRate = power.GigaPerSecond * 1e9;
        _dice = dice;
        _hasNoise = options.HasNoise;
        ClaimedCoreRate = CoreRate * (options.HasNoise ? dice.Between(0.7, 1.3) : 1);
        OneWay = TimeSpan.FromSeconds(dice.Between(0.05, 0.15));
        Sessions = options.HasChurn ? DrawSessions(dice, options) : [new(TimeSpan.Zero, TimeSpan.MaxValue, false)];
    }

    /// <summary>The share of its power that a host has on average while leases are slowed down.</summary>
    public static double MeanShare { get; } =
        1 / (1 - SlowedLikelihood
            + (SlowedLikelihood * Math.Log(SlowedMost / SlowedLeast) / (SlowedMost - SlowedLeast)));

    /// <summary>The moment at which the job is submitted: before it hosts have come and gone for long.</summary>
    public static TimeSpan JobBegin { get; } = TimeSpan.FromHours(2000);

    public int Number { get; }

    public int Cores { get; }

    /// <summary>Operations a second of one core.</summary>
    public double CoreRate { get; }

    /// <summary>What it says of that.</summary>
    public double ClaimedCoreRate { get; }

    /// <summary>Half of the round trip to the harbor.</summary>
    public TimeSpan OneWay { get; }

    /// <summary>When it is there, from the job's begin on or just before.</summary>
    public ImmutableArray<Session> Sessions { get; }

    /// <summary>The share of its power that the next lease gets.</summary>
    public double DrawShare() =>
        _hasNoise && _dice.Happens(SlowedLikelihood) ? _dice.Between(SlowedLeast, SlowedMost) : 1;

    private static ImmutableArray<Session> DrawSessions(Dice dice, ScaleOptions options)
    {
        // Renewed from a random moment long before, so that ages and what is left of sessions are as they are met.
        TimeSpan horizon = JobBegin + (options.JobTime * 30);
        TimeSpan at = TimeSpan.FromHours(dice.Between(0, 48.0));
        List<Session> sessions = [];
        while (at < horizon)
        {
            TimeSpan end = at + TimeSpan.FromHours(Math.Min(dice.Weibull(AvailableShape, AvailableScale), 1e5));
            if (end > JobBegin)
            {
                sessions.Add(new Session(at, end, dice.Happens(options.SilentShare)));
            }

            at = end + TimeSpan.FromHours(Math.Min(dice.LogNormal(AwayMu, AwaySigma), AwayHoursMax));
        }

        return [.. sessions];
    }
}
