using Ptorrent.Work.Leasing;

namespace Ptorrent.Agent.Device;

/// <summary>How a device handles its harbor's leases.</summary>
internal sealed record DeviceLimits
{
    /// <summary>Work that the device keeps at hand, as time of all its slots: the window that it announces. Default 30
    /// s.</summary>
    public TimeSpan WindowTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How far the measured speed moves before another window is announced, as a share. Default a
    /// quarter.</summary>
    public double WindowShareMin { get; init; } = 0.25;

    /// <summary>How leases are cut for the cores: so long that the decider has little to do, as what a core has not
    /// begun can be taken from it at any time.</summary>
    public LeasingLimits Cores { get; init; } =
        LeasingLimits.Core with { LeaseTimeMax = TimeSpan.FromMilliseconds(400) };

    /// <summary>How the cores' leases are cut into runs.</summary>
    public FeederLimits Feeder { get; init; } = new();

    /// <summary>The least time between two commits of one lease, its last one apart. Default 100 ms.</summary>
    public TimeSpan CommitTimeMin { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// The most time between two commits of one lease: what may be lost with a device against what commits cost.
    /// Default 40 s.
    /// </summary>
    public TimeSpan CommitTimeMax { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>The time between two commits as a share of the time that the device has worked on the job: who has
    /// waited little wants to see something soon, and a device that is lost takes no more than this share of its work
    /// with it. Default a quarter.</summary>
    public double CommitShare { get; init; } = 0.25;

    /// <summary>Output, in bytes, that waits no longer than <see cref="CommitTimeMin"/>: over a slow line it is long on
    /// its way, and the harbor is to see that something comes. Default 32 KiB.</summary>
    public long CommitBytesSoon { get; init; } = 32 << 10;

    /// <summary>Output, in bytes, that is committed without waiting for that time. Default 4 MiB.</summary>
    public long CommitBytesEager { get; init; } = 4L << 20;

    /// <summary>
    /// Output, in bytes, that may be held while some of it waits for the harbor; above, no run is started until the
    /// harbor has caught up. Default 256 MiB.
    /// </summary>
    public long HeldBytesMax { get; init; } = 256L << 20;

    /// <summary>How long after a failed upload the next is begun. Default 1 s.</summary>
    public TimeSpan UploadRetryTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Uploads of one commit that may fail on one link before its lease is given back. Default 5.</summary>
    public int UploadFailedCountMax { get; init; } = 5;

    /// <summary>Pieces of a lease after which they are merged without waiting for its end. Default 64; at least
    /// 2.</summary>
    public int MergePieceCountEager { get; init; } = 64;

    /// <summary>Indices in one run of a program that takes one at a time: each is a call and an output. Default 4,096.
    /// </summary>
    public long ItemCountMax { get; init; } = 4096;

    /// <summary>Jobs without a lease whose program and cost are kept for the next one. Default 8.</summary>
    public int IdleJobCountMax { get; init; } = 8;
}
