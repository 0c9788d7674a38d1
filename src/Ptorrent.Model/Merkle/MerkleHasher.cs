using System.Security.Cryptography;
using Ptorrent.Model.Identity;

namespace Ptorrent.Model.Merkle;

/// <summary>
/// The SHA-256 Merkle tree of a byte string, computed while the bytes pass by. Leaves are the hashes of 16-KiB blocks
/// (the last one may be shorter); a parent is the hash of its two children; the row of leaves is filled up with zero
/// hashes to a power of two. One leaf is its own root; no bytes at all have the root of one empty block.
/// Source of the layout: BEP 52 (BitTorrent v2), "pieces root".
/// Holds at most one hash a level, so any length costs under 2 KiB. Not for several threads.
/// </summary>
public sealed class MerkleHasher
{
    /// <summary>Bytes in a block under one leaf.</summary>
    public const int BlockBytes = 16 * 1024;

    private const int LevelCountMax = 51;

    private readonly byte[] _block = new byte[BlockBytes];
    private readonly byte[]?[] _waiting = new byte[]?[LevelCountMax];
    private int _blockLength;
    private long _leafCount;

    /// <summary>The root over <paramref name="bytes"/>.</summary>
    public static Digest RootOf(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length <= BlockBytes)
        {
            Span<byte> leaf = stackalloc byte[Digest.ByteCount];
            SHA256.HashData(bytes, leaf);
            return new Digest(leaf);
        }

        MerkleHasher hasher = new();
        hasher.Append(bytes);
        return hasher.Finish();
    }

    /// <summary>Takes the next bytes; keeps no reference to them.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_blockLength == 0 && bytes.Length >= BlockBytes)
            {
                AddLeaf(SHA256.HashData(bytes[..BlockBytes]));
                bytes = bytes[BlockBytes..];
                continue;
            }

            int taken = Math.Min(bytes.Length, BlockBytes - _blockLength);
            bytes[..taken].CopyTo(_block.AsSpan(_blockLength));
            _blockLength += taken;
            bytes = bytes[taken..];
            if (_blockLength == BlockBytes)
            {
                FlushBlock();
            }
        }
    }

    /// <summary>The root over all that was appended. The hasher is spent afterwards.</summary>
    public Digest Finish()
    {
        if (_blockLength > 0 || _leafCount == 0)
        {
            FlushBlock();
        }

        int top = TopLevel();
        byte[]? carried = null;
        byte[] padding = new byte[Digest.ByteCount];
        for (int level = 0; level < top; level++)
        {
            // A level has a waiting left child, a carried right child, both, or neither; a missing right one is
            // padding.
            byte[]? left = _waiting[level];
            carried = (left, carried) switch
            {
                (null, null) => null,
                (null, { } only) => Parent(only, padding),
                ({ } first, null) => Parent(first, padding),
                ({ } first, { } second) => Parent(first, second),
            };
            padding = Parent(padding, padding);
        }

        return new Digest(carried ?? _waiting[top]!);
    }

    private static byte[] Parent(byte[] left, byte[] right)
    {
        Span<byte> both = stackalloc byte[2 * Digest.ByteCount];
        left.CopyTo(both);
        right.CopyTo(both[Digest.ByteCount..]);
        return SHA256.HashData(both);
    }

    private void FlushBlock()
    {
        AddLeaf(SHA256.HashData(_block.AsSpan(0, _blockLength)));
        _blockLength = 0;
    }

    private void AddLeaf(byte[] hash)
    {
        _leafCount++;
        int level = 0;
        while (_waiting[level] is { } left)
        {
            hash = Parent(left, hash);
            _waiting[level] = null;
            level++;
        }

        _waiting[level] = hash;
    }

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
