namespace Ptorrent.Agent.Device;

/// <summary>How a device handles its harbor's leases.</summary>
internal sealed record DeviceLimits
{
    /// <summary>Work that the device keeps at hand, as time of all its slots: the window that it announces. Default 20
    /// s.</summary>
    public TimeSpan WindowTime { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How far the measured speed moves before another window is announced, as a share. Default a
    /// quarter.</summary>
    public double WindowShareMin { get; init; } = 0.25;

    /// <summary>The least time between two commits of one lease, its last one apart. Default 100 ms.</summary>
    public TimeSpan CommitTimeMin { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Output, in bytes, that is committed without waiting for that time. Default 4 MiB.</summary>
    public long CommitBytesEager { get; init; } = 4L << 20;

    /// <summary>
    /// Output, in bytes, that may be held while some of it is on its way up; above, no run is started until the way up
    /// has caught up. Default 256 MiB.
    /// </summary>
    public long HeldBytesMax { get; init; } = 256L << 20;

    /// <summary>Pieces of a lease after which they are merged without waiting for its end. Default 64; at least
    /// 2.</summary>
    public int MergePieceCountEager { get; init; } = 64;

    /// <summary>Indices in one run of a program that takes one at a time: each is a call and an output. Default 4,096.
    /// </summary>
    public long ItemCountMax { get; init; } = 4096;

    /// <summary>Jobs without a lease whose program and cost are kept for the next one. Default 8.</summary>
    public int IdleJobCountMax { get; init; } = 8;
}
