using Microsoft.Extensions.Logging.Abstractions;
using Ptorrent.Agent.Blobs;
using Ptorrent.Model.Identity;
using Ptorrent.Tests.Harbor.Support;

namespace Ptorrent.Tests.Agent.Blobs;

/// <summary>What an agent has around blobs, without the rest of it, in a folder of its own.</summary>
internal sealed class AgentBlobs : IAsyncDisposable
{
    private readonly TemporaryFolder? _own;
    private readonly HarborBlobs _harbor;

    public AgentBlobs(
        Uri harbor,
        string accessKey,
        ulong agent = 1,
        bool shares = false,
        string? folder = null,
        long cacheBytesMax = 1L << 30,
        TimeSpan? pieceTimeMax = null)
    {
        _own = folder is null ? new TemporaryFolder() : null;
        Cache = BlobCache.Open(
            folder ?? _own!.Path, cacheBytesMax, TimeProvider.System, NullLogger.Instance);
        _harbor = new HarborBlobs(harbor, accessKey, TimeProvider.System, NullLogger.Instance);
        SharingOptions options = new(new AgentId(agent), 0)
        {
            BytesPerSecondMax = 1L << 40,
            PieceTimeMax = pieceTimeMax ?? TestHarbor.Patience,
        };
        Source = new BlobSource(
            Cache,
            _harbor,
            shares ? new BlobSharing(options, Cache, _harbor, TimeProvider.System, NullLogger.Instance) : null,
            TimeProvider.System,
            Log.CreateLogger("blobs"));
    }

    public BlobCache Cache { get; }

    public BlobSource Source { get; }

    public CollectedLog Log { get; } = new();

    /// <summary>Fetches a blob to the disk.</summary>
    public async Task EnsureAsync(Digest digest, long sizeBytes)
    {
        using CancellationTokenSource patience = new(TestHarbor.Patience);
        using BlobHold hold = await Source.HoldAsync(digest, sizeBytes, patience.Token);
    }

    /// <summary>A blob's bytes.</summary>
    public async Task<byte[]> ReadAsync(Digest digest, long sizeBytes)
    {
        using CancellationTokenSource patience = new(TestHarbor.Patience);
        using BlobBytes bytes = await Source.ReadAsync(digest, sizeBytes, patience.Token);
        return bytes.Content.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        _harbor.Dispose();
        _own?.Dispose();
    }
}
