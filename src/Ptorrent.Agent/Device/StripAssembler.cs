using Ptorrent.Model;
using Ptorrent.Model.Units;

namespace Ptorrent.Agent.Device;

/// <summary>
/// Puts the pieces of a lease into the order of their indices. Several cores bring them, each in order within its
/// strip; so a piece is either next, or at the end of its strip's queue, and nothing is searched or sorted for it.
/// </summary>
internal sealed class StripAssembler(long begin)
{
    private readonly List<Strip> _strips = [];
    private readonly Stack<Queue<Piece>> _spare = new();

    /// <summary>All before this has been taken out.</summary>
    public long TakenUpTo { get; private set; } = begin;

    /// <summary>Begins a strip, at or behind what has been taken out.</summary>
    public Strip Open(IndexRange range)
    {
        Invariant.Holds(range.Begin >= TakenUpTo);
        Strip strip = new(range.Begin, range.End, _spare.TryPop(out Queue<Piece>? waiting) ? waiting : new());
        int at = _strips.Count;
        while (at > 0 && _strips[at - 1].Begin > range.Begin)
        {
            at--;
        }

        Invariant.Holds(at == 0 || _strips[at - 1].End <= range.Begin);
        _strips.Insert(at, strip);
        return strip;
    }

    /// <summary>Takes out the next piece in order, if it is there.</summary>
    public bool TryTake(out Piece piece)
    {
        while (_strips.Count > 0 && _strips[0].End <= TakenUpTo)
        {
            // All of it was taken out, so that nobody puts anything into it any more.
            Invariant.Holds(_strips[0].Waiting.Count == 0);
            _spare.Push(_strips[0].Waiting);
            _strips.RemoveAt(0);
        }

        if (_strips.Count > 0 && _strips[0].Waiting.TryPeek(out piece) && piece.Range.Begin == TakenUpTo)
        {
            _strips[0].Waiting.Dequeue();
            TakenUpTo = piece.Range.End;
            return true;
        }

        piece = default;
        return false;
    }

    /// <summary>The pieces that wait, in the order of their indices.</summary>
    public IEnumerable<Piece> Waiting => _strips.SelectMany(s => s.Waiting);
}
