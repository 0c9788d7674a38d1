using System.Net;
using System.Net.WebSockets;
using System.Threading.Channels;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Link.Transports;

/// <summary>
/// A link over a WebSocket, for either end: one binary message is one frame. There is no keep-alive; whoever accepts
/// the socket turns the server's off (<see cref="System.Threading.Timeout.InfiniteTimeSpan"/>). Owns the socket.
/// </summary>
public sealed class WebSocketLink : ILink
{
    private const int FirstBufferBytes = 16 * 1024;

    private readonly WebSocket _socket;
    private readonly Channel<byte[]> _outbox;
    private readonly Task _writing;
    private byte[] _buffer = new byte[FirstBufferBytes];
    private string? _endReason;
    private string _closeReason = string.Empty;

    /// <summary>Takes over an open socket and starts to send.</summary>
    public WebSocketLink(WebSocket socket)
    {
        _socket = socket;
        _outbox = Channel.CreateBounded<byte[]>(
            new BoundedChannelOptions(LinkLimits.OutboxFrameCountMax) { SingleReader = true });
        _writing = WriteAsync();
    }

    /// <inheritdoc/>
    public string? EndReason => Volatile.Read(ref _endReason);

    /// <summary>Connects to a harbor.</summary>
    /// <param name="harbor">Its address: http or https.</param>
    /// <param name="accessKey">The harbor's key.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="RefusedException">The harbor refuses the key.</exception>
    /// <exception cref="LinkClosedException">No harbor answers there, or it does not speak this protocol.</exception>
    public static async Task<WebSocketLink> ConnectAsync(
        Uri harbor,
        string accessKey,
        CancellationToken cancellationToken)
    {
        UriBuilder address = new(new Uri(harbor, LinkLimits.Path));
        address.Scheme = string.Equals(harbor.Scheme, Uri.UriSchemeHttps, StringComparison.Ordinal)
            ? Uri.UriSchemeWss
            : Uri.UriSchemeWs;
        ClientWebSocket socket = new();
        try
        {
            socket.Options.KeepAliveInterval = Timeout.InfiniteTimeSpan;
            socket.Options.CollectHttpResponseDetails = true;
            if (harbor.IsLoopback)
            {
                // A proxy of the surroundings has no business between two programs of one machine.
                socket.Options.Proxy = null;
            }

            socket.Options.SetRequestHeader("Authorization", $"Bearer {accessKey}");
            await socket.ConnectAsync(address.Uri, cancellationToken);
            return new WebSocketLink(socket);
        }
        catch (WebSocketException)
            when (socket.HttpStatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            socket.Dispose();
            throw new RefusedException(new Refusal(
                RefusalCode.Unauthorized,
                "key",
                string.Empty,
                $"the harbor at {harbor} does not accept this access key",
                "Copy the key from the harbor's home folder or from its join link"));
        }
        catch (WebSocketException exception)
        {
            int status = (int)socket.HttpStatusCode;
            socket.Dispose();
            throw new LinkClosedException(
                status == 0
                    ? $"No harbor answers at {harbor}."
                    : $"What answers at {harbor} is no harbor (status {status}).",
                exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask SendAsync(Frame frame, CancellationToken cancellationToken)
    {
        byte[] bytes = FrameCodec.Encode(frame);
        try
        {
            await _outbox.Writer.WriteAsync(bytes, cancellationToken);
        }
        catch (ChannelClosedException exception)
        {
            throw new LinkClosedException(EndReason ?? "The link is closing.", exception);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Frame?> ReceiveAsync(CancellationToken cancellationToken)
    {
        if (EndReason is not null)
        {
            return null;
        }

        int length = 0;
        try
        {
            while (true)
            {
                ValueWebSocketReceiveResult received =
                    await _socket.ReceiveAsync(_buffer.AsMemory(length), cancellationToken);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    End(PeersReason());
                    return null;
                }

                length += received.Count;
                if (received.MessageType != WebSocketMessageType.Binary)
                {
                    throw new LinkProtocolException(LinkFault.NotAFrame, "A message is text; frames are binary.");
                }

                if (received.EndOfMessage)
                {
                    return FrameCodec.Decode(_buffer.AsSpan(0, length));
                }

                if (length == _buffer.Length)
                {
                    Grow();
                }
            }
        }
        catch (Exception exception) when (exception is WebSocketException or ObjectDisposedException)
        {
            End("The line broke.");
            return null;
        }
        catch (OperationCanceledException)
        {
            End("Receiving was cancelled.");
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task CloseAsync(string reason, CancellationToken cancellationToken)
    {
        Interlocked.CompareExchange(ref _closeReason, CloseReason.Fit(reason), string.Empty);
        _outbox.Writer.TryComplete();
        try
        {
            await _writing.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            _socket.Abort();
            throw;
        }
    }

    /// <summary>Breaks the line off if it has not been closed, and frees it. Nobody is receiving any more.</summary>
    public async ValueTask DisposeAsync()
    {
        _outbox.Writer.TryComplete();
        if (_socket.State is not (WebSocketState.Closed or WebSocketState.Aborted))
        {
            _socket.Abort();
        }

        End("The link was disposed of.");
        await _writing;
        _socket.Dispose();
    }

    /// <summary>The one writer: sends what is in the outbox, then the end. Ends early where the line is
    /// broken.</summary>
    private async Task WriteAsync()
    {
        try
        {
            while (await _outbox.Reader.WaitToReadAsync())
            {
                while (_outbox.Reader.TryRead(out byte[]? bytes))
                {
                    await _socket.SendAsync(
                        bytes.AsMemory(),
                        WebSocketMessageType.Binary,
                        endOfMessage: true,
                        CancellationToken.None);
                }
            }

            if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await _socket.CloseOutputAsync(
                    WebSocketCloseStatus.NormalClosure,
                    Volatile.Read(ref _closeReason),
                    CancellationToken.None);
            }
        }
        catch (Exception exception) when (exception
            is WebSocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // The reader sees the broken line too and reports it; senders are told by the completed outbox.
            End("The line broke.");
            _socket.Abort();
        }
    }

    /// <summary>This end's reason where it closed, otherwise what the other end said.</summary>
    private string PeersReason()
    {
        string own = Volatile.Read(ref _closeReason);
        string? said = own.Length > 0 ? own : _socket.CloseStatusDescription;
        return string.IsNullOrEmpty(said) ? "The other end closed the link." : said;
    }

    private void End(string reason)
    {
        Interlocked.CompareExchange(ref _endReason, reason, null);
        _outbox.Writer.TryComplete();
    }

    private void Grow()
    {
        if (_buffer.Length > LinkLimits.FrameBytesMax)
        {
            throw new LinkProtocolException(
                LinkFault.FrameTooLarge,
                $"A frame has at most {LinkLimits.FrameBytesMax} bytes, and this one has more.");
        }

        // One byte more than a frame may have, so that a message that is too long shows.
        Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, LinkLimits.FrameBytesMax + 1));
    }
}
