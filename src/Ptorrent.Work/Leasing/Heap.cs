using System.Diagnostics.CodeAnalysis;
using Ptorrent.Model;

namespace Ptorrent.Work.Leasing;

/// <summary>
/// A binary heap whose items know their place: the first one is at hand at once, putting in, taking out and moving
/// after a change of key cost the logarithm of the count and allocate nothing once the heap has had its size.
/// </summary>
internal sealed class Heap<TItem, TOrder>
    where TItem : class
    where TOrder : IHeapOrder<TItem>
{
    private readonly List<TItem> _items = [];

    public int Count => _items.Count;

    public bool Contains(TItem item) => TOrder.PlaceOf(item) > 0;

    public bool TryPeek([NotNullWhen(true)] out TItem? first)
    {
        first = _items.Count > 0 ? _items[0] : null;
        return first is not null;
    }

    /// <summary>Puts the item in, or moves it to where its changed key belongs.</summary>
    public void Put(TItem item)
    {
        ref int place = ref TOrder.PlaceOf(item);
        if (place == 0)
        {
            _items.Add(item);
            place = _items.Count;
        }

        int at = place - 1;
        if (!Rise(at))
        {
            Sink(at);
        }
    }

    /// <summary>Takes the item out, if it is in.</summary>
    public void Remove(TItem item)
    {
        int at = TOrder.PlaceOf(item) - 1;
        if (at < 0)
        {
            return;
        }

        Invariant.Holds(ReferenceEquals(_items[at], item));
        TItem last = _items[^1];
        _items.RemoveAt(_items.Count - 1);
        TOrder.PlaceOf(item) = 0;
        if (!ReferenceEquals(last, item))
        {
            Set(at, last);
            if (!Rise(at))
            {
                Sink(at);
            }
        }
    }

    /// <summary>The first item that is accepted; looks only at those that were refused and their neighbours.</summary>
    public TItem? First<TState>(TState state, Func<TItem, TState, bool> accepts) => First(0, null, state, accepts);

    private TItem? First<TState>(int at, TItem? best, TState state, Func<TItem, TState, bool> accepts)
    {
        if (at >= _items.Count || (best is not null && !TOrder.IsBefore(_items[at], best)))
        {
            return best;
        }

        if (accepts(_items[at], state))
        {
            return _items[at];
        }

        return First((2 * at) + 2, First((2 * at) + 1, best, state, accepts), state, accepts);
    }

    private bool Rise(int at)
    {
        TItem item = _items[at];
        int from = at;
        while (at > 0)
        {
            int above = (at - 1) / 2;
            if (!TOrder.IsBefore(item, _items[above]))
            {
                break;
            }

            Set(at, _items[above]);
            at = above;
        }

        Set(at, item);
        return at != from;
    }

    private void Sink(int at)
    {
        TItem item = _items[at];
        while (true)
        {
            int below = (2 * at) + 1;
            if (below >= _items.Count)
            {
                break;
            }

            if (below + 1 < _items.Count && TOrder.IsBefore(_items[below + 1], _items[below]))
            {
                below++;
            }

            if (!TOrder.IsBefore(_items[below], item))
            {
                break;
            }

            Set(at, _items[below]);
            at = below;
        }

        Set(at, item);
    }

    private void Set(int at, TItem item)
    {
        _items[at] = item;
        TOrder.PlaceOf(item) = at + 1;
    }
}
