namespace Ptorrent.Simulation.Scale;

/// <summary>What a scale run is like.</summary>
internal sealed record ScaleOptions
{
    /// <summary>Hosts that take part, whether they are there or not.</summary>
    public int HostCount { get; init; } = 1000;

    /// <summary>How long the job would take if every host were there and undisturbed.</summary>
    public TimeSpan JobTime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The seed.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Whether hosts come and go.</summary>
    public bool HasChurn { get; init; } = true;

    /// <summary>Whether speeds are said wrong by up to 30 % and owners slow leases down.</summary>
    public bool HasNoise { get; init; } = true;

    /// <summary>Time that one index takes on a core of 4.2 · 10⁹ operations a second.</summary>
    public TimeSpan IndexTime { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>The time between two commits of a long lease: what is lost with a host is half of it.</summary>
    public TimeSpan CommitEvery { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>The share of hosts that vanish without a word, so that the harbor is never told.</summary>
    public double SilentShare { get; init; } = 0.5;

    /// <summary>Whether each second of the run and the leases that ended last are told as well.</summary>
    public bool HasProfile { get; init; }

    /// <summary>Work of one index.</summary>
    public double IndexFuel => 4.2e9 * IndexTime.TotalSeconds;
}
