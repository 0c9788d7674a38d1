using System.Net;
using Microsoft.Extensions.Logging;
using Ptorrent.Agent.Execution;
using Ptorrent.Model.Blobs;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Merkle;

namespace Ptorrent.Agent.Blobs;

/// <summary>What an agent needs to hand blobs on and to be handed them: a listener, begun when the first large blob is
/// fetched, and the way to the others. For any number of threads.</summary>
internal sealed partial class BlobSharing(
    SharingOptions options,
    BlobCache cache,
    HarborBlobs harbor,
    TimeProvider time,
    ILogger logger) : IAsyncDisposable
{
    // The harbor forgets who was not heard of for an hour.
    private static readonly TimeSpan AnnouncePause = TimeSpan.FromMinutes(30);

    private readonly ILogger _logger = logger;
    private readonly SemaphoreSlim _starting = new(1);
    private readonly TaskGroup _tasks = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<Digest, long> _announcedAt = [];
    private readonly CancellationTokenSource _stop = new();
    private ShareListener? _listener;
    private bool _isRefused;

    public AgentId Agent => options.Agent;

    /// <summary>Another number for each agent.</summary>
    public ulong Rotation => unchecked(options.Agent.Value * 0x9E3779B97F4A7C15) >> 16;

    public TimeSpan Patience => options.Patience;

    public PeerBlobs Peers { get; } = new(options.PieceTimeMax, time);

    /// <summary>Whether a source is another agent, where a neighbour can be.</summary>
    public bool IsNear(PieceSource source) =>
        source.Agent != Agent && harbor.OwnAddress is { } own && PeerBlobs.IsNear(own, source);

    /// <summary>Listens, unless it does so already.</summary>
    /// <returns>Where others reach this agent; null where it cannot listen.</returns>
    public async Task<string?> StartAsync(CancellationToken stop)
    {
        if (harbor.OwnAddress is not { } own)
        {
            return null;
        }

        await _starting.WaitAsync(stop);
        try
        {
            _listener ??= _isRefused
                ? null
                : await ShareListener.StartAsync(cache, options, own, time, stop);
            return _listener is null ? null : new IPEndPoint(own, _listener.Port).ToString();
        }
        catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException)
        {
            _isRefused = true;
            LogNotListening(options.Port, exception.Message);
            return null;
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>Tells the harbor soon that a blob is here whole, unless it was told of late.</summary>
    public void Announce(Digest digest, long sizeBytes)
    {
        lock (_lock)
        {
            if (_announcedAt.TryGetValue(digest, out long at) && time.GetElapsedTime(at) < AnnouncePause)
            {
                return;
            }

            foreach (Digest old in _announcedAt.Where(a => time.GetElapsedTime(a.Value) >= AnnouncePause)
                .Select(a => a.Key).ToArray())
            {
                _announcedAt.Remove(old);
            }

            _announcedAt[digest] = time.GetTimestamp();
        }

        _tasks.Start(async () =>
        {
            if (await StartAsync(_stop.Token) is { } address)
            {
                byte[] map = PieceMap.Whole(PieceLayer.CountOf(sizeBytes)).ToByteArray();
                PieceReport report = new() { Address = address, Have = map };
                await harbor.ReportAsync(digest, Agent, report, _stop.Token);
            }
        });
    }

    /// <summary>Tells the harbor soon that a blob was given up.</summary>
    public void Leave(Digest digest) => _tasks.Start(() => harbor.LeaveAsync(digest, Agent));

    public async ValueTask DisposeAsync()
    {
        _stop.Cancel();
        await _tasks.WhenIdleAsync();
        if (_listener is not null)
        {
            await _listener.DisposeAsync();
        }

        Peers.Dispose();
        _starting.Dispose();
        _stop.Dispose();
    }

    [LoggerMessage(EventId = 7131, Level = LogLevel.Warning,
        Message = "No blobs are handed on: port {Port} cannot be listened on: {Reason}")]
    private partial void LogNotListening(int port, string reason);
}
