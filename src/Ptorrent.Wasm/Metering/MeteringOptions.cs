namespace Ptorrent.Wasm.Metering;

/// <summary>The bounds that the rewrite builds into a module.</summary>
public sealed record MeteringOptions
{
    /// <summary>The default of <see cref="StackUnitsMax"/>: with it, calls end by the meter before V8's stack of 984
    /// KiB is full (docs/design/metering.md, "Stack").</summary>
    public const int StackUnitsDefault = 450_000;

    /// <summary>Pages of 64 KiB that the memory may have. Default 8,192 (512 MiB); 1 to 65,536.</summary>
    public int MemoryPagesMax { get; init; } = 8_192;

    /// <summary>Stack units: about as many bytes of the engine's stack. 1 to 1,000,000,000.</summary>
    public int StackUnitsMax { get; init; } = StackUnitsDefault;

    /// <summary>
    /// Whether the module only watches for NaNs where else it would give each the same bits: it then runs faster, and
    /// traps after it has met one. A run of such a module counts only if it ends well; any other is to be repeated with
    /// the exact module (docs/design/metering.md, "NaN"). Default false.
    /// </summary>
    public bool WatchesNans { get; init; }
}
