using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Ptorrent.Model.Blobs;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Serialization;

namespace Ptorrent.Agent.Blobs;

/// <summary>Blobs at the harbor, over HTTP (docs/protocol/api.md). What fails in passing is tried again a few
/// times.</summary>
internal sealed partial class HarborBlobs : IDisposable
{
    private const int AttemptCountMax = 4;

    // A line slower than this is a broken one, for what an agent is good for.
    private const double BytesPerSecondMin = 32 * 1024;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly Uri _harbor;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private volatile IPAddress? _ownAddress;

    public HarborBlobs(Uri harbor, string accessKey, TimeProvider time, ILogger logger)
    {
        _harbor = harbor;
        _time = time;
        _logger = logger;
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !harbor.IsLoopback,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            ConnectCallback = ConnectAsync,
        };
        _http = new HttpClient(handler) { BaseAddress = harbor, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", accessKey);
    }

    /// <summary>Whether the harbor is on this machine: what it has lies on the same disk.</summary>
    public bool IsLocal => _harbor.IsLoopback;

    /// <summary>This device's own address on its way to the harbor; null before the first connection.</summary>
    public IPAddress? OwnAddress => _ownAddress;

    /// <summary>Fetches a blob, verified, that has exactly the length of <paramref name="bytes"/>.</summary>
    /// <exception cref="BlobUnavailableException">The harbor does not have it, gives other bytes, or does not answer.
    /// </exception>
    public Task FetchAsync(Digest digest, Memory<byte> bytes, CancellationToken cancellationToken) =>
        TryAgainAsync(
            $"Blob {digest} cannot be fetched",
            bytes.Length,
            async (isDoubted, stop) =>
            {
                await ReadAsync(RequestFor(PathOf(digest), isDoubted), bytes, stop);
                return MerkleHasher.RootOf(bytes.Span) == digest ? true : throw WrongBytes();
            },
            cancellationToken);

    /// <summary>The hashes of a blob's pieces, verified.</summary>
    /// <exception cref="BlobUnavailableException">The harbor does not have it, gives other hashes, or does not answer.
    /// </exception>
    public Task<PieceLayer> FetchLayerAsync(Digest digest, long sizeBytes, CancellationToken cancellationToken) =>
        TryAgainAsync(
            $"The pieces of blob {digest} cannot be told",
            sizeBytes: 0,
            async (isDoubted, stop) =>
            {
                byte[] hashes = new byte[PieceLayer.CountOf(sizeBytes) * Digest.ByteCount];
                await ReadAsync(RequestFor($"{PathOf(digest)}/pieces", isDoubted), hashes, stop);
                return PieceLayer.TryRead(hashes, digest, sizeBytes, out PieceLayer? layer)
                    ? layer
                    : throw WrongBytes();
            },
            cancellationToken);

    /// <summary>Fetches a piece, verified, to the front of <paramref name="bytes"/>.</summary>
    /// <exception cref="BlobUnavailableException">The harbor does not have it, gives other bytes, or does not answer.
    /// </exception>
    public Task FetchPieceAsync(
        PieceLayer layer, int piece, Memory<byte> bytes, CancellationToken cancellationToken) =>
        TryAgainAsync(
            $"Piece {piece} of blob {layer.Root} cannot be fetched",
            layer.LengthOf(piece),
            async (isDoubted, stop) =>
            {
                long begin = PieceLayer.OffsetOf(piece);
                Memory<byte> wanted = bytes[..layer.LengthOf(piece)];
                HttpRequestMessage request = RequestFor(PathOf(layer.Root), isDoubted);
                request.Headers.Range = new RangeHeaderValue(begin, begin + wanted.Length - 1);
                await ReadAsync(request, wanted, stop);
                return layer.IsPiece(piece, wanted.Span) ? true : throw WrongBytes();
            },
            cancellationToken);

    /// <summary>Tells what this agent has of a blob, and hears what others have.</summary>
    /// <returns>Null where the harbor does not say.</returns>
    public async Task<PieceAdvice?> ReportAsync(
        Digest digest, AgentId agent, PieceReport report, CancellationToken cancellationToken)
    {
        using CancellationTokenSource late = new(
            AnswerTimeMax + TimeSpan.FromMilliseconds(report.PatienceMilliseconds), _time);
        using CancellationTokenSource stop =
            CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            using HttpResponseMessage response = await _http.PutAsync(
                SourcePathOf(digest, agent),
                new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(report, ModelJson.Default.PieceReport)),
                stop.Token);
            response.EnsureSuccessStatusCode();
            return await response.Content.ReadFromJsonAsync(ModelJson.Default.PieceAdvice, stop.Token);
        }
        catch (Exception exception) when (exception is JsonException || IsOfTheLine(exception))
        {
            cancellationToken.ThrowIfCancellationRequested();
            LogNoAdvice(digest, exception.Message);
            return null;
        }
    }

    /// <summary>Tells that this agent gives a blob up, if the harbor listens.</summary>
    public async Task LeaveAsync(Digest digest, AgentId agent)
    {
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(2), _time);
        try
        {
            using HttpResponseMessage response =
                await _http.DeleteAsync(SourcePathOf(digest, agent), late.Token);
        }
        catch (Exception exception) when (IsOfTheLine(exception))
        {
            LogNoAdvice(digest, exception.Message);
        }
    }

    /// <summary>Stores a blob at the harbor; one that is there already is left alone.</summary>
    /// <exception cref="BlobUnavailableException">The harbor refuses it or does not answer.</exception>
    public Task UploadAsync(Digest digest, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        TryAgainAsync(
            $"A result of {bytes.Length} bytes cannot be uploaded",
            bytes.Length,
            async (_, stop) =>
            {
                using ReadOnlyMemoryContent content = new(bytes);
                using HttpResponseMessage response = await _http.PutAsync(PathOf(digest), content, stop);
                response.EnsureSuccessStatusCode();
                return true;
            },
            cancellationToken);

    public void Dispose() => _http.Dispose();

    private static string PathOf(Digest digest) => $"/api/blobs/{digest}";

    private static Uri SourcePathOf(Digest digest, AgentId agent) =>
        new($"{PathOf(digest)}/sources/{agent}", UriKind.Relative);

    private static InvalidDataException WrongBytes() =>
        new("the harbor sent other bytes than the digest says");

    private HttpRequestMessage RequestFor(string path, bool isDoubted)
    {
        HttpRequestMessage request = new(HttpMethod.Get, new Uri(_harbor, path));
        if (isDoubted)
        {
            // It has the harbor look at its own file again, which sets a damaged one aside.
            request.Headers.CacheControl = new CacheControlHeaderValue { NoCache = true };
        }

        return request;
    }

    /// <summary>Reads an answer that has exactly the bytes that are wanted.</summary>
    private async Task ReadAsync(HttpRequestMessage request, Memory<byte> bytes, CancellationToken stop)
    {
        using (request)
        {
            using HttpResponseMessage response =
                await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
            response.EnsureSuccessStatusCode();
            if (response.Content.Headers.ContentLength is { } length && length != bytes.Length)
            {
                throw new InvalidDataException($"it has {length} bytes instead of {bytes.Length}");
            }

            await using Stream stream = await response.Content.ReadAsStreamAsync(stop);
            await stream.ReadExactlyAsync(bytes, stop);
            if (await stream.ReadAsync(new byte[1], stop) != 0)
            {
                throw new InvalidDataException($"it has more than {bytes.Length} bytes");
            }
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken stop)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, stop);
            if (socket.LocalEndPoint is IPEndPoint { Address: { } own })
            {
                _ownAddress = own.IsIPv4MappedToIPv6 ? own.MapToIPv4() : own;
            }

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<T> TryAgainAsync<T>(
        string what,
        long sizeBytes,
        Func<bool, CancellationToken, Task<T>> attempt,
        CancellationToken cancellationToken)
    {
        TimeSpan pause = FirstPause;
        bool isDoubted = false;
        for (int count = 1; ; count++)
        {
            using CancellationTokenSource late = new(
                AnswerTimeMax + TimeSpan.FromSeconds(sizeBytes / BytesPerSecondMin), _time);
            using CancellationTokenSource stop =
                CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
            try
            {
                return await attempt(isDoubted, stop.Token);
            }
            catch (Exception exception) when (IsOfTheLine(exception))
            {
                // Whoever gave up does not hear what else went wrong with the line.
                cancellationToken.ThrowIfCancellationRequested();
                isDoubted = exception is InvalidDataException;
                bool isFinal = exception is HttpRequestException { StatusCode: { } status } && !IsPassing(status);
                if (isFinal || count == AttemptCountMax)
                {
                    throw new BlobUnavailableException($"{what}: {exception.Message}", exception);
                }
            }

            await Task.Delay(pause, _time, cancellationToken);
            pause *= 3;
        }
    }

    private static bool IsOfTheLine(Exception exception) =>
        exception is HttpRequestException or IOException or InvalidDataException or OperationCanceledException;

    // Not found passes too: a harbor that has just begun anew may know the blob in a moment.
    private static bool IsPassing(HttpStatusCode status) =>
        (int)status >= 500 || status is HttpStatusCode.NotFound or HttpStatusCode.TooManyRequests;

    [LoggerMessage(EventId = 7111, Level = LogLevel.Debug,
        Message = "The harbor does not say who has blob {Digest}: {Reason}")]
    private partial void LogNoAdvice(Digest digest, string reason);
}
