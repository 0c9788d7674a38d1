using Ptorrent.Model;

namespace Ptorrent.Work.Leasing;

/// <summary>How a node sizes its leases and what it does when they are late. Leases are a target of time; indices
/// follow from measured speed. Why each number is what it is: docs/design/leasing.md.</summary>
public sealed record LeasingLimits
{
    /// <summary>Between a harbor and its agents.</summary>
    public static LeasingLimits Wire { get; } = new()
    {
        LeaseTimeMin = TimeSpan.FromMilliseconds(250),
        LeaseTimeMax = TimeSpan.FromSeconds(120),
        LeadTimeMin = TimeSpan.FromMilliseconds(20),
        RevokeTimeMin = TimeSpan.FromMilliseconds(50),
        LateTimeMin = TimeSpan.FromMilliseconds(50),
        RoundTripAssumed = TimeSpan.FromMilliseconds(100),
        RoundTripMax = TimeSpan.FromSeconds(2),
        SlackMin = TimeSpan.FromSeconds(2),
        AnswerTimeMin = TimeSpan.FromSeconds(1),
        TwinShareMax = 0.05,
        RemainingShare = 0.8,
        GuessShare = 0.25,
        Order = WorkOrder.Fair,
    };

    /// <summary>
    /// Between a device and its cores. The upper bound keeps calls short, so that V8 puts optimised code in place (it
    /// replaces no function that is running) and cancelling is quick. There is no way to travel. No lease is granted a
    /// second time: an executor that hangs is killed by the sandbox, which then says so.
    /// </summary>
    public static LeasingLimits Core { get; } = new()
    {
        LeaseTimeMin = TimeSpan.FromMilliseconds(2),
        LeaseTimeMax = TimeSpan.FromMilliseconds(40),
        LeadTimeMin = TimeSpan.FromMilliseconds(40),
        RevokeTimeMin = TimeSpan.FromMilliseconds(1),
        LateTimeMin = TimeSpan.FromSeconds(1),
        RoundTripAssumed = TimeSpan.Zero,
        RoundTripMax = TimeSpan.Zero,
        SlackMin = TimeSpan.FromSeconds(2),
        AnswerTimeMin = TimeSpan.FromSeconds(1),
        TwinShareMax = 0,
        Order = WorkOrder.Oldest,
    };

    /// <summary>The shortest lease worth its fixed cost (start, messages): at least fifty times that.</summary>
    public required TimeSpan LeaseTimeMin { get; init; }

    /// <summary>The longest lease.</summary>
    public required TimeSpan LeaseTimeMax { get; init; }

    /// <summary>A child that will have nothing to do after this is given more, at the latest.</summary>
    public required TimeSpan LeadTimeMin { get; init; }

    /// <summary>A tail is not asked back for less than this between the ends of two children.</summary>
    public required TimeSpan RevokeTimeMin { get; init; }

    /// <summary>The least time past its expected end before a child is late.</summary>
    public required TimeSpan LateTimeMin { get; init; }

    /// <summary>The way to a child and back while nothing is known of it.</summary>
    public required TimeSpan RoundTripAssumed { get; init; }

    /// <summary>The longest way to a child and back that is believed; zero where there is none.</summary>
    public required TimeSpan RoundTripMax { get; init; }

    /// <summary>The least time past its expected end before a child is overdue.</summary>
    public required TimeSpan SlackMin { get; init; }

    /// <summary>The least time that a child has to answer a revoke.</summary>
    public required TimeSpan AnswerTimeMin { get; init; }

    /// <summary>The share of a work's fuel that may be spent on granting leases a second time. Zero: none is.</summary>
    public required double TwinShareMax { get; init; }

    /// <summary>Which work is served next.</summary>
    public required WorkOrder Order { get; init; }

    /// <summary>
    /// The share of the remaining time that one lease may take, so that leases shrink towards the end of the work.
    /// Above 0, at most 1. Default a quarter.
    /// </summary>
    public double RemainingShare { get; init; } = 0.25;

    /// <summary>A lease is at most this many times as long as its child has been here. Default 1.</summary>
    public double AgeShare { get; init; } = 1;

    /// <summary>A lease takes at least this many round trips, so that its messages are few; but for the end, where
    /// there is not so much for all. Default 20.</summary>
    public double RoundTripsMin { get; init; } = 20;

    /// <summary>A tail is not asked back for less than this many times the ways to both children and back. Default
    /// 2.</summary>
    public double RevokeRoundTrips { get; init; } = 2;

    /// <summary>Past its expected end a child has this share of the time of its lease before it is late. Default
    /// 0.01.</summary>
    public double LateShare { get; init; } = 0.01;

    /// <summary>Past its expected end a child has this many times the time of its lease before it is overdue. Default
    /// 1.</summary>
    public double SlackShare { get; init; } = 1;

    /// <summary>
    /// Leases that a child may hold for each of its slots: the one at work and those that are there when it is done, so
    /// that it never waits for the next. More where the way is longer than a lease. Default 2.
    /// </summary>
    public int Depth { get; init; } = 2;

    /// <summary>
    /// A lease has at most this many times the indices of its class that have come back, so that one unlike index does
    /// not mislead. Default 8.
    /// </summary>
    public int GrowthMax { get; init; } = 8;

    /// <summary>
    /// While the cost is unknown, a child has this share of its part of the work behind its first indices, so that it
    /// goes on while what those tell is on its way. Zero: one index for each slot again. Below 1. Default 0.
    /// </summary>
    public double GuessShare { get; init; }

    /// <summary>Checks that the limits make sense together.</summary>
    /// <exception cref="InvariantException">One does not; the message is the rule.</exception>
    public void Validate()
    {
        Invariant.Holds(LeaseTimeMin > TimeSpan.Zero && LeaseTimeMin <= LeaseTimeMax);
        Invariant.Holds(LeadTimeMin >= TimeSpan.Zero && RevokeTimeMin > TimeSpan.Zero);
        Invariant.Holds(RoundTripAssumed >= TimeSpan.Zero && RoundTripAssumed <= RoundTripMax);
        Invariant.Holds(LateTimeMin >= TimeSpan.Zero && LateShare >= 0 && RevokeRoundTrips >= 0);
        Invariant.Holds(SlackMin > TimeSpan.Zero && SlackShare >= 0 && AnswerTimeMin > TimeSpan.Zero);
        Invariant.Holds(TwinShareMax is >= 0 and < 1);
        Invariant.Holds(GuessShare is >= 0 and < 1);
        Invariant.Holds(RemainingShare is > 0 and <= 1 && AgeShare > 0);
        Invariant.Holds(RoundTripsMin >= 0 && Depth > 0 && GrowthMax > 1);
    }
}
