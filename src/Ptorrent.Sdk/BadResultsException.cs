using Ptorrent.Model;

namespace Ptorrent.Sdk;

/// <summary>Results are not written as docs/protocol/segments.md says: whoever sent them is broken or
/// hostile.</summary>
/// <param name="what">What is wrong, as a phrase without a full stop.</param>
/// <param name="inner">The error underneath, where there is one.</param>
public sealed class BadResultsException(string what, Exception? inner = null)
    : PtorrentException($"The results are malformed: {what}.", inner)
{
    /// <summary>Never: the same bytes would come again.</summary>
    public override bool IsTransient => false;
}
