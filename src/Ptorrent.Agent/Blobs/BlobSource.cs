using Ptorrent.Model.Identity;

namespace Ptorrent.Agent.Blobs;

/// <summary>Blobs from the disk, or else from the harbor and then onto the disk. A few are fetched side by
/// side.</summary>
internal sealed class BlobSource(BlobCache cache, HarborBlobs harbor) : IDisposable
{
    /// <summary>The largest blob that an agent takes, in bytes: what fits a frame to an executor.</summary>
    public const long BlobBytesMax = 320L << 20;

    private const int FetchCountMax = 6;

    private readonly SemaphoreSlim _fetches = new(FetchCountMax);

    /// <summary>The bytes of a blob, in an array of its own.</summary>
    /// <exception cref="BlobUnavailableException">It is too large or cannot be had.</exception>
    public async ValueTask<byte[]> ReadAsync(Digest digest, long sizeBytes, CancellationToken cancellationToken) =>
        await cache.ReadAsync(digest, cancellationToken) ?? await FetchAsync(digest, sizeBytes, cancellationToken);

    /// <summary>Sees to it that a blob is on the disk, if that has room.</summary>
    /// <exception cref="BlobUnavailableException">It is too large or cannot be had.</exception>
    public async Task EnsureAsync(Digest digest, long sizeBytes, CancellationToken cancellationToken)
    {
        if (!cache.Touch(digest))
        {
            await FetchAsync(digest, sizeBytes, cancellationToken);
        }
    }

    /// <summary>Stores a result at the harbor.</summary>
    /// <exception cref="BlobUnavailableException">The harbor refuses it or does not answer.</exception>
    public Task UploadAsync(Digest digest, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        harbor.UploadAsync(digest, bytes, cancellationToken);

    /// <summary>The bytes of a blob that is needed once: past the disk.</summary>
    /// <exception cref="BlobUnavailableException">It is too large or cannot be had.</exception>
    public async Task<byte[]> FetchOnceAsync(Digest digest, long sizeBytes, CancellationToken cancellationToken)
    {
        if (sizeBytes > BlobBytesMax)
        {
            throw new BlobUnavailableException(
                $"Blob {digest} has {sizeBytes} bytes; an agent takes at most {BlobBytesMax}.");
        }

        await _fetches.WaitAsync(cancellationToken);
        try
        {
            return await harbor.FetchAsync(digest, sizeBytes, cancellationToken);
        }
        finally
        {
            _fetches.Release();
        }
    }

    public void Dispose() => _fetches.Dispose();

    private async Task<byte[]> FetchAsync(Digest digest, long sizeBytes, CancellationToken cancellationToken)
    {
        byte[] bytes = await FetchOnceAsync(digest, sizeBytes, cancellationToken);
        await cache.StoreAsync(digest, bytes, cancellationToken);
        return bytes;
    }
}
