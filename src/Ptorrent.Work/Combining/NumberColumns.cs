using System.Buffers;
using System.Text;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Segments;

namespace Ptorrent.Work.Combining;

/// <summary>Columns of numbers that are added, or of which the smallest or largest is kept.</summary>
internal sealed class NumberColumns(CombineKind kind) : IFold
{
    private const int ColumnCountMax = 1_000_000;

    private static readonly SearchValues<byte> WhiteSpace = SearchValues.Create(" \t\r\n\v\f"u8);

    private ExactDecimal[]? _columns;

    /// <summary>Takes in numbers separated by white space; none at all changes nothing.</summary>
    /// <exception cref="SegmentException">A word is no number, or there are more or fewer than before.</exception>
    public void Append(ReadOnlySpan<byte> text)
    {
        List<ExactDecimal> numbers = [];
        while (true)
        {
            int begin = text.IndexOfAnyExcept(WhiteSpace);
            if (begin < 0)
            {
                break;
            }

            text = text[begin..];
            int end = text.IndexOfAny(WhiteSpace);
            ReadOnlySpan<byte> word = end < 0 ? text : text[..end];
            if (numbers.Count == ColumnCountMax)
            {
                throw new SegmentException($"There are more than {ColumnCountMax} numbers.");
            }

            numbers.Add(ExactDecimal.Parse(word));
            text = text[word.Length..];
        }

        if (numbers.Count == 0)
        {
            return;
        }

        if (_columns is null)
        {
            _columns = [.. numbers];
            return;
        }

        if (numbers.Count != _columns.Length)
        {
            throw new SegmentException(
                $"There are {numbers.Count} numbers where other outputs have {_columns.Length}; "
                + "each output must have the same count.");
        }

        for (int i = 0; i < _columns.Length; i++)
        {
            _columns[i] = Combine(_columns[i], numbers[i]);
        }
    }

    public byte[] ToSegment() =>
        _columns is null ? [] : Encoding.ASCII.GetBytes(string.Join(' ', _columns.Select(c => c.ToString())));

    private ExactDecimal Combine(ExactDecimal left, ExactDecimal right) => kind switch
    {
        CombineKind.Sum => left + right,
        CombineKind.Min => left.CompareTo(right) <= 0 ? left : right,
        CombineKind.Max => left.CompareTo(right) >= 0 ? left : right,
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
