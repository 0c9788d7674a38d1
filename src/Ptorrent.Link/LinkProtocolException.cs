using System.Globalization;
using Ptorrent.Model;

namespace Ptorrent.Link;

/// <summary>
/// The peer broke the protocol: bytes that are no frame, a value outside its bounds, a frame that may not come now. The
/// link is of no use afterwards; its owner closes it, with the message as the reason.
/// </summary>
/// <param name="fault">What it did; its number begins the message.</param>
/// <param name="message">What is wrong, as a sentence; it holds nothing secret and may be sent back as the
/// reason.</param>
/// <param name="inner">What the parser said, where it said anything.</param>
public sealed class LinkProtocolException(LinkFault fault, string message, Exception? inner = null)
    : PtorrentException(string.Create(CultureInfo.InvariantCulture, $"L{(int)fault:00} {message}"), inner)
{
    /// <summary>What the peer did.</summary>
    public LinkFault Fault { get; } = fault;

    /// <summary>Always false: the same frame is wrong the next time too.</summary>
    public override bool IsTransient => false;
}
