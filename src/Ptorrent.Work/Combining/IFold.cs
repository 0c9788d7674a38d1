using Ptorrent.Model.Segments;

namespace Ptorrent.Work.Combining;

/// <summary>
/// Outputs that are combined to something smaller than all of them together. Grouping and order never matter: a segment
/// is taken in as an output is.
/// </summary>
internal interface IFold
{
    /// <summary>Takes in one output or segment.</summary>
    /// <exception cref="SegmentException">It does not fit.</exception>
    void Append(ReadOnlySpan<byte> text);

    /// <summary>The segment of all that was taken in, in an array of its own.</summary>
    /// <exception cref="SegmentException">It is too large.</exception>
    byte[] ToSegment();
}
