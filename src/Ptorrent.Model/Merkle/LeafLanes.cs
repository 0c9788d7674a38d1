using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Ptorrent.Model.Identity;

namespace Ptorrent.Model.Merkle;

/// <summary>
/// SHA-256 of many blocks at once, a block a lane: leaves do not depend on each other, so a processor with vectors of
/// 512 bits hashes sixteen in about the time of four. Source: FIPS 180-4, section 6.2; lanes as in Gueron and Krasnov,
/// "Simultaneous hashing of multiple messages" (2012).
/// </summary>
internal static class LeafLanes
{
    /// <summary>The most blocks that are hashed at once.</summary>
    public const int CountMax = 16;

    /// <summary>Fewer blocks than this are hashed sooner one by one.</summary>
    public const int CountMin = 5;

    private const int MessageBytes = 64;
    private const int WordCount = 16;
    private const int StateCount = 8;
    private const int RoundCount = 64;

    private static readonly uint[] Start =
    [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    ];

    private static readonly uint[] Rounds =
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <summary>Whether this processor can.</summary>
    public static bool IsSupported => Avx512BW.IsSupported;

    /// <summary>Hashes whole blocks of <see cref="MerkleHasher.BlockBytes"/> that lie one after another.</summary>
    /// <param name="blocks">Up to <see cref="CountMax"/> of them.</param>
    /// <param name="hashes">The hashes, 32 bytes each, in their order.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Hash(ReadOnlySpan<byte> blocks, Span<byte> hashes)
    {
        int count = blocks.Length / MerkleHasher.BlockBytes;
        Invariant.Holds(count is > 0 and <= CountMax && blocks.Length == count * MerkleHasher.BlockBytes);
        Span<Vector512<uint>> state = stackalloc Vector512<uint>[StateCount];
        Span<Vector512<uint>> words = stackalloc Vector512<uint>[RoundCount];
        for (int i = 0; i < StateCount; i++)
        {
            state[i] = Vector512.Create(Start[i]);
        }

        for (int at = 0; at < MerkleHasher.BlockBytes; at += MessageBytes)
        {
            for (int lane = 0; lane < CountMax; lane++)
            {
                // A lane without a block hashes the first one once more.
                int block = lane < count ? lane : 0;
                ReadOnlySpan<byte> message = blocks.Slice((block * MerkleHasher.BlockBytes) + at, MessageBytes);
                words[lane] = Vector512.Create<byte>(message).AsUInt32();
            }

            ToWords(words);
            Compress(state, words);
        }

        Pad(words);
        Compress(state, words);
        for (int lane = 0; lane < count; lane++)
        {
            for (int i = 0; i < StateCount; i++)
            {
                BinaryPrimitives.WriteUInt32BigEndian(
                    hashes[((lane * Digest.ByteCount) + (i * sizeof(uint)))..], state[i][lane]);
            }
        }
    }

    /// <summary>What ends a message of one block: a bit, zeros, and its length in bits.</summary>
    private static void Pad(Span<Vector512<uint>> words)
    {
        words[..WordCount].Clear();
        words[0] = Vector512.Create(0x80000000);
        words[WordCount - 1] = Vector512.Create((uint)MerkleHasher.BlockBytes * 8);
    }

    /// <summary>From a lane's bytes in each vector to one word of all lanes in each: the words' bytes are turned round,
    /// and rows become columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToWords(Span<Vector512<uint>> rows)
    {
        Vector512<byte> turn = Vector512.Create(
            Vector256.Create(Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)));
        Span<Vector512<ulong>> pairs = stackalloc Vector512<ulong>[WordCount];
        for (int i = 0; i < WordCount; i += 2)
        {
            Vector512<uint> even = Avx512BW.Shuffle(rows[i].AsByte(), turn).AsUInt32();
            Vector512<uint> odd = Avx512BW.Shuffle(rows[i + 1].AsByte(), turn).AsUInt32();
            pairs[i] = Avx512F.UnpackLow(even, odd).AsUInt64();
            pairs[i + 1] = Avx512F.UnpackHigh(even, odd).AsUInt64();
        }

        for (int i = 0; i < WordCount; i += 4)
        {
            rows[i] = Avx512F.UnpackLow(pairs[i], pairs[i + 2]).AsUInt32();
            rows[i + 1] = Avx512F.UnpackHigh(pairs[i], pairs[i + 2]).AsUInt32();
            rows[i + 2] = Avx512F.UnpackLow(pairs[i + 1], pairs[i + 3]).AsUInt32();
            rows[i + 3] = Avx512F.UnpackHigh(pairs[i + 1], pairs[i + 3]).AsUInt32();
        }

        const byte Even = 0x88;
        const byte Odd = 0xdd;
        for (int i = 0; i < 4; i++)
        {
            Vector512<uint> frontEven = Avx512F.Shuffle4x128(rows[i], rows[i + 4], Even);
            Vector512<uint> frontOdd = Avx512F.Shuffle4x128(rows[i], rows[i + 4], Odd);
            Vector512<uint> backEven = Avx512F.Shuffle4x128(rows[i + 8], rows[i + 12], Even);
            Vector512<uint> backOdd = Avx512F.Shuffle4x128(rows[i + 8], rows[i + 12], Odd);
            rows[i] = Avx512F.Shuffle4x128(frontEven, backEven, Even);
            rows[i + 4] = Avx512F.Shuffle4x128(frontOdd, backOdd, Even);
            rows[i + 8] = Avx512F.Shuffle4x128(frontEven, backEven, Odd);
            rows[i + 12] = Avx512F.Shuffle4x128(frontOdd, backOdd, Odd);
        }
    }

    /// <summary>Takes in a message of each lane: sixteen words, and room for those that are made of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Compress(Span<Vector512<uint>> state, Span<Vector512<uint>> words)
    {
        for (int i = WordCount; i < words.Length; i++)
        {
            Vector512<uint> before = words[i - 15];
            Vector512<uint> last = words[i - 2];
            words[i] = words[i - 16] + words[i - 7]
                + Xor(Right(before, 7), Right(before, 18), before >>> 3)
                + Xor(Right(last, 17), Right(last, 19), last >>> 10);
        }

        Vector512<uint> a = state[0], b = state[1], c = state[2], d = state[3];
        Vector512<uint> e = state[4], f = state[5], g = state[6], h = state[7];
        ReadOnlySpan<uint> rounds = Rounds;
        for (int i = 0; i <= RoundCount - StateCount; i += StateCount)
        {
            ReadOnlySpan<uint> round = rounds.Slice(i, StateCount);
            ReadOnlySpan<Vector512<uint>> word = words.Slice(i, StateCount);
            Turn(a, b, c, ref d, e, f, g, ref h, Vector512.Create(round[0]) + word[0]);
            Turn(h, a, b, ref c, d, e, f, ref g, Vector512.Create(round[1]) + word[1]);
            Turn(g, h, a, ref b, c, d, e, ref f, Vector512.Create(round[2]) + word[2]);
            Turn(f, g, h, ref a, b, c, d, ref e, Vector512.Create(round[3]) + word[3]);
            Turn(e, f, g, ref h, a, b, c, ref d, Vector512.Create(round[4]) + word[4]);
            Turn(d, e, f, ref g, h, a, b, ref c, Vector512.Create(round[5]) + word[5]);
            Turn(c, d, e, ref f, g, h, a, ref b, Vector512.Create(round[6]) + word[6]);
            Turn(b, c, d, ref e, f, g, h, ref a, Vector512.Create(round[7]) + word[7]);
        }

        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }

    /// <summary>A round, whose variables change their places instead of their values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(
        Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, ref Vector512<uint> d,
        Vector512<uint> e, Vector512<uint> f, Vector512<uint> g, ref Vector512<uint> h,
        Vector512<uint> word)
    {
        // What does not hang on the round before is added first.
        Vector512<uint> known = h + word;
        Vector512<uint> change = Xor(Right(e, 6), Right(e, 11), Right(e, 25)) + Choice(e, f, g);
        h = known + (Xor(Right(a, 2), Right(a, 13), Right(a, 22)) + Majority(a, b, c)) + change;
        d = d + known + change;
    }

    // The control of a ternary function is its truth table: the results for the inputs 000 to 111, lowest bit first.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Xor(Vector512<uint> x, Vector512<uint> y, Vector512<uint> z) =>
        Avx512F.TernaryLogic(x, y, z, 0b1001_0110);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Choice(Vector512<uint> x, Vector512<uint> y, Vector512<uint> z) =>
        Avx512F.TernaryLogic(x, y, z, 0b1100_1010);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Majority(Vector512<uint> x, Vector512<uint> y, Vector512<uint> z) =>
        Avx512F.TernaryLogic(x, y, z, 0b1110_1000);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Right(Vector512<uint> x, [ConstantExpected] byte bits) =>
        Avx512F.RotateRight(x, bits);
}
