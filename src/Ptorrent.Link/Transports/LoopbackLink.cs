using System.Threading.Channels;
using Ptorrent.Link.Frames;

namespace Ptorrent.Link.Transports;

/// <summary>
/// A link in memory, for tests and for the simulation. Frames go through <see cref="FrameCodec"/>, so what would not
/// pass on the wire does not pass here.
/// </summary>
public sealed class LoopbackLink : ILink
{
    private readonly Channel<byte[]> _outbox;
    private readonly Channel<byte[]> _inbox;
    private readonly Ends _ends;
    private readonly int _side;

    private LoopbackLink(Channel<byte[]> outbox, Channel<byte[]> inbox, Ends ends, int side)
    {
        _outbox = outbox;
        _inbox = inbox;
        _ends = ends;
        _side = side;
    }

    /// <inheritdoc/>
    public string? EndReason => _ends.ReasonFor(_side);

    /// <summary>Two ends of one line.</summary>
    public static (LoopbackLink Child, LoopbackLink Parent) CreatePair()
    {
        Channel<byte[]> up = Channel.CreateBounded<byte[]>(LinkLimits.OutboxFrameCountMax);
        Channel<byte[]> down = Channel.CreateBounded<byte[]>(LinkLimits.OutboxFrameCountMax);
        Ends ends = new();
        return (new LoopbackLink(up, down, ends, 0), new LoopbackLink(down, up, ends, 1));
    }

    /// <inheritdoc/>
    public ValueTask SendAsync(Frame frame, CancellationToken cancellationToken) =>
        SendBytesAsync(FrameCodec.Encode(frame), cancellationToken);

    /// <summary>Sends a message, whether it is a frame or not, as a hostile peer can.</summary>
    /// <exception cref="LinkClosedException">The link has ended or is closing.</exception>
    internal async ValueTask SendBytesAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        try
        {
            await _outbox.Writer.WriteAsync(bytes, cancellationToken);
        }
        catch (ChannelClosedException exception)
        {
            throw new LinkClosedException("The link has ended.", exception);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Frame?> ReceiveAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await _inbox.Reader.WaitToReadAsync(cancellationToken))
            {
                if (_inbox.Reader.TryRead(out byte[]? bytes))
                {
                    return FrameCodec.Decode(bytes);
                }
            }
        }
        catch (OperationCanceledException)
        {
            BreakOff();
            throw;
        }

        _ends.PeerEnded(_side);

        // The peer's end ends this direction too, as on a WebSocket.
        _outbox.Writer.TryComplete();
        return null;
    }

    /// <inheritdoc/>
    public Task CloseAsync(string reason, CancellationToken cancellationToken)
    {
        _ends.Close(_side, CloseReason.Fit(reason));
        _outbox.Writer.TryComplete();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        BreakOff();
        return ValueTask.CompletedTask;
    }

    private void BreakOff()
    {
        _ends.Close(_side, "The line broke.");
        _outbox.Writer.TryComplete();
        _inbox.Writer.TryComplete();
        _ends.PeerEnded(_side);
    }

    /// <summary>What the two ends share: the reason that each gave, and whether the other has come to see it.</summary>
    private sealed class Ends
    {
        private readonly Lock _lock = new();
        private readonly string?[] _given = new string?[2];
        private readonly string?[] _seen = new string?[2];

        public string? ReasonFor(int side)
        {
            lock (_lock)
            {
                return _seen[side];
            }
        }

        public void Close(int side, string reason)
        {
            lock (_lock)
            {
                _given[side] ??= reason;
            }
        }

        public void PeerEnded(int side)
        {
            lock (_lock)
            {
                _seen[side] ??= _given[side] ?? _given[1 - side] ?? "The line broke.";
            }
        }
    }
}
