using Ptorrent.Model;

namespace Ptorrent.Work.Lines;

/// <summary>A piece of a file that holds a range of lines, and some before and behind it.</summary>
/// <param name="Offset">Where it begins, in bytes.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="LinesBefore">Lines in it before the range.</param>
/// <param name="LineCount">Lines of the range.</param>
public readonly record struct LinePiece(long Offset, int Bytes, int LinesBefore, long LineCount)
{
    /// <summary>The range's lines with their line feeds, as a slice of the piece.</summary>
    /// <param name="piece">The piece's bytes, all of them.</param>
    /// <exception cref="InvariantException">The bytes are not those that were indexed.</exception>
    public ReadOnlyMemory<byte> Cut(ReadOnlyMemory<byte> piece)
    {
        Invariant.Holds(piece.Length == Bytes);
        int begin = Skip(piece.Span, LinesBefore);
        int length = Skip(piece.Span[begin..], LineCount);
        return piece.Slice(begin, length);
    }

    /// <summary>Bytes of the first <paramref name="count"/> lines.</summary>
    private static int Skip(ReadOnlySpan<byte> bytes, long count)
    {
        int at = 0;
        for (long i = 0; i < count; i++)
        {
            Invariant.Holds(at < bytes.Length);
            int found = bytes[at..].IndexOf((byte)'\n');
            at = found < 0 ? bytes.Length : at + found + 1;
        }

        return at;
    }
}
