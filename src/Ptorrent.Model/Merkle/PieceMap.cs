using System.Numerics;

namespace Ptorrent.Model.Merkle;

/// <summary>Which pieces of a blob somebody has. As bytes: piece i is bit i modulo 8, from the lowest, of byte i / 8.
/// Not for several threads.</summary>
public sealed class PieceMap
{
    private const int BitsPerByte = 8;

    private readonly byte[] _bits;

    /// <summary>Begins with none of <paramref name="count"/> pieces.</summary>
    public PieceMap(int count)
    {
        Count = count;
        _bits = new byte[ByteCount(count)];
    }

    private PieceMap(int count, byte[] bits)
    {
        Count = count;
        _bits = bits;
        HeldCount = bits.Sum(b => BitOperations.PopCount(b));
    }

    /// <summary>How many pieces the blob has.</summary>
    public int Count { get; }

    /// <summary>How many of them are here.</summary>
    public int HeldCount { get; private set; }

    /// <summary>Whether all are here.</summary>
    public bool IsWhole => HeldCount == Count;

    /// <summary>Whether a piece is here.</summary>
    public bool this[int piece] => ((_bits[piece / BitsPerByte] >> (piece % BitsPerByte)) & 1) != 0;

    /// <summary>A map with all pieces.</summary>
    public static PieceMap Whole(int count)
    {
        PieceMap map = new(count);
        for (int i = 0; i < count; i++)
        {
            map.Add(i);
        }

        return map;
    }

    /// <summary>Reads a map of <paramref name="count"/> pieces.</summary>
    /// <returns>Null where it has another length, or bits beyond the last piece.</returns>
    public static PieceMap? TryRead(ReadOnlySpan<byte> bytes, int count)
    {
        bool isGood = bytes.Length == ByteCount(count)
            && (count % BitsPerByte == 0 || bytes[^1] >> (count % BitsPerByte) == 0);
        return isGood ? new PieceMap(count, bytes.ToArray()) : null;
    }

    /// <summary>Notes that a piece is here.</summary>
    /// <returns>False where it was before.</returns>
    public bool Add(int piece)
    {
        if (this[piece])
        {
            return false;
        }

        _bits[piece / BitsPerByte] |= (byte)(1 << (piece % BitsPerByte));
        HeldCount++;
        return true;
    }

    /// <summary>The map as it travels.</summary>
    public byte[] ToByteArray() => [.. _bits];

    private static int ByteCount(int count) => (count + BitsPerByte - 1) / BitsPerByte;
}
