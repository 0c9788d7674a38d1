using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Link.Transports;

/// <summary>
/// A link over a WebSocket, for either end: one binary message is one frame. There are no pings; whoever accepts
/// the socket turns the server's off (<see cref="System.Threading.Timeout.InfiniteTimeSpan"/>), and has the system
/// watch the line (<see cref="KeepAlive"/>). Senders take turns and write on their own threads; an idle link holds no
/// buffer. Owns the socket.
/// </summary>
public sealed class WebSocketLink : ILink
{
    private const int FirstBufferBytes = 4 * 1024;

    private readonly WebSocket _socket;
    private readonly SemaphoreSlim _turn = new(1);
    private string? _endReason;
    private string _closeReason = string.Empty;
    private Task _ending = Task.CompletedTask;
    private bool _isEndSent;

    /// <summary>Takes over an open socket.</summary>
    public WebSocketLink(WebSocket socket) => _socket = socket;

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
            socket.Options.SetRequestHeader("Authorization", $"Bearer {accessKey}");

            // What it has connected by then is the socket's own.
            using HttpMessageInvoker connecting = new(new SocketsHttpHandler
            {
                // A proxy of the surroundings has no business between two programs of one machine.
                UseProxy = !harbor.IsLoopback,
                ConnectCallback = ConnectAsync,
            });
            await socket.ConnectAsync(address.Uri, connecting, cancellationToken);
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

    private static async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context,
        CancellationToken cancellationToken)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            KeepAlive.Default.Apply(socket);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
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
        byte[] bytes = FrameCodec.EncodeToPool(frame, out int length);
        bool isWriting = false;
        try
        {
            await _turn.WaitAsync(cancellationToken);
            isWriting = true;
        }
        finally
        {
            if (!isWriting)
            {
                ArrayPool<byte>.Shared.Return(bytes);
            }
        }

        ValueTask<bool> writing = WriteAsync(bytes, length);

        // A message that was begun is written to its end, whoever waits: half a message would be the end of the line.
        bool isWritten = writing.IsCompleted
            ? await writing
            : await writing.AsTask().WaitAsync(cancellationToken);
        if (!isWritten)
        {
            throw new LinkClosedException(EndReason ?? "The link is closing.");
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Frame?> ReceiveAsync(CancellationToken cancellationToken)
    {
        if (EndReason is not null)
        {
            return null;
        }

        byte[] buffer = [];
        try
        {
            int length = 0;
            while (true)
            {
                // The first wait is for no bytes at all: most links are idle, and a buffer that waits is memory.
                ValueWebSocketReceiveResult received =
                    await _socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    End(PeersReason());

                    // The peer's end is answered by this one's, but whoever receives does not wait for it.
                    _ending = EndInTurnAsync();
                    return null;
                }

                length += received.Count;
                if (received.MessageType != WebSocketMessageType.Binary)
                {
                    throw new LinkProtocolException(LinkFault.NotAFrame, "A message is text; frames are binary.");
                }

                if (received.EndOfMessage)
                {
                    return FrameCodec.Decode(buffer.AsSpan(0, length));
                }

                if (length == buffer.Length)
                {
                    Grow(ref buffer, length);
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
        finally
        {
            if (buffer.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    /// <inheritdoc/>
    public async Task CloseAsync(string reason, CancellationToken cancellationToken)
    {
        Interlocked.CompareExchange(ref _closeReason, CloseReason.Fit(reason), string.Empty);
        try
        {
            await EndInTurnAsync().WaitAsync(cancellationToken);
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
        if (_socket.State is not (WebSocketState.Closed or WebSocketState.Aborted))
        {
            _socket.Abort();
        }

        End("The link was disposed of.");

        // Whoever writes is thrown out by the abort; the turn is not disposed of, since others may still wait for it.
        await EndInTurnAsync();
        await _ending;
        _socket.Dispose();
    }

    /// <summary>Writes one message, in the caller's turn, which ends with it.</summary>
    /// <returns>False where the link has ended or is closing.</returns>
    private async ValueTask<bool> WriteAsync(byte[] bytes, int length)
    {
        try
        {
            if (_isEndSent || EndReason is not null)
            {
                return false;
            }

            await _socket.SendAsync(
                bytes.AsMemory(0, length), WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
            return true;
        }
        catch (Exception exception) when (IsBreak(exception))
        {
            BreakOff();
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
            _turn.Release();
        }
    }

    /// <summary>Writes the end, once, after the messages of those who came before; nothing is written after
    /// it.</summary>
    private async Task EndInTurnAsync()
    {
        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            bool canSend = _socket.State is WebSocketState.Open or WebSocketState.CloseReceived;
            if (canSend && !_isEndSent)
            {
                await _socket.CloseOutputAsync(
                    WebSocketCloseStatus.NormalClosure,
                    Volatile.Read(ref _closeReason),
                    CancellationToken.None);
            }
        }
        catch (Exception exception) when (IsBreak(exception))
        {
            BreakOff();
        }
        finally
        {
            _isEndSent = true;
            _turn.Release();
        }
    }

    private static bool IsBreak(Exception exception) => exception
        is WebSocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException;

    /// <summary>The reader sees the broken line too and reports it.</summary>
    private void BreakOff()
    {
        End("The line broke.");
        _socket.Abort();
    }

    /// <summary>This end's reason where it closed, otherwise what the other end said.</summary>
    private string PeersReason()
    {
        string own = Volatile.Read(ref _closeReason);
        string? said = own.Length > 0 ? own : _socket.CloseStatusDescription;
        return string.IsNullOrEmpty(said) ? "The other end closed the link." : said;
    }

    private void End(string reason) => Interlocked.CompareExchange(ref _endReason, reason, null);

    private static void Grow(ref byte[] buffer, int length)
    {
        if (length > LinkLimits.FrameBytesMax)
        {
            throw new LinkProtocolException(
                LinkFault.FrameTooLarge,
                $"A frame has at most {LinkLimits.FrameBytesMax} bytes, and this one has more.");
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(FirstBufferBytes, buffer.Length * 2));
        buffer.AsSpan(0, length).CopyTo(larger);
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        buffer = larger;
    }
}
