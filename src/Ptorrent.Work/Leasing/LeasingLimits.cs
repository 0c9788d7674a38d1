namespace Ptorrent.Work.Leasing;

/// <summary>How a node sizes its leases. Leases are a target of time; indices follow from measured speed.</summary>
public sealed record LeasingLimits
{
    /// <summary>Between a harbor and its agents.</summary>
    public static LeasingLimits Wire { get; } = new()
    {
        LeaseTimeMin = TimeSpan.FromMilliseconds(250),
        LeaseTimeMax = TimeSpan.FromSeconds(60),
        Order = WorkOrder.Fair,
    };

    /// <summary>
    /// Between a device and its cores. The upper bound keeps calls short, so that V8 puts optimised code in place (it
    /// replaces no function that is running) and cancelling is quick.
    /// </summary>
    public static LeasingLimits Core { get; } = new()
    {
        LeaseTimeMin = TimeSpan.FromMilliseconds(2),
        LeaseTimeMax = TimeSpan.FromMilliseconds(40),
        Order = WorkOrder.Oldest,
    };

    /// <summary>The shortest lease worth its message.</summary>
    public required TimeSpan LeaseTimeMin { get; init; }

    /// <summary>The longest lease.</summary>
    public required TimeSpan LeaseTimeMax { get; init; }

    /// <summary>Which work is served next.</summary>
    public required WorkOrder Order { get; init; }

    /// <summary>
    /// The share of the remaining time that one lease may take, so that leases shrink towards the end of the work.
    /// Above 0, at most 1. Default a quarter.
    /// </summary>
    public double RemainingShare { get; init; } = 0.25;

    /// <summary>
    /// Leases that a child may hold for each of its slots: the one at work and those that are there when it is done, so
    /// that it never waits for the next. Default 2.
    /// </summary>
    public int Depth { get; init; } = 2;

    /// <summary>
    /// A lease has at most this many times the indices of its class that have come back, so that one unlike index does
    /// not mislead. Default 8.
    /// </summary>
    public int GrowthMax { get; init; } = 8;
}
