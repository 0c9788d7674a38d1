using Ptorrent.Model;

namespace Ptorrent.Sandbox.Frames;

/// <summary>An executor broke the protocol: it is killed, and what it ran is blamed.</summary>
/// <param name="message">What it did, as a part of a sentence: "it sent …".</param>
internal sealed class FrameException(string message) : PtorrentException(message)
{
    /// <inheritdoc/>
    public override bool IsTransient => false;
}
