using System.Text;

namespace Ptorrent.Work.Combining;

/// <summary>
/// The lines with the largest numbers, the largest first; lines of one number are in the order of their texts' bytes.
/// A line is a number, or a number, a tab and a text.
/// </summary>
internal sealed class TopLines(int count) : IFold
{
    // Above the count, before the smallest are thrown out: not at each line, for that is a sort.
    private const int SurplusCountMin = 1024;

    private readonly List<Line> _lines = [];
    private long _bytes;

    // The last of the best lines at the last sort: what comes behind it need not be kept.
    private Line? _last;

    public void Append(ReadOnlySpan<byte> text)
    {
        while (Lines.TryTake(ref text, out ReadOnlySpan<byte> line))
        {
            Add(line);
        }
    }

    public byte[] ToSegment()
    {
        Cut();
        byte[] segment = new byte[_bytes];
        Span<byte> rest = segment;
        foreach (Line line in _lines)
        {
            line.Written.CopyTo(rest);
            rest = rest[line.Written.Length..];
        }

        return segment;
    }

    private void Add(ReadOnlySpan<byte> text)
    {
        int tab = text.IndexOf((byte)'\t');
        ExactDecimal number = ExactDecimal.Parse(tab < 0 ? text : text[..tab]);
        ReadOnlySpan<byte> comment = tab < 0 ? default : text[(tab + 1)..];
        if (_last is { } last && Compare(number, comment, last) >= 0)
        {
            return;
        }

        Line line = Line.Of(number, comment);
        _lines.Add(line);
        _bytes += line.Written.Length;
        if (_lines.Count >= Math.Max(2L * count, SurplusCountMin) || _bytes > 2 * Lines.BytesMax)
        {
            Cut();
        }
    }

    private void Cut()
    {
        _lines.Sort(static (left, right) => Compare(left.Number, left.Text, right));
        if (_lines.Count >= count)
        {
            _lines.RemoveRange(count, _lines.Count - count);
            _last = _lines[count - 1];
        }

        _bytes = _lines.Sum(line => (long)line.Written.Length);
        Lines.CheckBytes(_bytes);
    }

    private static int Compare(ExactDecimal number, ReadOnlySpan<byte> text, Line other)
    {
        int order = other.Number.CompareTo(number);
        return order != 0 ? order : text.SequenceCompareTo(other.Text);
    }

    /// <summary>A line.</summary>
    /// <param name="Number">What it begins with.</param>
    /// <param name="Written">The number in its one form, the text after a tab where there is one, a line feed.</param>
    /// <param name="TextAt">Where the text begins.</param>
    private readonly record struct Line(ExactDecimal Number, byte[] Written, int TextAt)
    {
        public ReadOnlySpan<byte> Text => Written.AsSpan()[TextAt..^1];

        public static Line Of(ExactDecimal number, ReadOnlySpan<byte> text)
        {
            string digits = number.ToString();
            int textAt = digits.Length + (text.IsEmpty ? 0 : 1);
            byte[] written = new byte[textAt + text.Length + 1];
            Encoding.ASCII.GetBytes(digits, written);
            written[digits.Length] = (byte)'\t';
            text.CopyTo(written.AsSpan(textAt));
            written[^1] = (byte)'\n';
            return new Line(number, written, textAt);
        }
    }
}
