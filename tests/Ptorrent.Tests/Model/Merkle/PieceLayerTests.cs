using Ptorrent.Model.Merkle;
using Xunit;

namespace Ptorrent.Tests.Model.Merkle;

public sealed class PieceLayerTests
{
    private const int Piece = PieceLayer.PieceBytes;

    [Theory]
    [InlineData(0, 1)]
    [InlineData(5000, 1)]
    [InlineData(Piece, 1)]
    [InlineData(Piece + 1, 2)]
    [InlineData(2 * Piece, 2)]
    [InlineData((3 * Piece) - 70_000, 3)]
    [InlineData(5 * Piece, 5)]
    [InlineData((6 * Piece) + 16_384, 7)]
    public void TryRead_WhatAHasherKept_VerifiesEachPieceAlone(int length, int count)
    {
        byte[] bytes = MerkleHasherTests.Bytes(length);
        MerkleHasher hasher = new(keepsPieces: true);
        hasher.Append(bytes);
        PieceLayer made = hasher.FinishPieces();

        Assert.Equal(MerkleHasher.RootOf(bytes), made.Root);
        Assert.True(PieceLayer.TryRead(made.ToByteArray(), made.Root, length, out PieceLayer? layer));
        Assert.Equal(count, layer.Count);
        for (int i = 0; i < count; i++)
        {
            byte[] piece = bytes[(i * Piece)..Math.Min(length, (i + 1) * Piece)];
            Assert.Equal(piece.Length, layer.LengthOf(i));
            Assert.True(layer.IsPiece(i, piece));
            if (piece.Length > 0)
            {
                Assert.False(layer.IsPiece(i, piece.AsSpan(1)));
                piece[piece.Length / 2] ^= 1;
                Assert.False(layer.IsPiece(i, piece));
            }
        }
    }

    [Fact]
    public void TryRead_OtherHashes_IsRefused()
    {
        byte[] bytes = MerkleHasherTests.Bytes(3 * Piece);
        MerkleHasher hasher = new(keepsPieces: true);
        hasher.Append(bytes);
        PieceLayer layer = hasher.FinishPieces();
        byte[] hashes = layer.ToByteArray();

        Assert.False(PieceLayer.TryRead(hashes.AsSpan(1), layer.Root, bytes.Length, out _));
        Assert.False(PieceLayer.TryRead(hashes.AsSpan(0, 64), layer.Root, bytes.Length, out _));
        Assert.False(PieceLayer.TryRead(hashes, layer.Root, bytes.Length + 1, out _));
        Assert.False(PieceLayer.TryRead([], layer.Root, 0, out _));
        hashes[40] ^= 1;
        Assert.False(PieceLayer.TryRead(hashes, layer.Root, bytes.Length, out _));
    }
}
