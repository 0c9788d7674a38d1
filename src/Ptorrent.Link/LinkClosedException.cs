using Ptorrent.Model;

namespace Ptorrent.Link;

/// <summary>A frame cannot be sent, or a link not made: the line is closed, broken or was never there.</summary>
/// <param name="message">What happened, as a sentence.</param>
/// <param name="inner">What the network said, where it said anything.</param>
public sealed class LinkClosedException(string message, Exception? inner = null) : PtorrentException(message, inner)
{
    /// <summary>Always true: another link may be made.</summary>
    public override bool IsTransient => true;
}
