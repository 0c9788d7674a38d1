namespace Ptorrent.Work.Leasing;

/// <summary>Items in the order in which they came, each of which can be taken out without a search. The items carry the
/// links themselves, so that nothing is allocated.</summary>
internal sealed class Chain<TItem, TLinks>
    where TItem : class
    where TLinks : IChainLinks<TItem>
{
    /// <summary>The oldest item.</summary>
    public TItem? First { get; private set; }

    /// <summary>The newest item.</summary>
    public TItem? Last { get; private set; }

    public int Count { get; private set; }

    public void Append(TItem item)
    {
        TLinks.PreviousOf(item) = Last;
        TLinks.NextOf(item) = null;
        if (Last is null)
        {
            First = item;
        }
        else
        {
            TLinks.NextOf(Last) = item;
        }

        Last = item;
        Count++;
    }

    /// <summary>Takes out an item that is in.</summary>
    public void Remove(TItem item)
    {
        (TItem? previous, TItem? next) = (TLinks.PreviousOf(item), TLinks.NextOf(item));
        if (previous is null)
        {
            First = next;
        }
        else
        {
            TLinks.NextOf(previous) = next;
        }

        if (next is null)
        {
            Last = previous;
        }
        else
        {
            TLinks.PreviousOf(next) = previous;
        }

        Count--;
    }
}
