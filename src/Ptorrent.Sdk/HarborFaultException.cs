using System.Net;
using Ptorrent.Model;

namespace Ptorrent.Sdk;

/// <summary>Something answered that is no harbor's proper answer: an error inside the harbor, or another
/// server.</summary>
/// <param name="status">The HTTP status that came.</param>
/// <param name="detail">What was wrong with the answer, as a phrase without a full stop.</param>
/// <param name="inner">The error underneath, where there is one.</param>
public sealed class HarborFaultException(HttpStatusCode status, string detail, Exception? inner = null)
    : PtorrentException($"The harbor gave no proper answer (HTTP {(int)status}): {detail}.", inner)
{
    /// <summary>The HTTP status that came.</summary>
    public HttpStatusCode Status { get; } = status;

    /// <summary>True for the statuses that servers and proxies use for "try again".</summary>
    public override bool IsTransient =>
        Status is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;
}
