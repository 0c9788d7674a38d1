using Ptorrent.Link.Frames;
using Ptorrent.Model;

namespace Ptorrent.Agent.Blobs;

/// <summary>A blob cannot be fetched or stored, after trying again.</summary>
/// <param name="message">Which and why, as a sentence.</param>
/// <param name="inner">What the network or the disk said.</param>
internal sealed class BlobUnavailableException(string message, Exception? inner = null)
    : PtorrentException(message, inner)
{
    /// <summary>Whether this device has no room for it; another one may have.</summary>
    public bool IsOfThisDevice { get; init; }

    /// <summary>What the harbor is told.</summary>
    public NackReason ToNackReason() => IsOfThisDevice ? NackReason.NackNoRoom : NackReason.NackBlobUnavailable;

    /// <inheritdoc/>
    public override bool IsTransient => true;
}
