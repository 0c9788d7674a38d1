using System.Threading.Channels;
using Ptorrent.Link.Frames;

namespace Ptorrent.Agent.Connection;

/// <summary>
/// Frames that wait to be sent, in order. What the harbor cancels meanwhile is passed over, or a slow line would carry
/// minutes of results that nobody wants before the first one that somebody does. One reader, one writer; bounded.
/// </summary>
internal sealed class Outbox
{
    // Beyond this the harbor has not read for very long, and the link counts as broken.
    internal const int CountMax = 65_536;

    private readonly Lock _turn = new();
    private readonly Dictionary<long, Waiting> _leases = [];
    private readonly Channel<Frame> _frames = Channel.CreateBounded<Frame>(
        new BoundedChannelOptions(CountMax) { SingleReader = true, AllowSynchronousContinuations = true });

    /// <summary>Frames that wait.</summary>
    public int Count => _frames.Reader.Count;

    /// <summary>Puts a frame behind the others.</summary>
    /// <param name="frame">It belongs to the outbox from here on.</param>
    /// <returns>False where too many wait, or no more are taken.</returns>
    public bool Add(Frame frame)
    {
        long lease = LeaseOf(frame);
        lock (_turn)
        {
            Waiting waiting = _leases.GetValueOrDefault(lease);
            _leases[lease] = waiting with { Count = waiting.Count + 1 };
        }

        // Outside the lock: a reader that waits takes the frame at once, on this thread.
        if (_frames.Writer.TryWrite(frame))
        {
            return true;
        }

        lock (_turn)
        {
            Leave(lease);
        }

        return false;
    }

    /// <summary>The next frame that still means something.</summary>
    /// <returns>False where none waits.</returns>
    public bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Frame? frame)
    {
        lock (_turn)
        {
            while (_frames.Reader.TryRead(out frame))
            {
                if (!Leave(LeaseOf(frame)))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>What waits of a lease is not sent.</summary>
    public void Drop(long lease)
    {
        lock (_turn)
        {
            if (_leases.TryGetValue(lease, out Waiting waiting))
            {
                _leases[lease] = waiting with { IsDropped = true };
            }
        }
    }

    /// <summary>Waits for a frame.</summary>
    /// <returns>False once no more are taken and none is left.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public ValueTask<bool> WaitAsync(CancellationToken stop) => _frames.Reader.WaitToReadAsync(stop);

    /// <summary>Takes no more.</summary>
    public void Complete() => _frames.Writer.TryComplete();

    /// <summary>A frame of this lease has left.</summary>
    /// <returns>Whether it was dropped.</returns>
    private bool Leave(long lease)
    {
        Waiting waiting = _leases[lease];
        if (waiting.Count == 1)
        {
            _leases.Remove(lease);
        }
        else
        {
            _leases[lease] = waiting with { Count = waiting.Count - 1 };
        }

        return waiting.IsDropped;
    }

    /// <summary>The lease that a frame is about; 0 for none.</summary>
    private static long LeaseOf(Frame frame) =>
        frame.Commit?.Lease ?? frame.Keep?.Lease ?? frame.Nack?.Lease ?? 0;

    private readonly record struct Waiting(int Count, bool IsDropped);
}
