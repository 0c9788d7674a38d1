using System.Threading.Channels;
using Google.Protobuf;
using Ptorrent.Link;
using Ptorrent.Link.Frames;
using Ptorrent.Link.Sessions;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Harbor.Links;

/// <summary>
/// The harbor's end of one agent's link: keeps the rules of the session, and an outbox so that a slow agent never
/// holds up the loop. What may be outstanding with an agent bounds the outbox; an agent that lets it run over loses
/// its link.
/// </summary>
internal sealed class AgentLink : IDisposable
{
    /// <summary>The speeds that are believed of one slot, in fuel a second.</summary>
    public const double FuelPerSecondMin = 1e3, FuelPerSecondMax = 1e13;

    /// <summary>What a peer that was told of the end has to answer.</summary>
    public static readonly TimeSpan FarewellTimeMax = TimeSpan.FromSeconds(5);

    // Leases of a child are bounded by a few for each slot; cancellations come on top of grants.
    private const int OutboxFramesPerSlot = 8;
    private const int OutboxFramesMin = 4096;

    // Beyond this its line is not read until the harbor has handled one: a flood is slowed, not kept.
    private const int WaitingEventsMax = 64;

    private readonly ILink _link;
    private readonly LinkSession _session;
    private readonly Lock _lock = new();
    private readonly Channel<Outgoing> _outbox;
    private readonly CancellationTokenSource _broken;
    private string? _closeReason;

    /// <summary>Takes over a link whose agent has said hello.</summary>
    public AgentLink(ILink link, LinkSession session, TimeProvider time)
    {
        _broken = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _link = link;
        _session = session;
        Hello = session.Hello!; // The handshake is over.
        int framesMax = OutboxFramesMin + (OutboxFramesPerSlot * (int)Hello.Slots);
        _outbox = Channel.CreateBounded<Outgoing>(
            new BoundedChannelOptions(framesMax) { SingleReader = true, AllowSynchronousContinuations = true });
    }

    /// <summary>What the agent said of itself.</summary>
    public Hello Hello { get; }

    /// <summary>Room for events of this link that the harbor has not handled. The loop gives room back even after the
    /// link's end, so it is never disposed of.</summary>
    public SemaphoreSlim Room { get; } = new(WaitingEventsMax, WaitingEventsMax);

    /// <summary>What the agent did that its line is to be broken off for, or null.</summary>
    public LinkFault? Fault { get; private set; }

    /// <summary>Cancelled where the line is to be broken off.</summary>
    public CancellationToken Broken => _broken.Token;

    /// <summary>Hands a lease out; the description goes along where the agent does not have it.</summary>
    public void Grant(Grant lease, JobDescription description) =>
        Add(new Outgoing(new Frame { Grant = lease }, description));

    /// <summary>Sends a frame that needs nothing added.</summary>
    public void Send(Frame frame) => Add(new Outgoing(frame, null));

    /// <summary>Ends the link after what is in the outbox.</summary>
    public void Close(string reason)
    {
        _closeReason ??= reason;
        _outbox.Writer.TryComplete();
    }

    /// <summary>Sends until the link is closed or breaks.</summary>
    public async Task SendAllAsync(CancellationToken stop)
    {
        try
        {
            while (await _outbox.Reader.WaitToReadAsync(stop))
            {
                while (_outbox.Reader.TryRead(out Outgoing outgoing))
                {
                    if (Book(outgoing))
                    {
                        await _link.SendAsync(outgoing.Frame, stop);
                    }
                }
            }

            await _link.CloseAsync(_closeReason ?? "The harbor closes the link.", stop);
            _broken.CancelAfter(FarewellTimeMax);
        }
        catch (LinkClosedException)
        {
            // The reader sees the end of the link and reports it.
        }
    }

    /// <summary>Checks a frame that came against the rules of the link.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="combine">For a commit: the kind of segment that it must hold.</param>
    /// <returns>False for one that is too late and is passed over.</returns>
    /// <exception cref="LinkProtocolException">The agent broke a rule.</exception>
    public bool Receive(Frame frame, out CombineKind combine)
    {
        combine = CombineKind.Unknown;
        lock (_lock)
        {
            if (_session.Receive(frame) == FrameVerdict.Late)
            {
                return false;
            }

            if (frame.Commit is { } commit)
            {
                // What is committed has no receipt yet, so the session still knows the lease.
                combine = (CombineKind)_session.DescriptionOfLease(commit.Lease)!.Combine;
            }

            return true;
        }
    }

    public void Dispose() => _broken.Dispose();

    private void Add(Outgoing outgoing)
    {
        if (!_outbox.Writer.TryWrite(outgoing))
        {
            // It does not read what it is sent, or the link is closing already.
            Fault ??= _closeReason is null ? LinkFault.NotReading : null;
            _broken.CancelAfter(FarewellTimeMax);
        }
    }

    /// <summary>Books a frame with the session in the order in which it is sent.</summary>
    /// <returns>False where it must not be sent.</returns>
    private bool Book(Outgoing outgoing)
    {
        lock (_lock)
        {
            Frame frame = outgoing.Frame;
            if (frame.Grant is { } grant && _session.DescriptionOf(grant.Job) is null)
            {
                grant.Description = outgoing.Description;
            }

            return _session.Send(frame) == FrameVerdict.Accepted;
        }
    }

    private readonly record struct Outgoing(Frame Frame, JobDescription? Description);
}
