using System.Net;
using System.Net.Http.Headers;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;

namespace Ptorrent.Agent.Blobs;

/// <summary>Blobs at the harbor, over HTTP (docs/protocol/api.md). What fails in passing is tried again a few
/// times.</summary>
internal sealed class HarborBlobs : IDisposable
{
    private const int AttemptCountMax = 4;

    // A line slower than this is a broken one, for what an agent is good for.
    private const double BytesPerSecondMin = 32 * 1024;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly TimeProvider _time;

    public HarborBlobs(Uri harbor, string accessKey, TimeProvider time)
    {
        _time = time;
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !harbor.IsLoopback,
            ConnectTimeout = TimeSpan.FromSeconds(10),
        };
        _http = new HttpClient(handler) { BaseAddress = harbor, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", accessKey);
    }

    /// <summary>The bytes of a blob, verified, in an array of its own.</summary>
    /// <exception cref="BlobUnavailableException">The harbor does not have it, gives other bytes, or does not answer.
    /// </exception>
    public Task<byte[]> FetchAsync(Digest digest, long sizeBytes, CancellationToken cancellationToken) =>
        TryAgainAsync(
            $"Blob {digest} cannot be fetched",
            sizeBytes,
            async (stop) =>
            {
                using HttpResponseMessage response =
                    await _http.GetAsync(PathOf(digest), HttpCompletionOption.ResponseHeadersRead, stop);
                response.EnsureSuccessStatusCode();
                if (response.Content.Headers.ContentLength is { } length && length != sizeBytes)
                {
                    throw new InvalidDataException($"it has {length} bytes instead of {sizeBytes}");
                }

                byte[] bytes = new byte[sizeBytes];
                await using Stream stream = await response.Content.ReadAsStreamAsync(stop);
                await stream.ReadExactlyAsync(bytes, stop);
                if (await stream.ReadAsync(new byte[1], stop) != 0 || MerkleHasher.RootOf(bytes) != digest)
                {
                    throw new InvalidDataException("the bytes are others than its digest says");
                }

                return bytes;
            },
            cancellationToken);

    /// <summary>Stores a blob at the harbor; one that is there already is left alone.</summary>
    /// <exception cref="BlobUnavailableException">The harbor refuses it or does not answer.</exception>
    public Task UploadAsync(Digest digest, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        TryAgainAsync(
            $"A result of {bytes.Length} bytes cannot be uploaded",
            bytes.Length,
            async (stop) =>
            {
                using ReadOnlyMemoryContent content = new(bytes);
                using HttpResponseMessage response = await _http.PutAsync(PathOf(digest), content, stop);
                response.EnsureSuccessStatusCode();
                return true;
            },
            cancellationToken);

    public void Dispose() => _http.Dispose();

    private static Uri PathOf(Digest digest) => new($"/api/blobs/{digest}", UriKind.Relative);

    private async Task<T> TryAgainAsync<T>(
        string what,
        long sizeBytes,
        Func<CancellationToken, Task<T>> attempt,
        CancellationToken cancellationToken)
    {
        TimeSpan pause = FirstPause;
        for (int count = 1; ; count++)
        {
            using CancellationTokenSource late = new(
                AnswerTimeMax + TimeSpan.FromSeconds(sizeBytes / BytesPerSecondMin), _time);
            using CancellationTokenSource stop =
                CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
            try
            {
                return await attempt(stop.Token);
            }
            catch (Exception exception) when (IsOfTheLine(exception) && !cancellationToken.IsCancellationRequested)
            {
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
}
