using System.Security.Cryptography;
using Ptorrent.Model.Identity;

namespace Ptorrent.Model.Merkle;

/// <summary>
/// The SHA-256 Merkle tree of a byte string, computed while the bytes pass by. Leaves are the hashes of 16-KiB blocks
/// (the last one may be shorter); a parent is the hash of its two children; the row of leaves is filled up with zero
/// hashes to a power of two. One leaf is its own root; no bytes at all have the root of one empty block.
/// Source of the layout: BEP 52 (BitTorrent v2), "pieces root" and "piece layers".
/// Holds at most one hash a level, so any length costs under 20 KiB, and 32 bytes a piece where pieces are kept.
/// Allocates nothing while bytes pass. Not for several threads.
/// </summary>
public sealed class MerkleHasher
{
    /// <summary>Bytes in a block under one leaf.</summary>
    public const int BlockBytes = 16 * 1024;

    private const int LevelCountMax = 51;
    private const int HashBytes = Digest.ByteCount;

    private readonly byte[] _block = new byte[BlockBytes];
    private readonly List<Digest>? _pieces;

    // The left child that waits at a level for its right one; it does where the count of leaves has that bit.
    private readonly byte[] _waiting = new byte[LevelCountMax * HashBytes];
    private int _blockLength;
    private long _leafCount;
    private long _sizeBytes;

    /// <summary>Begins with no bytes.</summary>
    /// <param name="keepsPieces">Whether <see cref="FinishPieces"/> will be asked for.</param>
    public MerkleHasher(bool keepsPieces = false) => _pieces = keepsPieces ? [] : null;

    /// <summary>The root over <paramref name="bytes"/>.</summary>
    public static Digest RootOf(ReadOnlySpan<byte> bytes) => RootOf(bytes, levelMin: 0);

    /// <summary>Takes the next bytes; keeps no reference to them.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        _sizeBytes += bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (_blockLength == 0 && bytes.Length >= BlockBytes)
            {
                int taken = AddLeaves(bytes);
                bytes = bytes[taken..];
                continue;
            }

            int filled = Math.Min(bytes.Length, BlockBytes - _blockLength);
            bytes[..filled].CopyTo(_block.AsSpan(_blockLength));
            _blockLength += filled;
            bytes = bytes[filled..];
            if (_blockLength == BlockBytes)
            {
                FlushBlock();
            }
        }
    }

    /// <summary>The root over all that was appended. The hasher is spent afterwards.</summary>
    public Digest Finish() => Finish(levelMin: 0);

    /// <summary>The root over all that was appended, and the hashes of its pieces under it. The hasher is spent
    /// afterwards.</summary>
    public PieceLayer FinishPieces()
    {
        Invariant.Holds(_pieces is not null);
        Digest root = Finish();
        return new PieceLayer(root, _sizeBytes, _sizeBytes <= PieceLayer.PieceBytes ? [root] : [.. _pieces]);
    }

    /// <summary>The hash at a level over bytes that are at most all under it; leaves that are missing are
    /// zero.</summary>
    internal static Digest RootOf(ReadOnlySpan<byte> bytes, int levelMin)
    {
        if (bytes.Length <= BlockBytes && levelMin == 0)
        {
            Span<byte> leaf = stackalloc byte[HashBytes];
            SHA256.HashData(bytes, leaf);
            return new Digest(leaf);
        }

        MerkleHasher hasher = new();
        hasher.Append(bytes);
        return hasher.Finish(levelMin);
    }

    /// <summary>The root over hashes that all are of one level, in their order.</summary>
    internal static Digest RootOver(ReadOnlySpan<Digest> hashes, int level)
    {
        Span<byte> padding = stackalloc byte[HashBytes];
        padding.Clear();
        for (int i = 0; i < level; i++)
        {
            Join(padding, padding, padding);
        }

        Span<byte> left = stackalloc byte[HashBytes];
        Span<byte> right = stackalloc byte[HashBytes];
        Digest[] row = hashes.ToArray();
        for (int count = row.Length; count > 1; count = (count + 1) / 2)
        {
            for (int i = 0; i < count; i += 2)
            {
                row[i].CopyTo(left);
                padding.CopyTo(right);
                if (i + 1 < count)
                {
                    row[i + 1].CopyTo(right);
                }

                Join(left, right, left);
                row[i / 2] = new Digest(left);
            }

            Join(padding, padding, padding);
        }

        return row[0];
    }

    private static void Join(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> destination)
    {
        Span<byte> both = stackalloc byte[2 * HashBytes];
        left.CopyTo(both);
        right.CopyTo(both[HashBytes..]);
        SHA256.HashData(both, destination);
    }

    private Digest Finish(int levelMin)
    {
        if (_blockLength > 0 || _leafCount == 0)
        {
            FlushBlock();
        }

        int top = Math.Max(TopLevel(), levelMin);
        bool isCarried = false;
        Span<byte> carried = stackalloc byte[HashBytes];
        Span<byte> padding = stackalloc byte[HashBytes];
        padding.Clear();
        for (int level = 0; level < top; level++)
        {
            // A level has a waiting left child, a carried right child, both, or neither; a missing right one is
            // padding.
            if (isCarried && level == PieceLayer.PieceLevel)
            {
                _pieces?.Add(new Digest(carried));
            }

            if (IsWaiting(level))
            {
                Join(Waiting(level), isCarried ? carried : padding, carried);
                isCarried = true;
            }
            else if (isCarried)
            {
                Join(carried, padding, carried);
            }

            Join(padding, padding, padding);
        }

        return new Digest(isCarried ? carried : Waiting(top));
    }

    private void FlushBlock()
    {
        AddLeaf(_block.AsSpan(0, _blockLength));
        _blockLength = 0;
    }

    /// <summary>Adds as many whole blocks as are hashed best at once; returns how many bytes these are.</summary>
    private int AddLeaves(ReadOnlySpan<byte> bytes)
    {
        int count = Math.Min(bytes.Length / BlockBytes, LeafLanes.CountMax);
        if (!LeafLanes.IsSupported || count < LeafLanes.CountMin)
        {
            AddLeaf(bytes[..BlockBytes]);
            return BlockBytes;
        }

        Span<byte> hashes = stackalloc byte[LeafLanes.CountMax * HashBytes];
        LeafLanes.Hash(bytes[..(count * BlockBytes)], hashes);
        for (int i = 0; i < count; i++)
        {
            AddHash(hashes.Slice(i * HashBytes, HashBytes));
        }

        return count * BlockBytes;
    }

    private void AddLeaf(ReadOnlySpan<byte> block)
    {
        Span<byte> hash = stackalloc byte[HashBytes];
        SHA256.HashData(block, hash);
        AddHash(hash);
    }

    /// <summary>Adds a leaf's hash, which is overwritten.</summary>
    private void AddHash(Span<byte> hash)
    {
        int level = 0;
        while (IsWaiting(level))
        {
            Join(Waiting(level), hash, hash);
            level++;
            if (level == PieceLayer.PieceLevel)
            {
                _pieces?.Add(new Digest(hash));
            }
        }

        hash.CopyTo(Waiting(level));
        _leafCount++;
    }

    private bool IsWaiting(int level) => ((_leafCount >> level) & 1) != 0;

    private Span<byte> Waiting(int level) => _waiting.AsSpan(level * HashBytes, HashBytes);

    /// <summary>The level of the root: the smallest power of two that holds all leaves.</summary>
    private int TopLevel()
    {
        int level = 0;
        while (1L << level < _leafCount)
        {
            level++;
        }

        return level;
    }
}
