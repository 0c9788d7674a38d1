using Ptorrent.Model;

namespace Ptorrent.Sdk;

/// <summary>No harbor answered at an address: nothing listens there, the line broke, or no answer came in
/// time.</summary>
/// <param name="address">Where the harbor was sought.</param>
/// <param name="reason">What went wrong, as a phrase without a full stop.</param>
/// <param name="inner">The error underneath, where there is one.</param>
public sealed class HarborUnreachableException(Uri address, string reason, Exception? inner = null)
    : PtorrentException($"The harbor at {address} cannot be reached: {reason}.", inner)
{
    /// <summary>Where the harbor was sought.</summary>
    public Uri Address { get; } = address;

    /// <summary>Always: the harbor may be started, or the line may come back.</summary>
    public override bool IsTransient => true;
}
