using Ptorrent.Model.Units;

namespace Ptorrent.Work.Leasing;

/// <summary>
/// The indices of a work that nobody has. Those that a lost child had stand at the end of the line: if it comes back
/// soon, it finds them unbegun and goes on.
/// </summary>
internal sealed class WorkPool
{
    private readonly RangeSet _line = new();
    private RangeSet? _last;

    /// <summary>How many indices.</summary>
    public long Count => _line.Count + (_last?.Count ?? 0);

    public bool IsEmpty => Count == 0;

    /// <summary>Puts a range in its place in the line.</summary>
    public void Add(IndexRange range) => _line.Add(range);

    /// <summary>Puts a range at the end of the line.</summary>
    public void AddLast(IndexRange range)
    {
        _last ??= new RangeSet();
        _last.Add(range);
    }

    /// <summary>Takes out the next indices in line, contiguous, at most <paramref name="countMax"/> of them.</summary>
    public IndexRange TakeFront(long countMax) =>
        _line.IsEmpty ? _last!.TakeFront(countMax) : _line.TakeFront(countMax);

    /// <summary>Takes out the first contiguous piece of <paramref name="wanted"/>, at most <paramref name="countMax"/>
    /// indices of it; empty where nothing of it is in.</summary>
    public IndexRange TakeWithin(IndexRange wanted, long countMax)
    {
        IndexRange first = _line.FirstWithin(wanted);
        IndexRange last = _last?.FirstWithin(wanted) ?? default;
        bool isLast = first.IsEmpty || (!last.IsEmpty && last.Begin < first.Begin);
        IndexRange found = isLast ? last : first;
        if (found.IsEmpty)
        {
            return found;
        }

        IndexRange taken = found.Count <= countMax ? found : new IndexRange(found.Begin, found.Begin + countMax);
        (isLast ? _last! : _line).Remove(taken);
        return taken;
    }

    /// <summary>Takes out the indices from <paramref name="from"/> up to <paramref name="end"/> as far as they are in
    /// without a gap before the end; says where those that are left end.</summary>
    public long CutTail(long from, long end)
    {
        while (true)
        {
            long cutTo = _line.CutTail(from, end);
            cutTo = _last?.CutTail(from, cutTo) ?? cutTo;
            if (cutTo == end)
            {
                return end;
            }

            end = cutTo;
        }
    }
}
