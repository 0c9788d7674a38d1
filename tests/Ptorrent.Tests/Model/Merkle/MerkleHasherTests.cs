using System.Security.Cryptography;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Randomness;
using Xunit;

namespace Ptorrent.Tests.Model.Merkle;

public sealed class MerkleHasherTests
{
    private const int Block = MerkleHasher.BlockBytes;

    public static TheoryData<int> Lengths =>
    [
        0, 1, Block - 1, Block, Block + 1, 2 * Block, (2 * Block) + 1, (3 * Block) - 5, 5 * Block, 8 * Block,
        (63 * Block) + 9, 64 * Block, (64 * Block) + 1, 65 * Block, 100 * Block, 128 * Block, (200 * Block) - 1,
    ];

    // Goal: the root is the one of the definition. Method: build the tree naively, row by row.
    [Theory]
    [MemberData(nameof(Lengths))]
    public void RootOf_AnyLength_IsThatOfTheWholeTree(int length)
    {
        byte[] bytes = Bytes(length);
        Assert.Equal(NaiveRoot(bytes), MerkleHasher.RootOf(bytes));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Append_InPartsOfAnyLength_GivesTheSameRoot(int length)
    {
        byte[] bytes = Bytes(length);
        Prng prng = new(9);
        MerkleHasher hasher = new();
        for (int position = 0; position < length;)
        {
            int part = Math.Min(length - position, 1 + (int)prng.Below(3 * Block));
            hasher.Append(bytes.AsSpan(position, part));
            position += part;
        }

        Assert.Equal(MerkleHasher.RootOf(bytes), hasher.Finish());
    }

    [Fact]
    public void Append_OfManyBlocks_AllocatesNothing()
    {
        byte[] bytes = Bytes(64 * Block);
        MerkleHasher hasher = new();
        hasher.Append(bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 16; i++)
        {
            hasher.Append(bytes);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    internal static byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        new Prng((ulong)length + 1).Fill(bytes);
        return bytes;
    }

    private static Digest NaiveRoot(byte[] bytes)
    {
        List<byte[]> row = [.. bytes.Chunk(Block).Select(SHA256.HashData)];
        if (row.Count == 0)
        {
            row.Add(SHA256.HashData([]));
        }

        while (!int.IsPow2(row.Count))
        {
            row.Add(new byte[Digest.ByteCount]);
        }

        while (row.Count > 1)
        {
            row = [.. row.Chunk(2).Select(p => SHA256.HashData([.. p[0], .. p[1]]))];
        }

        return new Digest(row[0]);
    }
}
