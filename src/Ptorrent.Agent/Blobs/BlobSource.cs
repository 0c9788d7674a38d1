using System.Buffers;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;

namespace Ptorrent.Agent.Blobs;

/// <summary>
/// Blobs from the disk, or else from the harbor or from other agents and then onto the disk. Whoever needs a blob that
/// is being fetched waits for that fetch. Small ones come by one request, several side by side; large ones in pieces.
/// For any number of threads.
/// </summary>
internal sealed class BlobSource : IAsyncDisposable
{
    /// <summary>The largest blob that is read whole, in bytes: what fits a frame to an executor.</summary>
    public const int ReadBytesMax = 320 << 20;

    private const int SmallFetchCountMax = 8;
    private const long FreshBytesMax = 64L << 20;
    private const int LargeFetchCountMax = 3;

    // What finds no room in memory for so long is not needed soon, and goes to the disk.
    private static readonly TimeSpan FreshPatience = TimeSpan.FromSeconds(10);

    private readonly BlobCache _cache;
    private readonly HarborBlobs _harbor;
    private readonly BlobSharing? _sharing;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly FreshBlobs _fresh;
    private readonly SemaphoreSlim _smallFetches = new(SmallFetchCountMax);
    private readonly SemaphoreSlim _largeFetches = new(LargeFetchCountMax);
    private readonly Lock _lock = new();
    private readonly Dictionary<Digest, SharedFetch> _fetches = [];

    /// <param name="cache">The disk.</param>
    /// <param name="harbor">The harbor.</param>
    /// <param name="sharing">The other agents; null where blobs are neither given nor taken. Disposed of with
    /// this.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Hears of sources that do not deliver.</param>
    public BlobSource(
        BlobCache cache, HarborBlobs harbor, BlobSharing? sharing, TimeProvider time, ILogger logger)
    {
        _cache = cache;
        _harbor = harbor;
        _sharing = sharing;
        _time = time;
        _logger = logger;
        _fresh = new FreshBlobs(FreshBytesMax, FreshPatience, time);
    }

    /// <summary>The bytes of a blob.</summary>
    /// <exception cref="BlobUnavailableException">It is too large or cannot be had.</exception>
    public async ValueTask<BlobBytes> ReadAsync(Digest digest, long sizeBytes, CancellationToken stop)
    {
        CheckReadable(digest, sizeBytes);
        CheckKept(digest, sizeBytes);
        while (true)
        {
            if (_fresh.TryTake(digest) is { } fresh)
            {
                return fresh;
            }

            if (await _cache.ReadAsync(digest, stop) is { } kept)
            {
                return kept;
            }

            using BlobHold? hold = await FetchAsync(digest, sizeBytes, stop);
            if (await _cache.ReadAsync(digest, stop) is { } fetched)
            {
                return fetched;
            }
        }
    }

    /// <summary>Brings a blob that will be read: to the disk, as <see cref="HoldAsync"/> does. A small one from a
    /// harbor on this machine, which has it on the same disk, stays in memory, where there is room soon.</summary>
    /// <exception cref="BlobUnavailableException">It is too large or cannot be had.</exception>
    public async Task<BlobHold> PrefetchAsync(Digest digest, long sizeBytes, CancellationToken stop)
    {
        CheckKept(digest, sizeBytes);
        if (!_harbor.IsLocal || sizeBytes > PieceLayer.PieceBytes)
        {
            return await HoldAsync(digest, sizeBytes, stop);
        }

        int length = (int)sizeBytes;
        if ((_fresh.TryHold(digest) ?? _cache.TryHold(digest)) is { } there)
        {
            return there;
        }

        if (!await _fresh.TryReserveAsync(length, stop))
        {
            return await HoldAsync(digest, sizeBytes, stop);
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            await FetchSmallAsync(digest, buffer.AsMemory(0, length), stop);
        }
        catch
        {
            _fresh.Free(length);
            throw;
        }

        return _fresh.Add(digest, buffer, length);
    }

    /// <summary>Sees to it that a blob is on the disk, and stays there until the hold is disposed of.</summary>
    /// <exception cref="BlobUnavailableException">It is too large or cannot be had.</exception>
    public async Task<BlobHold> HoldAsync(Digest digest, long sizeBytes, CancellationToken stop)
    {
        CheckKept(digest, sizeBytes);
        while (true)
        {
            if (_cache.TryHold(digest) is { } kept)
            {
                if (await IsGoodAsync(digest, sizeBytes, kept, stop))
                {
                    return kept;
                }
            }
            else if (await FetchAsync(digest, sizeBytes, stop) is { } fetched)
            {
                return fetched;
            }
        }
    }

    /// <summary>Opens a blob to read parts of it; fetched before where it is not here.</summary>
    /// <exception cref="BlobUnavailableException">It is too large or cannot be had.</exception>
    public async Task<BlobFile> OpenAsync(Digest digest, long sizeBytes, CancellationToken stop)
    {
        while (true)
        {
            BlobHold hold = await HoldAsync(digest, sizeBytes, stop);
            try
            {
                if (await _cache.TryOpenAsync(digest, stop) is { } file)
                {
                    return new BlobFile(file, sizeBytes, Interlocked.Exchange(ref hold!, null));
                }
            }
            finally
            {
                hold?.Dispose();
            }
        }
    }

    /// <summary>Stores a result at the harbor.</summary>
    /// <exception cref="BlobUnavailableException">The harbor refuses it or does not answer.</exception>
    public Task UploadAsync(Digest digest, ReadOnlyMemory<byte> bytes, CancellationToken stop) =>
        _harbor.UploadAsync(digest, bytes, stop);

    /// <summary>The bytes of a blob that is needed once: past the disk.</summary>
    /// <exception cref="BlobUnavailableException">It is too large or cannot be had.</exception>
    public async Task<byte[]> FetchOnceAsync(Digest digest, long sizeBytes, CancellationToken stop)
    {
        CheckReadable(digest, sizeBytes);
        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)sizeBytes);
        await FetchSmallAsync(digest, bytes, stop);
        return bytes;
    }

    public async ValueTask DisposeAsync()
    {
        SharedFetch[] fetches;
        lock (_lock)
        {
            fetches = [.. _fetches.Values];
        }

        foreach (SharedFetch fetch in fetches)
        {
            fetch.Dispose();
            await fetch.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (_sharing is not null)
        {
            await _sharing.DisposeAsync();
        }

        _smallFetches.Dispose();
        _largeFetches.Dispose();
    }

    private static void CheckReadable(Digest digest, long sizeBytes)
    {
        if (sizeBytes > ReadBytesMax)
        {
            throw new BlobUnavailableException(
                $"Blob {digest} has {sizeBytes} bytes; an executor takes at most {ReadBytesMax}.");
        }
    }

    private void CheckKept(Digest digest, long sizeBytes)
    {
        if (sizeBytes > _cache.BytesMax)
        {
            throw new BlobUnavailableException(
                $"Blob {digest} has {sizeBytes} bytes; this device keeps at most {_cache.BytesMax}.")
            {
                IsOfThisDevice = true,
            };
        }
    }

    private async Task FetchSmallAsync(Digest digest, Memory<byte> bytes, CancellationToken stop)
    {
        await _smallFetches.WaitAsync(stop);
        try
        {
            await _harbor.FetchAsync(digest, bytes, stop);
        }
        finally
        {
            _smallFetches.Release();
        }
    }

    /// <summary>A large blob is looked at before anybody relies on it, and other agents hear of it.</summary>
    private async Task<bool> IsGoodAsync(Digest digest, long sizeBytes, BlobHold hold, CancellationToken stop)
    {
        if (sizeBytes <= PieceLayer.PieceBytes)
        {
            return true;
        }

        try
        {
            if (await _cache.VerifyAsync(digest, stop))
            {
                _sharing?.Announce(digest, sizeBytes);
                return true;
            }
        }
        catch
        {
            hold.Dispose();
            throw;
        }

        hold.Dispose();
        return false;
    }

    /// <summary>Fetches a blob, or waits for whoever does. The last one to stop waiting stops the fetch.</summary>
    /// <returns>A hold on the blob; null where somebody has deleted it meanwhile.</returns>
    private async Task<BlobHold?> FetchAsync(Digest digest, long sizeBytes, CancellationToken stop)
    {
        while (true)
        {
            SharedFetch? fetch;
            bool isJoined;
            lock (_lock)
            {
                if (!_fetches.TryGetValue(digest, out fetch))
                {
                    fetch = new SharedFetch(end => FetchAloneAsync(digest, sizeBytes, end));
                    _fetches.Add(digest, fetch);
                }

                isJoined = fetch.TryJoin();
            }

            if (!isJoined)
            {
                // It is being stopped, since all who waited have gone; afterwards it begins anew.
                await fetch.Completion.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                stop.ThrowIfCancellationRequested();
                continue;
            }

            try
            {
                await fetch.Completion.WaitAsync(stop);
                return _cache.TryHold(digest);
            }
            finally
            {
                lock (_lock)
                {
                    fetch.Leave();
                }
            }
        }
    }

    private async Task<BlobHold> FetchAloneAsync(Digest digest, long sizeBytes, CancellationToken stop)
    {
        try
        {
            return _cache.TryHold(digest)
                ?? (sizeBytes <= PieceLayer.PieceBytes
                    ? await FetchWholeAsync(digest, (int)sizeBytes, stop)
                    : await FetchLargeAsync(digest, sizeBytes, stop));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BlobUnavailableException(
                $"Blob {digest} cannot be kept on this device: {exception.Message}", exception)
            {
                IsOfThisDevice = true,
            };
        }
        finally
        {
            lock (_lock)
            {
                _fetches.Remove(digest);
            }
        }
    }

    private async Task<BlobHold> FetchWholeAsync(Digest digest, int sizeBytes, CancellationToken stop)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(sizeBytes);
        try
        {
            await FetchSmallAsync(digest, buffer.AsMemory(0, sizeBytes), stop);
            return _cache.Store(digest, buffer.AsMemory(0, sizeBytes), stop);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task<BlobHold> FetchLargeAsync(Digest digest, long sizeBytes, CancellationToken stop)
    {
        await _largeFetches.WaitAsync(stop);
        try
        {
            return await FetchPiecesAsync(digest, sizeBytes, stop);
        }
        finally
        {
            _largeFetches.Release();
        }
    }

    private async Task<BlobHold> FetchPiecesAsync(Digest digest, long sizeBytes, CancellationToken stop)
    {
        PieceLayer layer = await _harbor.FetchLayerAsync(digest, sizeBytes, stop);
        PartFile part = await _cache.OpenPartAsync(layer, stop);
        try
        {
            await new PieceFetch(part, _harbor, _sharing, _time, _logger).RunAsync(stop);
            BlobHold hold = _cache.Complete(part);
            _sharing?.Announce(digest, sizeBytes);
            return hold;
        }
        catch (Exception exception)
        {
            // A disk that refuses keeps nothing half written; pieces that came over a line that broke are kept.
            _cache.GiveUp(part, isKept: exception is not (IOException or UnauthorizedAccessException));
            _sharing?.Leave(digest);
            throw;
        }
    }
}
