namespace Ptorrent.Model;

/// <summary>
/// The base of what ptorrent throws when its surroundings fail: a disk, a peer, a program that misbehaves. A bug throws
/// <see cref="InvariantException"/> instead, and what a user may mend is a <see cref="Refusals.Refusal"/>.
/// </summary>
public abstract class PtorrentException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether the same call may succeed later without anybody changing anything.</summary>
    public abstract bool IsTransient { get; }
}
