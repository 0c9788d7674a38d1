using Ptorrent.Model.Units;

namespace Ptorrent.Simulation.Checks;

/// <summary>Which indices there are, as the plainest thing that is right: disjoint ranges, ascending. Shares no code
/// with what is checked.</summary>
internal sealed class Coverage
{
    private readonly List<IndexRange> _ranges = [];

    /// <summary>How many indices there are.</summary>
    public long Count { get; private set; }

    /// <summary>Whether any index of a range is there.</summary>
    public bool Meets(IndexRange range)
    {
        int at = FirstEndingAfter(range.Begin);
        return at < _ranges.Count && _ranges[at].Begin < range.End;
    }

    /// <summary>Whether all of a range is there.</summary>
    public bool Covers(IndexRange range)
    {
        int at = FirstEndingAfter(range.Begin);
        return range.IsEmpty || (at < _ranges.Count && _ranges[at].Covers(range));
    }

    /// <summary>Adds a range of which nothing is there; neighbours are joined.</summary>
    public void Add(IndexRange range)
    {
        int at = FirstEndingAfter(range.Begin);
        (long begin, long end) = (range.Begin, range.End);
        if (at < _ranges.Count && _ranges[at].Begin == end)
        {
            end = _ranges[at].End;
            _ranges.RemoveAt(at);
        }

        if (at > 0 && _ranges[at - 1].End == begin)
        {
            begin = _ranges[at - 1].Begin;
            _ranges.RemoveAt(--at);
        }

        _ranges.Insert(at, new IndexRange(begin, end));
        Count += range.Count;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", _ranges);

    private int FirstEndingAfter(long index)
    {
        int low = 0;
        int high = _ranges.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _ranges[middle].End <= index ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
