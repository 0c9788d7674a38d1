namespace Ptorrent.Model.Segments;

/// <summary>Bytes are no segment of their kind, or a program's output does not fit the way in which it is
/// combined.</summary>
public sealed class SegmentException(string message) : PtorrentException(message)
{
    /// <inheritdoc/>
    public override bool IsTransient => false;
}
