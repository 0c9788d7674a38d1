using Ptorrent.Model.Segments;

namespace Ptorrent.Work.Combining;

/// <summary>What the ways to combine that work on lines have in common.</summary>
internal static class Lines
{
    /// <summary>Bytes of the combined lines of one segment.</summary>
    public const long BytesMax = 256L << 20;

    /// <summary>Takes the first line off the front of <paramref name="rest"/>, without its line feed; empty lines are
    /// passed over.</summary>
    /// <returns>False where there is none.</returns>
    public static bool TryTake(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> line)
    {
        rest = rest.TrimStart((byte)'\n');
        int end = rest.IndexOf((byte)'\n');
        line = end < 0 ? rest : rest[..end];
        rest = rest[line.Length..];
        return !line.IsEmpty;
    }

    /// <summary>Holds the lines of a segment to <see cref="BytesMax"/>.</summary>
    /// <exception cref="SegmentException">They are more.</exception>
    public static void CheckBytes(long bytes)
    {
        if (bytes > BytesMax)
        {
            throw new SegmentException($"The combined lines have more than {BytesMax} bytes.");
        }
    }
}
