using System.Buffers;
using Ptorrent.Model;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Segments;

namespace Ptorrent.Work.Combining;

/// <summary>
/// Combines segments in the order of their indices; docs/protocol/segments.md. Grouping never matters: the segment of a
/// range is the same bytes however the range was cut. For <c>merge</c>, which only the program can do, it takes one
/// piece. Holds the whole segment. Not for several threads.
/// </summary>
public sealed class SegmentCombiner
{
    private readonly CombineKind _kind;
    private readonly IFold? _fold;
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private int _pieceCount;

    /// <summary>Starts with an empty segment.</summary>
    /// <param name="kind">How to combine.</param>
    /// <param name="topCount">For <see cref="CombineKind.Top"/> how many lines are kept; otherwise 0.</param>
    public SegmentCombiner(CombineKind kind, int topCount = 0)
    {
        Invariant.Holds(topCount > 0 == (kind == CombineKind.Top));
        _kind = kind;
        _fold = kind switch
        {
            CombineKind.Sum or CombineKind.Min or CombineKind.Max => new NumberColumns(kind),
            CombineKind.Top => new TopLines(topCount),
            CombineKind.Histogram => new Histogram(),
            _ => null,
        };
    }

    /// <summary>Whether segments of this kind are a product as they are, one after another, so that it can be delivered
    /// while it grows.</summary>
    public static bool IsStreamed(CombineKind kind) =>
        kind is CombineKind.Concat or CombineKind.Lines or CombineKind.Files;

    /// <summary>Whether segments are columns of numbers.</summary>
    public static bool IsNumeric(CombineKind kind) => kind is CombineKind.Sum or CombineKind.Min or CombineKind.Max;

    /// <summary>Whether segments are combined to one that is smaller than all of them together, whatever their
    /// order.</summary>
    public static bool IsFolded(CombineKind kind) =>
        IsNumeric(kind) || kind is CombineKind.Top or CombineKind.Histogram;

    /// <summary>Adds the segment of the indices that follow.</summary>
    /// <exception cref="SegmentException">The bytes are no such segment.</exception>
    public void AppendSegment(ReadOnlySpan<byte> segment)
    {
        if (_fold is not null)
        {
            _fold.Append(segment);
            return;
        }

        if (_kind == CombineKind.Files)
        {
            CheckEntries(segment);
        }

        Invariant.Holds(_kind != CombineKind.Merge || _pieceCount++ == 0);
        _bytes.Write(segment);
        if (_kind == CombineKind.Lines && !segment.IsEmpty && segment[^1] != (byte)'\n')
        {
            _bytes.Write("\n"u8);
        }
    }

    /// <summary>The segment of all that was added, in memory of its own.</summary>
    /// <exception cref="SegmentException">It is too large.</exception>
    public ReadOnlyMemory<byte> ToSegment() => _fold is not null ? _fold.ToSegment() : _bytes.WrittenMemory;

    /// <summary>Sees whether bytes are a segment of this kind.</summary>
    /// <exception cref="SegmentException">They are not.</exception>
    public static void Check(CombineKind kind, ReadOnlySpan<byte> segment)
    {
        if (IsFolded(kind))
        {
            // How many lines a top keeps does not matter here: what is too much goes when segments are combined.
            SegmentCombiner combiner = new(kind, kind == CombineKind.Top ? JobRequestValidator.TopCountMax : 0);
            combiner.AppendSegment(segment);
            if (!segment.SequenceEqual(combiner.ToSegment().Span))
            {
                throw new SegmentException("It is not written in the one way that a segment has.");
            }
        }
        else if (kind == CombineKind.Files)
        {
            CheckEntries(segment);
        }
        else if (kind == CombineKind.Lines && !segment.IsEmpty && segment[^1] != (byte)'\n')
        {
            throw new SegmentException("The lines do not end with a line feed.");
        }
    }

    private static void CheckEntries(ReadOnlySpan<byte> segment)
    {
        while (!segment.IsEmpty)
        {
            if (!FileEntryHeader.TryRead(segment, out FileEntryHeader header, out int consumed)
                || header.ContentBytes > segment.Length - consumed)
            {
                throw new SegmentException("A file entry is cut off.");
            }

            segment = segment[(consumed + (int)header.ContentBytes)..];
        }
    }
}
