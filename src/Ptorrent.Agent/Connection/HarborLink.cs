using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Link.Sessions;

namespace Ptorrent.Agent.Connection;

/// <summary>A link to a harbor from its welcome to its end: what is received goes to the device's loop, and what the
/// loop wants sent waits here, so that the loop never waits.</summary>
internal sealed class HarborLink(ILink link, LinkSession session)
{
    private string _closeReason = string.Empty;

    public ILink Link { get; } = link;

    /// <summary>Whoever handles the frames owns it.</summary>
    public LinkSession Session { get; } = session;

    /// <summary>What waits to be sent.</summary>
    public Outbox Outbox { get; } = new();

    /// <summary>What the end is sent with.</summary>
    public string CloseReason => Volatile.Read(ref _closeReason);

    /// <summary>Takes a frame to be sent, after the others.</summary>
    /// <param name="frame">It is the link's from here on.</param>
    public void Send(Frame frame)
    {
        if (!Outbox.Add(frame))
        {
            Close("The harbor does not read.");
        }
    }

    /// <summary>Takes a frame of the harbor into the session's books; what it cancels is not sent any more.</summary>
    /// <exception cref="LinkProtocolException">The harbor broke a rule.</exception>
    public FrameVerdict Receive(Frame frame)
    {
        FrameVerdict verdict = Session.Receive(frame);
        if (frame.Cancel is { } cancel && Session.IsCancelled(cancel.Lease))
        {
            Outbox.Drop(cancel.Lease);
        }

        return verdict;
    }

    /// <summary>Sends what waits, and then the end.</summary>
    public void Close(string reason)
    {
        Interlocked.CompareExchange(ref _closeReason, reason, string.Empty);
        Outbox.Complete();
    }
}
