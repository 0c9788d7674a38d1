using Ptorrent.Model;
using Ptorrent.Model.Units;

namespace Ptorrent.Work.Ranges;

/// <summary>
/// What nobody has begun of a core's lease, as one atomic word: the owner takes granules from the front, a thief takes
/// the tail from the back, each by one compare-and-swap and without a lock.
/// The word holds two offsets of 32 bits from the lease's first index, because there is no compare-and-swap of 128
/// bits; so a core's lease has at most <see cref="CountMax"/> indices. Safe from the ABA problem: the front only grows
/// and the end only shrinks, so no value of the word ever comes again while there is anything to take.
/// Source of the idea: lazy binary splitting (A. Tzannes, G. C. Caragea, R. Barua, U. Vishkin, 2010): a range stays
/// whole until somebody wants a part of it. Safe for several threads.
/// </summary>
public sealed class CoreRange
{
    /// <summary>The most indices that one word can hold: 2^32 - 1.</summary>
    public const long CountMax = uint.MaxValue;

    private readonly long _origin;
    private ulong _word;

    /// <summary>Starts with all of <paramref name="range"/>.</summary>
    /// <exception cref="InvariantException">It has more than <see cref="CountMax"/> indices.</exception>
    public CoreRange(IndexRange range)
    {
        Invariant.Holds(range.Count <= CountMax);
        _origin = range.Begin;
        _word = Pack(0, (uint)range.Count);
    }

    /// <summary>What nobody has taken at this moment; another thread may take of it at once.</summary>
    public IndexRange Left
    {
        get
        {
            ulong word = Volatile.Read(ref _word);
            return new IndexRange(_origin + Front(word), _origin + Back(word));
        }
    }

    /// <summary>Takes indices from the front: the owner's way.</summary>
    /// <param name="countMax">At most so many, at least 1.</param>
    /// <returns>The indices; none where nothing is left.</returns>
    public IndexRange TakeFront(long countMax)
    {
        Invariant.Holds(countMax > 0);
        while (true)
        {
            ulong seen = Volatile.Read(ref _word);
            ulong next = WithoutFront(seen, countMax);
            if (TrySwap(seen, next))
            {
                return new IndexRange(_origin + Front(seen), _origin + Front(next));
            }
        }
    }

    /// <summary>Takes all indices from <paramref name="from"/> on that nobody has taken: a thief's way.</summary>
    /// <param name="from">The first index that is wanted.</param>
    /// <returns>The indices; they begin where the owner's part ends from now on, also where there are none.</returns>
    public IndexRange TakeBack(long from)
    {
        while (true)
        {
            ulong seen = Volatile.Read(ref _word);
            ulong next = WithoutBack(seen, from - _origin);
            if (TrySwap(seen, next))
            {
                return new IndexRange(_origin + Back(next), _origin + Back(seen));
            }
        }
    }

    /// <summary>The word after the owner took up to <paramref name="countMax"/> indices.</summary>
    internal static ulong WithoutFront(ulong word, long countMax)
    {
        uint front = Front(word);
        uint back = Back(word);
        return Pack(front + (uint)Math.Min(countMax, back - front), back);
    }

    /// <summary>The word after a thief took what lies at or behind the offset <paramref name="from"/>.</summary>
    internal static ulong WithoutBack(ulong word, long from)
    {
        uint front = Front(word);
        uint back = Back(word);
        return Pack(front, (uint)Math.Clamp(from, front, back));
    }

    internal static ulong Pack(uint front, uint back) => ((ulong)front << 32) | back;

    internal static uint Front(ulong word) => (uint)(word >> 32);

    internal static uint Back(ulong word) => (uint)(word & uint.MaxValue);

    private bool TrySwap(ulong seen, ulong next) =>
        next == seen || Interlocked.CompareExchange(ref _word, next, seen) == seen;
}
