using Ptorrent.Model.Jobs;
using Ptorrent.Model.Segments;
using Ptorrent.Work.Combining;

namespace Ptorrent.Harbor.State;

/// <summary>Sees whether what an agent sent is a segment; docs/protocol/segments.md.</summary>
internal static class SegmentCheck
{
    /// <summary>Checks a segment that is whole in memory.</summary>
    /// <returns>Numbers in it, where it is numbers; otherwise 0.</returns>
    /// <exception cref="SegmentException">It is none.</exception>
    public static int Check(CombineKind combine, ReadOnlySpan<byte> segment)
    {
        SegmentCombiner.Check(combine, segment);
        return SegmentCombiner.IsNumeric(combine) ? CountColumns(segment) : 0;
    }

    /// <summary>Numbers in a segment of numbers, which a single space separates.</summary>
    public static int CountColumns(ReadOnlySpan<byte> segment) => segment.IsEmpty ? 0 : segment.Count((byte)' ') + 1;
}
