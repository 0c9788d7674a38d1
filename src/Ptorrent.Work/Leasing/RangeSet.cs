using Ptorrent.Model;
using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <summary>A set of indices kept as disjoint ranges, neighbours joined. Costs depend on the number of gaps
/// only.</summary>
internal sealed class RangeSet
{
    // Ascending by begin; no two overlap or touch. Gaps come from lost leases only, so the list stays short.
    private readonly List<IndexRange> _ranges = [];

    /// <summary>How many indices.</summary>
    public long Count { get; private set; }

    public bool IsEmpty => _ranges.Count == 0;

    /// <summary>Puts in a range of which no index is in.</summary>
    public void Add(IndexRange range)
    {
        if (range.IsEmpty)
        {
            return;
        }

        int at = FirstBeginningAtOrAfter(range.Begin);
        bool joinsLeft = at > 0 && _ranges[at - 1].End == range.Begin;
        bool joinsRight = at < _ranges.Count && _ranges[at].Begin == range.End;
        Invariant.Holds(at == 0 || _ranges[at - 1].End <= range.Begin);
        Invariant.Holds(at == _ranges.Count || _ranges[at].Begin >= range.End);

        Count += range.Count;
        if (joinsLeft && joinsRight)
        {
            _ranges[at - 1] = new IndexRange(_ranges[at - 1].Begin, _ranges[at].End);
            _ranges.RemoveAt(at);
        }
        else if (joinsLeft)
        {
            _ranges[at - 1] = new IndexRange(_ranges[at - 1].Begin, range.End);
        }
        else if (joinsRight)
        {
            _ranges[at] = new IndexRange(range.Begin, _ranges[at].End);
        }
        else
        {
            _ranges.Insert(at, range);
        }
    }

    /// <summary>Takes out the lowest indices, contiguous, at most <paramref name="countMax"/> of them.</summary>
    public IndexRange TakeFront(long countMax)
    {
        Invariant.Holds(!IsEmpty && countMax > 0);
        IndexRange first = _ranges[0];
        if (first.Count <= countMax)
        {
            _ranges.RemoveAt(0);
            Count -= first.Count;
            return first;
        }

        _ranges[0] = new IndexRange(first.Begin + countMax, first.End);
        Count -= countMax;
        return new IndexRange(first.Begin, first.Begin + countMax);
    }

    /// <summary>Takes out the indices from <paramref name="from"/> up to <paramref name="end"/> as far as they are in
    /// without a gap before the end; says where those that are left end.</summary>
    public long CutTail(long from, long end)
    {
        if (IsEmpty || _ranges[^1].End != end)
        {
            return end;
        }

        IndexRange last = _ranges[^1];
        long cutTo = Math.Clamp(from, last.Begin, end);
        if (cutTo == last.Begin)
        {
            _ranges.RemoveAt(_ranges.Count - 1);
        }
        else
        {
            _ranges[^1] = new IndexRange(last.Begin, cutTo);
        }

        Count -= end - cutTo;
        return cutTo;
    }

    /// <summary>Takes out the first contiguous piece of what lies inside <paramref name="wanted"/>; false where no
    /// index does.</summary>
    public bool TryTakeWithin(IndexRange wanted, out IndexRange taken)
    {
        int at = FirstBeginningAtOrAfter(wanted.Begin);
        if (at > 0 && _ranges[at - 1].End > wanted.Begin)
        {
            at--;
        }

        taken = default;
        if (wanted.IsEmpty || at == _ranges.Count || _ranges[at].Begin >= wanted.End)
        {
            return false;
        }

        IndexRange range = _ranges[at];
        taken = new IndexRange(Math.Max(range.Begin, wanted.Begin), Math.Min(range.End, wanted.End));
        _ranges.RemoveAt(at);
        Count -= range.Count;
        Add(new IndexRange(taken.End, range.End));
        Add(new IndexRange(range.Begin, taken.Begin));
        return true;
    }

    private int FirstBeginningAtOrAfter(long index)
    {
        int low = 0;
        int high = _ranges.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_ranges[middle].Begin < index)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
