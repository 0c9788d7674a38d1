using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Ptorrent.Model.Identity;

namespace Ptorrent.Model.Merkle;

/// <summary>
/// The hashes of a blob's pieces: the row of its Merkle tree six levels above the leaves, so that a piece of 1 MiB can
/// be verified alone. A blob of one piece has its digest as the only hash.
/// </summary>
public sealed class PieceLayer
{
    /// <summary>Bytes in a piece; the last one may be shorter.</summary>
    public const int PieceBytes = MerkleHasher.BlockBytes << PieceLevel;

    /// <summary>How far above the leaves the row is.</summary>
    internal const int PieceLevel = 6;

    private readonly ImmutableArray<Digest> _pieces;

    internal PieceLayer(Digest root, long sizeBytes, ImmutableArray<Digest> pieces)
    {
        Invariant.Holds(pieces.Length == CountOf(sizeBytes));
        Root = root;
        SizeBytes = sizeBytes;
        _pieces = pieces;
    }

    /// <summary>The blob.</summary>
    public Digest Root { get; }

    /// <summary>The blob's length in bytes.</summary>
    public long SizeBytes { get; }

    /// <summary>How many pieces there are, at least one.</summary>
    public int Count => _pieces.Length;

    /// <summary>How many pieces a blob of a length has.</summary>
    public static int CountOf(long sizeBytes) => checked((int)Math.Max(1, (sizeBytes + PieceBytes - 1) / PieceBytes));

    /// <summary>Reads the layer of a blob as it travels: the hashes, 32 bytes each, one after another.</summary>
    /// <returns>False where these are not the hashes under <paramref name="root"/> of a blob of that length.</returns>
    public static bool TryRead(
        ReadOnlySpan<byte> bytes, Digest root, long sizeBytes, [NotNullWhen(true)] out PieceLayer? layer)
    {
        layer = null;
        if (bytes.Length != CountOf(sizeBytes) * (long)Digest.ByteCount)
        {
            return false;
        }

        Digest[] pieces = new Digest[bytes.Length / Digest.ByteCount];
        for (int i = 0; i < pieces.Length; i++)
        {
            pieces[i] = new Digest(bytes.Slice(i * Digest.ByteCount, Digest.ByteCount));
        }

        if (MerkleHasher.RootOver(pieces, PieceLevel) != root)
        {
            return false;
        }

        layer = new PieceLayer(root, sizeBytes, [.. pieces]);
        return true;
    }

    /// <summary>The layer as it travels.</summary>
    public byte[] ToByteArray()
    {
        byte[] bytes = new byte[Count * Digest.ByteCount];
        for (int i = 0; i < Count; i++)
        {
            _pieces[i].CopyTo(bytes.AsSpan(i * Digest.ByteCount));
        }

        return bytes;
    }

    /// <summary>The length of a piece in bytes.</summary>
    public int LengthOf(int piece) => (int)Math.Min(PieceBytes, SizeBytes - OffsetOf(piece));

    /// <summary>Where a piece begins in the blob, in bytes.</summary>
    public static long OffsetOf(int piece) => (long)piece * PieceBytes;

    /// <summary>Whether these bytes are a piece.</summary>
    public bool IsPiece(int piece, ReadOnlySpan<byte> bytes) =>
        bytes.Length == LengthOf(piece)
        && MerkleHasher.RootOf(bytes, Count == 1 ? 0 : PieceLevel) == _pieces[piece];
}
