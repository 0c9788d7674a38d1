using Ptorrent.Model;

namespace Ptorrent.Agent.Blobs;

/// <summary>A blob cannot be fetched or stored at the harbor, after trying again.</summary>
/// <param name="message">Which and why, as a sentence.</param>
/// <param name="inner">What the network said.</param>
internal sealed class BlobUnavailableException(string message, Exception? inner = null)
    : PtorrentException(message, inner)
{
    /// <inheritdoc/>
    public override bool IsTransient => true;
}
