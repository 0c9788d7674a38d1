using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Units;

namespace Ptorrent.Agent.Device;

/// <summary>A commit from its making until its receipt. A large segment is uploaded first; from then on its address is
/// all that is kept.</summary>
internal sealed class KeptCommit(long number, Piece piece)
{
    private ReadOnlyMemory<byte> _segment = piece.Segment;

    /// <summary>Which commit of this device.</summary>
    public long Number { get; } = number;

    public IndexRange Range { get; } = piece.Range;

    public Fuel Burnt { get; } = piece.Burnt;

    public TimeSpan Busy { get; } = piece.Busy;

    /// <summary>The segment; empty once it is at the harbor.</summary>
    public ReadOnlyMemory<byte> Segment => _segment;

    /// <summary>Where the segment is at the harbor; null where it travels in the frame, or is not there yet.</summary>
    public Blob? Blob { get; private set; }

    /// <summary>Whether it can be sent.</summary>
    public bool IsReady => Blob is not null || _segment.Length <= LinkLimits.InlineBytesMax;

    /// <summary>When its upload is to be begun; null while it is under way or not needed.</summary>
    public TimeSpan? UploadAt { get; set; }

    /// <summary>Uploads that failed on this link.</summary>
    public int FailedCount { get; set; }

    /// <summary>The segment is at the harbor.</summary>
    public void SetBlob(Blob blob)
    {
        Blob = blob;
        _segment = default;
    }
}
