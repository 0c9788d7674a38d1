using System.Diagnostics.CodeAnalysis;
using Ptorrent.Model;
using Ptorrent.Model.Units;

namespace Ptorrent.Work.Assembling;

/// <summary>
/// Puts pieces of a whole range, which come in any order, into the order of their indices. Holds what came too early,
/// so its size is bounded by what is out at the same time.
/// </summary>
/// <typeparam name="TPiece">What a piece carries: bytes, or a reference to them.</typeparam>
public sealed class Assembler<TPiece>
{
    private readonly PriorityQueue<(IndexRange Range, TPiece Piece), long> _waiting = new();

    /// <summary>Starts with nothing of <paramref name="whole"/>.</summary>
    public Assembler(IndexRange whole)
    {
        Whole = whole;
        TakenUpTo = whole.Begin;
    }

    /// <summary>All indices.</summary>
    public IndexRange Whole { get; }

    /// <summary>Everything before this index has been taken out.</summary>
    public long TakenUpTo { get; private set; }

    /// <summary>Pieces that wait for an earlier one, or to be taken.</summary>
    public int WaitingCount => _waiting.Count;

    /// <summary>Whether all has been taken out.</summary>
    public bool IsComplete => TakenUpTo == Whole.End;

    /// <summary>Takes in a piece.</summary>
    /// <exception cref="InvariantException">It is empty, outside the whole, or overlaps what was taken.</exception>
    public void Add(IndexRange range, TPiece piece)
    {
        Invariant.Holds(!range.IsEmpty && Whole.Covers(range) && range.Begin >= TakenUpTo);
        _waiting.Enqueue((range, piece), range.Begin);
    }

    /// <summary>Takes out the next piece in order, if it is there.</summary>
    /// <exception cref="InvariantException">Pieces overlap.</exception>
    public bool TryTake(out IndexRange range, [MaybeNullWhen(false)] out TPiece piece)
    {
        if (_waiting.TryPeek(out (IndexRange Range, TPiece Piece) first, out long begin))
        {
            Invariant.Holds(begin >= TakenUpTo);
            if (begin == TakenUpTo)
            {
                _waiting.Dequeue();
                TakenUpTo = first.Range.End;
                (range, piece) = first;
                return true;
            }
        }

        range = default;
        piece = default;
        return false;
    }
}
