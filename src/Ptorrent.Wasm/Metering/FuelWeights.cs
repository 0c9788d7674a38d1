namespace Ptorrent.Wasm.Metering;

/// <summary>Fuel that is not in the table of instructions (docs/design/metering.md, "Weights").</summary>
internal static class FuelWeights
{
    /// <summary>A function whose instructions cost no more together is paid by its callers.</summary>
    public const long FlatMax = 40;

    /// <summary>Bulk operations on memory cost their length in bytes times 2^this: engines copy many at once.</summary>
    public const int MemoryBytesShift = -3;

    /// <summary>Bulk operations on tables cost their count of elements times 2^this: engines check each.</summary>
    public const int TableElementsShift = 3;

    /// <summary>A page by which memory grows costs 2^this units.</summary>
    public const int GrownPageShift = 10;
}
