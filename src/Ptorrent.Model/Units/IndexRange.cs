using System.Globalization;
using System.Text.Json.Serialization;

namespace Ptorrent.Model.Units;

/// <summary>The indices from <see cref="Begin"/> up to but not including <see cref="End"/>; 0 ≤ Begin ≤ End.</summary>
public readonly record struct IndexRange
{
    /// <exception cref="ArgumentOutOfRangeException">Begin is negative or End is before it.</exception>
    [JsonConstructor]
    public IndexRange(long begin, long end)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(begin);
        ArgumentOutOfRangeException.ThrowIfLessThan(end, begin);
        Begin = begin;
        End = end;
    }

    /// <summary>The first index.</summary>
    public long Begin { get; }

    /// <summary>One past the last index.</summary>
    public long End { get; }

    /// <summary>How many indices.</summary>
    [JsonIgnore]
    public long Count => End - Begin;

    /// <summary>Whether there are none.</summary>
    [JsonIgnore]
    public bool IsEmpty => Begin == End;

    /// <summary>Reads <c>A..B</c>, two whole numbers in decimal, A ≤ B.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out IndexRange range)
    {
        range = default;
        int dots = text.IndexOf("..", StringComparison.Ordinal);
        if (dots < 0
            || !long.TryParse(text[..dots], NumberStyles.None, CultureInfo.InvariantCulture, out long begin)
            || !long.TryParse(text[(dots + 2)..], NumberStyles.None, CultureInfo.InvariantCulture, out long end)
            || end < begin)
        {
            return false;
        }

        range = new IndexRange(begin, end);
        return true;
    }

    /// <summary>Whether <paramref name="index"/> is one of the indices.</summary>
    public bool Contains(long index) => index >= Begin && index < End;

    /// <summary>Whether all of <paramref name="other"/> lies inside.</summary>
    public bool Covers(IndexRange other) => other.Begin >= Begin && other.End <= End;

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Begin}..{End}");
}
