using Ptorrent.Work.Leasing;

namespace Ptorrent.Tests.Work;

/// <summary>What a <see cref="FluidNetwork"/> is like.</summary>
internal sealed record FluidOptions
{
    public ulong Seed { get; init; } = 1;

    public LeasingLimits Limits { get; init; } = LeasingLimits.Wire;

    public int HostCount { get; init; } = 100;

    /// <summary>How long all hosts together need if nothing is lost.</summary>
    public double IdealSeconds { get; init; } = 60;

    public double RoundTripMin { get; init; } = 0.1;

    public double RoundTripMax { get; init; } = 0.3;

    /// <summary>Hosts say that they are faster or slower than they are by up to this share.</summary>
    public double SpeedError { get; init; } = 0.3;

    /// <summary>The share of leases that run at 0.2 to 0.6 of the host's speed.</summary>
    public double SlowShare { get; init; } = 0.1;

    /// <summary>How long a host is there; zero for ever. Another one comes for each that goes.</summary>
    public double MeanOnlineSeconds { get; init; }

    /// <summary>The share of hosts that go without a word.</summary>
    public double SilentShare { get; init; } = 0.5;

    /// <summary>After how long the line of such a host is known to be cut.</summary>
    public double SilentSeconds { get; init; } = 60;

    /// <summary>How long a host computes before it commits the first prefix of a lease.</summary>
    public double FirstCommitSeconds { get; init; } = 15;

    /// <summary>How long it waits between two prefixes.</summary>
    public double CommitSeconds { get; init; } = 15;
}
