using Ptorrent.Link.Frames;

namespace Ptorrent.Link;

/// <summary>
/// A line on which frames go both ways, whole and in order, until it ends. It neither knows what a frame means nor
/// sends anything by itself: an idle link is silent. One caller receives; any number may send, and each one's frames
/// stay in order.
/// </summary>
public interface ILink : IAsyncDisposable
{
    /// <summary>Why the link ended, for people; null while it has not.</summary>
    string? EndReason { get; }

    /// <summary>
    /// Puts a frame on the line, after those of whoever came before; waits while the peer takes nothing. Returning does
    /// not mean that it arrived. The frame is the link's from here on: nobody changes it.
    /// </summary>
    /// <exception cref="LinkClosedException">The link has ended or is closing.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; whether the frame is sent is open.</exception>
    ValueTask SendAsync(Frame frame, CancellationToken cancellationToken);

    /// <summary>The next frame; null once the link has ended, however it did: then <see cref="EndReason"/> says why.
    /// </summary>
    /// <exception cref="LinkProtocolException">What came is no valid frame. The link is of no use
    /// afterwards.</exception>
    /// <exception cref="OperationCanceledException">Cancelled. This ends the link.</exception>
    ValueTask<Frame?> ReceiveAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Sends what is on its way and then the end with <paramref name="reason"/>, of which
    /// <see cref="LinkLimits.CloseReasonBytesMax"/> bytes are kept. Frames of the peer may still be received until its
    /// own end comes. A link that has ended is left alone.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled before all was sent; the link is broken off.</exception>
    Task CloseAsync(string reason, CancellationToken cancellationToken);
}
