using Ptorrent.Model.Randomness;

namespace Ptorrent.Tests.Wasm;

/// <summary>Makes a module a little different: the changes that break readers most often.</summary>
internal static class Mutation
{
    private const int ChangesMax = 4;
    private const int PieceBytesMax = 16;

    internal static byte[] Of(IReadOnlyList<byte[]> seeds, Prng random)
    {
        List<byte> bytes = [.. seeds[(int)random.Below(seeds.Count)]];
        byte[] other = seeds[(int)random.Below(seeds.Count)];
        for (long change = random.Below(ChangesMax) + 1; change > 0 && bytes.Count > 0; change--)
        {
            int at = (int)random.Below(bytes.Count);
            Change(bytes, at, other, random);
        }

        return [.. bytes];
    }

    private static void Change(List<byte> bytes, int at, byte[] other, Prng random)
    {
        int piece = (int)Math.Min(random.Below(PieceBytesMax) + 1, bytes.Count - at);
        switch (random.Below(8))
        {
            case 0:
                bytes[at] ^= (byte)(1 << (int)random.Below(8));
                break;
            case 1:
                bytes[at] = (byte)random.Below(256);
                break;
            case 2:
                bytes.Insert(at, (byte)random.Below(256));
                break;
            case 3:
                bytes.RemoveRange(at, piece);
                break;
            case 4:
                bytes.InsertRange(at, bytes.GetRange(at, piece));
                break;
            case 5:
                int from = (int)random.Below(other.Length);
                bytes.InsertRange(at, other[from..Math.Min(from + piece, other.Length)]);
                break;
            case 6:
                // A LEB128 number made longer, or as large as it can be.
                bytes[at] |= 0x80;
                bytes.InsertRange(at + 1, random.Below(2) == 0 ? [0x00] : [0xFF, 0xFF, 0xFF, 0x0F]);
                break;
            default:
                // Small numbers mean most: counts, indices, types.
                bytes[at] = (byte)(bytes[at] + random.Below(5) - 2 & 0xFF);
                break;
        }
    }
}
