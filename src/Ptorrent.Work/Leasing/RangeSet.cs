using Ptorrent.Model;
using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <summary>
/// A set of indices kept as disjoint ranges, neighbours joined. Costs depend on the number of gaps only, whatever the
/// number of indices. The ranges lie in blocks of bounded size, so that even with a hundred thousand gaps a change
/// moves one block's ranges only.
/// </summary>
internal sealed class RangeSet
{
    // A block that grows beyond this is halved; large enough that the list of blocks stays short.
    private const int BlockRangesMax = 512;

    // Ascending by begin, over all blocks; no two ranges overlap or touch; no block is empty but the only one.
    private readonly List<List<IndexRange>> _blocks = [[]];

    /// <summary>How many indices.</summary>
    public long Count { get; private set; }

    public bool IsEmpty => _blocks[0].Count == 0;

    /// <summary>Puts in a range of which no index is in.</summary>
    public void Add(IndexRange range)
    {
        if (range.IsEmpty)
        {
            return;
        }

        Count += range.Count;
        (int block, int at) = FirstEndingAtOrAfter(range.Begin);
        if (block == _blocks.Count)
        {
            Insert(block - 1, _blocks[block - 1].Count, range);
            return;
        }

        IndexRange found = _blocks[block][at];
        if (found.End != range.Begin)
        {
            Invariant.Holds(found.Begin >= range.End);
            bool touches = found.Begin == range.End;
            if (touches)
            {
                _blocks[block][at] = new IndexRange(range.Begin, found.End);
            }
            else
            {
                Insert(block, at, range);
            }

            return;
        }

        IndexRange joined = new(found.Begin, range.End);
        if (TryNext(block, at, out int nextBlock, out int nextAt))
        {
            IndexRange next = _blocks[nextBlock][nextAt];
            Invariant.Holds(next.Begin >= range.End);
            if (next.Begin == range.End)
            {
                joined = new IndexRange(found.Begin, next.End);
                RemoveAt(nextBlock, nextAt);
            }
        }

        _blocks[block][at] = joined;
    }

    /// <summary>Takes out the lowest indices, contiguous, at most <paramref name="countMax"/> of them.</summary>
    public IndexRange TakeFront(long countMax)
    {
        Invariant.Holds(!IsEmpty && countMax > 0);
        IndexRange first = _blocks[0][0];
        if (first.Count <= countMax)
        {
            RemoveAt(0, 0);
            Count -= first.Count;
            return first;
        }

        _blocks[0][0] = new IndexRange(first.Begin + countMax, first.End);
        Count -= countMax;
        return new IndexRange(first.Begin, first.Begin + countMax);
    }

    /// <summary>Takes out the indices from <paramref name="from"/> up to <paramref name="end"/> as far as they are in
    /// without a gap before the end; says where those that are left end.</summary>
    public long CutTail(long from, long end)
    {
        if (IsEmpty || from >= end || _blocks[^1][^1].End != end)
        {
            return end;
        }

        int block = _blocks.Count - 1;
        int at = _blocks[block].Count - 1;
        IndexRange last = _blocks[block][at];
        long cutTo = Math.Max(from, last.Begin);
        if (cutTo == last.Begin)
        {
            RemoveAt(block, at);
        }
        else
        {
            _blocks[block][at] = new IndexRange(last.Begin, cutTo);
        }

        Count -= end - cutTo;
        return cutTo;
    }

    /// <summary>The first contiguous piece of what lies inside <paramref name="wanted"/>; empty where no index
    /// does.</summary>
    public IndexRange FirstWithin(IndexRange wanted)
    {
        // A range that ends where the wanted one begins touches it only, hence the one after that index.
        (int block, int at) = wanted.IsEmpty ? (_blocks.Count, 0) : FirstEndingAtOrAfter(wanted.Begin + 1);
        if (block == _blocks.Count || _blocks[block][at].Begin >= wanted.End)
        {
            return default;
        }

        IndexRange found = _blocks[block][at];
        return new IndexRange(Math.Max(found.Begin, wanted.Begin), Math.Min(found.End, wanted.End));
    }

    /// <summary>Takes out a range of which every index is in.</summary>
    public void Remove(IndexRange range)
    {
        (int block, int at) = FirstEndingAtOrAfter(range.End);
        Invariant.Holds(block < _blocks.Count);
        IndexRange found = _blocks[block][at];
        Invariant.Holds(found.Covers(range) && !range.IsEmpty);
        RemoveAt(block, at);
        Count -= found.Count;
        Add(new IndexRange(found.Begin, range.Begin));
        Add(new IndexRange(range.End, found.End));
    }

    private void Insert(int block, int at, IndexRange range)
    {
        List<IndexRange> ranges = _blocks[block];
        ranges.Insert(at, range);
        if (ranges.Count > BlockRangesMax)
        {
            int half = ranges.Count / 2;
            _blocks.Insert(block + 1, ranges.GetRange(half, ranges.Count - half));
            ranges.RemoveRange(half, ranges.Count - half);
        }
    }

    private void RemoveAt(int block, int at)
    {
        _blocks[block].RemoveAt(at);
        if (_blocks[block].Count == 0 && _blocks.Count > 1)
        {
            _blocks.RemoveAt(block);
        }
    }

    private bool TryNext(int block, int at, out int nextBlock, out int nextAt)
    {
        bool isInBlock = at + 1 < _blocks[block].Count;
        nextBlock = isInBlock ? block : block + 1;
        nextAt = isInBlock ? at + 1 : 0;
        return nextBlock < _blocks.Count;
    }

    /// <summary>Where the first range is that ends at an index or later; past the last block where none does.</summary>
    private (int Block, int At) FirstEndingAtOrAfter(long index)
    {
        int low = 0;
        int high = IsEmpty ? 0 : _blocks.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _blocks[middle][^1].End < index ? (middle + 1, high) : (low, middle);
        }

        if (IsEmpty || low == _blocks.Count)
        {
            return (_blocks.Count, 0);
        }

        int block = low;
        List<IndexRange> ranges = _blocks[block];
        (low, high) = (0, ranges.Count - 1);
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = ranges[middle].End < index ? (middle + 1, high) : (low, middle);
        }

        return (block, low);
    }
}
