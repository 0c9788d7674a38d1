namespace Ptorrent.Wasm.Metering;

/// <summary>Fuel that is not in the table of instructions (docs/design/metering.md, "Weights").</summary>
internal static class FuelWeights
{
    /// <summary>A function whose instructions cost no more together is paid by its callers.</summary>
    public const long FlatMax = 40;

    /// <summary>Bulk operations on memory cost one unit for each 2^this bytes.</summary>
    public const int MemoryBytesShift = 3;

    /// <summary>A page by which memory grows costs 2^this units.</summary>
    public const int GrownPageShift = 10;
}
