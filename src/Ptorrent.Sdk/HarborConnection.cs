using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Serialization;

namespace Ptorrent.Sdk;

/// <summary>Sends requests to one harbor and turns whatever comes back into a value or one of the documented
/// errors.</summary>
internal sealed class HarborConnection : IDisposable
{
    private const long JsonBytesMax = 256L << 20;
    private const int RefusalBytesMax = 64 * 1024;
    private const int KeepAliveIdleSeconds = 30;
    private const int KeepAliveProbeSeconds = 10;
    private const int KeepAliveProbeCount = 3;

    private readonly HttpClient _http;

    public HarborConnection(Uri address, string accessKey, PtorrentClientOptions options, HttpMessageHandler? handler)
    {
        Address = address;
        Options = options;
        _http = new HttpClient(handler ?? MakeHandler(address, options), disposeHandler: true)
        {
            BaseAddress = address,
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = JsonBytesMax,
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", accessKey);
    }

    public Uri Address { get; }

    public PtorrentClientOptions Options { get; }

    /// <summary>Asks a short question: the whole answer must be there in
    /// <see cref="PtorrentClientOptions.AnswerTimeMax"/>. The caller disposes of it, whatever its status.</summary>
    public async Task<HttpResponseMessage> AskAsync(HttpRequestMessage request, CancellationToken stop)
    {
        using CancellationTokenSource limit = new(Options.AnswerTimeMax, Options.Time);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, both.Token);
        }
        catch (HttpRequestException error)
        {
            throw Unreachable(error);
        }
        catch (OperationCanceledException error) when (!stop.IsCancellationRequested)
        {
            throw new HarborUnreachableException(
                Address, $"it did not answer within {Options.AnswerTimeMax.TotalSeconds:0} s", error);
        }
    }

    /// <summary>Sends a request whose body or answer may be of any length; returns once the answer's head is there.
    /// </summary>
    public async Task<HttpResponseMessage> OpenAsync(HttpRequestMessage request, CancellationToken stop)
    {
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        }
        catch (HttpRequestException error)
        {
            throw Unreachable(error);
        }
        catch (OperationCanceledException error) when (!stop.IsCancellationRequested)
        {
            throw new HarborUnreachableException(Address, "no connection was made in time", error);
        }
    }

    /// <summary>Asks a short question whose good answer is JSON.</summary>
    public async Task<T> AskJsonAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> type, CancellationToken stop)
    {
        using (request)
        {
            using HttpResponseMessage answer = await AskAsync(request, stop);
            await ThrowUnlessGoodAsync(answer, stop);
            try
            {
                await using Stream body = await answer.Content.ReadAsStreamAsync(stop);
                return await JsonSerializer.DeserializeAsync(body, type, stop)
                    ?? throw new HarborFaultException(answer.StatusCode, "its answer is empty");
            }
            catch (JsonException error)
            {
                throw new HarborFaultException(answer.StatusCode, "its answer is not what this version reads", error);
            }
        }
    }

    /// <summary>Throws what an answer that is not of the two hundreds means.</summary>
    public async Task ThrowUnlessGoodAsync(HttpResponseMessage answer, CancellationToken stop)
    {
        if (answer.IsSuccessStatusCode)
        {
            return;
        }

        if (await ReadRefusalAsync(answer, stop) is { } refusal)
        {
            throw new RefusedException(refusal);
        }

        throw answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized => new RefusedException(new Refusal(
                RefusalCode.Unauthorized, "access key", string.Empty, "the harbor does not know it", string.Empty)),
            HttpStatusCode.NotFound => new RefusedException(new Refusal(
                RefusalCode.NotFound, string.Empty, string.Empty, "the harbor has no such thing", string.Empty)),
            _ => new HarborFaultException(answer.StatusCode, answer.ReasonPhrase ?? "no reason was given"),
        };
    }

    public HarborUnreachableException Unreachable(Exception error) => new(Address, Reason(error), error);

    public void Dispose() => _http.Dispose();

    private static string Reason(Exception error) => error switch
    {
        { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } } =>
            "nothing listens there",
        { InnerException: SocketException socket } => socket.Message.TrimEnd('.'),
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "its name is not known",
        HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } => "it broke the connection off",
        { InnerException: IOException io } => io.Message.TrimEnd('.'),
        _ => error.Message.TrimEnd('.'),
    };

    private static async Task<Refusal?> ReadRefusalAsync(HttpResponseMessage answer, CancellationToken stop)
    {
        try
        {
            await using Stream body = await answer.Content.ReadAsStreamAsync(stop);
            byte[] bytes = new byte[RefusalBytesMax];
            int length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, stop);
            return length == 0 ? null : JsonSerializer.Deserialize(bytes.AsSpan(0, length), ModelJson.Default.Refusal);
        }
        catch (Exception error) when (error is JsonException or IOException or HttpRequestException)
        {
            // Then it is no refusal of a harbor; the status alone has to say what happened.
            return null;
        }
    }

    private static SocketsHttpHandler MakeHandler(Uri address, PtorrentClientOptions options) => new()
    {
        // A redirect would carry the access key elsewhere, and a proxy cannot reach this machine's own loopback.
        AllowAutoRedirect = false,
        UseProxy = !address.IsLoopback,
        UseCookies = false,
        ConnectTimeout = options.ConnectTimeMax,
        ConnectCallback = ConnectAsync,
    };

    /// <summary>Connects with keep-alive probes: events are silent while a job waits, and a harbor whose machine has
    /// gone must still be noticed.</summary>
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken stop)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveIdleSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveProbeSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbeCount);
            await socket.ConnectAsync(context.DnsEndPoint, stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
