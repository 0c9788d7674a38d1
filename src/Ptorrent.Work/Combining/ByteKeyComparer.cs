using System.Runtime.InteropServices;

namespace Ptorrent.Work.Combining;

/// <summary>Keys that are bytes; a span finds them without an array of its own.</summary>
internal sealed class ByteKeyComparer
    : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static ByteKeyComparer Instance { get; } = new();

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

    // The hash of strings is seeded anew in every process: nobody can choose keys that all meet. It is never stored and
    // nothing is ordered by it.
    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        int pairs = string.GetHashCode(MemoryMarshal.Cast<byte, char>(alternate), StringComparison.Ordinal);
        return alternate.Length % 2 == 0 ? pairs : pairs ^ (alternate[^1] << 8);
    }

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
}
