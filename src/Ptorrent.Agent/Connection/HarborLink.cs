using System.Threading.Channels;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Link.Sessions;

namespace Ptorrent.Agent.Connection;

/// <summary>A link to a harbor from its welcome to its end: what is received goes to the device's loop, and what the
/// loop wants sent waits here, so that the loop never waits.</summary>
internal sealed class HarborLink(ILink link, LinkSession session)
{
    // Beyond this the harbor has not read for very long, and the link counts as broken.
    private const int OutboxCountMax = 65_536;

    private readonly Channel<Frame> _outbox = Channel.CreateBounded<Frame>(
        new BoundedChannelOptions(OutboxCountMax) { SingleReader = true });

    private string _closeReason = string.Empty;

    public ILink Link { get; } = link;

    /// <summary>Whoever handles the frames owns it.</summary>
    public LinkSession Session { get; } = session;

    /// <summary>What waits to be sent.</summary>
    public ChannelReader<Frame> Outbox => _outbox.Reader;

    /// <summary>What the end is sent with.</summary>
    public string CloseReason => Volatile.Read(ref _closeReason);

    /// <summary>Takes a frame to be sent, after the others.</summary>
    /// <param name="frame">It is the link's from here on.</param>
    public void Send(Frame frame)
    {
        if (!_outbox.Writer.TryWrite(frame))
        {
            Close("The harbor does not read.");
        }
    }

    /// <summary>Sends what waits, and then the end.</summary>
    public void Close(string reason)
    {
        Interlocked.CompareExchange(ref _closeReason, reason, string.Empty);
        _outbox.Writer.TryComplete();
    }
}
