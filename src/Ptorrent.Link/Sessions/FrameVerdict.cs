namespace Ptorrent.Link.Sessions;

/// <summary>What a session says of a frame that breaks no rule.</summary>
public enum FrameVerdict
{
    /// <summary>It counts.</summary>
    Accepted = 1,

    /// <summary>
    /// It speaks of a lease that is over, because frames of both ends crossed on the way. What came is passed over;
    /// what was to be sent is not sent.
    /// </summary>
    Late = 2,
}
