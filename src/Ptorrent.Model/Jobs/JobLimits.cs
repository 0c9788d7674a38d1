using Ptorrent.Model.Units;

namespace Ptorrent.Model.Jobs;

/// <summary>What a job's program may use. Every limit holds for one index; a run over n indices gets n times the
/// fuel.</summary>
public sealed record JobLimits
{
    /// <summary>The smallest and the largest memory limit, in bytes: one WebAssembly page and all that 32 bits
    /// reach.</summary>
    public const long MemoryBytesLowest = 64 * 1024, MemoryBytesHighest = 4L << 30;

    /// <summary>Fuel for one index. Default 10^15, about half a day of one core. Above zero.</summary>
    public Fuel FuelMax { get; init; } = new(1_000_000_000_000_000);

    /// <summary>Linear memory, in bytes. Default 512 MiB. A multiple of 64 KiB is used: rounded down.</summary>
    public long MemoryBytesMax { get; init; } = 512L << 20;

    /// <summary>Wall-clock time for one run, after which the process is killed. Default one hour; 10 ms to 24
    /// h.</summary>
    public TimeSpan TimeMax { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Bytes of output, files included, for one index. Default 64 MiB; 1 byte to 256 MiB.</summary>
    public long OutputBytesMax { get; init; } = 64L << 20;
}
