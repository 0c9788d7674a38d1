using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Ptorrent.Harbor.Blobs;
using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;

namespace Ptorrent.Harbor.Retention;

/// <summary>
/// Keeps the home from growing for ever: at the start and once an hour, jobs that ended long ago are forgotten, then
/// blobs that no job names and nobody has used for a while are removed.
/// </summary>
internal sealed partial class HomeKeeper : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    private readonly HarborOptions _options;
    private readonly HarborLoop _loop;
    private readonly HarborReader _reader;
    private readonly BlobStore _blobs;
    private readonly ILogger<HomeKeeper> _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _keeping;

    /// <summary>Begins at once.</summary>
    public HomeKeeper(
        HarborOptions options,
        HarborLoop loop,
        HarborReader reader,
        BlobStore blobs,
        ILogger<HomeKeeper> logger)
    {
        _options = options;
        _loop = loop;
        _reader = reader;
        _blobs = blobs;
        _logger = logger;
        _keeping = KeepAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _keeping;
        _stop.Dispose();
    }

    /// <summary>Tidies once.</summary>
    public async Task PassAsync()
    {
        try
        {
            DateTimeOffset now = _options.Time.GetUtcNow();
            int jobs = await ForgetJobsAsync(now);
            int blobs = RemoveBlobs(now - _options.UnnamedBlobTime);
            if (jobs + blobs > 0)
            {
                LogKept(jobs, blobs);
            }
        }
        catch (Exception exception) when (exception is IOException or SqliteException or StorageException)
        {
            LogFailed(exception);
        }
    }

    private async Task KeepAsync()
    {
        await Task.Yield();
        using PeriodicTimer timer = new(Every, _options.Time);
        try
        {
            do
            {
                await PassAsync();
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (Exception exception) when (exception is OperationCanceledException or ChannelClosedException)
        {
            // The harbor stops.
        }
    }

    private async Task<int> ForgetJobsAsync(DateTimeOffset now)
    {
        int count = 0;
        long number = 0;
        while (true)
        {
            ImmutableArray<(long Number, JobId Job)> jobs =
                _reader.ReadJobsToForget(_options.EndedJobCountMax, now - _options.EndedJobTimeMax, number);
            if (jobs.IsEmpty)
            {
                return count;
            }

            await _loop.PostAsync(new HarborEvent.HistoryCut([.. jobs.Select(j => j.Job)]), _stop.Token);
            count += jobs.Length;
            number = jobs[^1].Number;
        }
    }

    /// <summary>What is unused is looked for first: a blob that comes to be named meanwhile has been used.</summary>
    private int RemoveBlobs(DateTimeOffset moment)
    {
        Digest[] unused = [.. _blobs.UnusedSince(moment)];
        if (unused.Length == 0)
        {
            return 0;
        }

        HashSet<Digest> named = _reader.ReadNamedBlobs();
        return unused.Count(digest => !named.Contains(digest) && _blobs.RemoveUnused(digest, moment));
    }

    [LoggerMessage(401, LogLevel.Information, "Forgot {Jobs} jobs that ended long ago and {Blobs} blobs nobody names")]
    private partial void LogKept(int jobs, int blobs);

    [LoggerMessage(402, LogLevel.Warning, "The home could not be tidied; it is tried again in an hour")]
    private partial void LogFailed(Exception exception);
}
