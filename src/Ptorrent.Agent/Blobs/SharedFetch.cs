namespace Ptorrent.Agent.Blobs;

/// <summary>A fetch that several wait for. It is stopped when none of them waits any more; what it brought is held as
/// long as one does. Its owner's lock guards joining and leaving.</summary>
internal sealed class SharedFetch : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private int _waiterCount;
    private BlobHold? _hold;

    /// <param name="fetch">Brings the blob to the disk, and gives a hold on it.</param>
    public SharedFetch(Func<CancellationToken, Task<BlobHold>> fetch) => Completion = RunAsync(fetch);

    /// <summary>Ends when the blob is here.</summary>
    public Task Completion { get; }

    /// <summary>Waits with the others, unless they have all gone.</summary>
    public bool TryJoin()
    {
        if (_stop.IsCancellationRequested)
        {
            return false;
        }

        _waiterCount++;
        return true;
    }

    public void Leave()
    {
        _waiterCount--;
        if (_waiterCount == 0)
        {
            Dispose();
        }
    }

    /// <summary>Stops it, whoever waits, and lets what it brought go. It owns nothing that must be freed.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        Interlocked.Exchange(ref _hold, null)?.Dispose();
    }

    private async Task RunAsync(Func<CancellationToken, Task<BlobHold>> fetch)
    {
        // Off the caller's thread, which has a lock.
        await Task.Yield();
        BlobHold hold = await fetch(_stop.Token);
        Interlocked.Exchange(ref _hold, hold);
        if (_stop.IsCancellationRequested)
        {
            Interlocked.Exchange(ref _hold, null)?.Dispose();
        }
    }
}
