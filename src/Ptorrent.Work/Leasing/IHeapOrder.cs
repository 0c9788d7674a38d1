namespace Ptorrent.Work.Leasing;

/// <summary>How a <see cref="Heap{TItem, TOrder}"/> orders its items and where each item keeps its place, so that it
/// can be found again without a search.</summary>
internal interface IHeapOrder<TItem>
    where TItem : class
{
    /// <summary>Whether <paramref name="left"/> comes out before <paramref name="right"/>; a total order, so that what
    /// comes out never depends on the order of insertion.</summary>
    static abstract bool IsBefore(TItem left, TItem right);

    /// <summary>The item's place in this heap, counted from 1; 0 while it is not in.</summary>
    static abstract ref int PlaceOf(TItem item);
}
