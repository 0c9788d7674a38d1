namespace Ptorrent.Agent.Blobs;

/// <summary>Lets so many bytes through each second: who takes more waits until they have been let through. For any
/// number of threads.</summary>
internal sealed class RateLimit(long bytesPerSecondMax, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly long _begunAt = time.GetTimestamp();
    private TimeSpan _freeAt;

    /// <summary>Waits until these bytes may go.</summary>
    public async ValueTask TakeAsync(int bytes, CancellationToken stop)
    {
        TimeSpan wait;
        lock (_lock)
        {
            TimeSpan now = time.GetElapsedTime(_begunAt);
            _freeAt = _freeAt > now ? _freeAt : now;
            wait = _freeAt - now;
            _freeAt += TimeSpan.FromSeconds((double)bytes / bytesPerSecondMax);
        }

        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, stop);
        }
    }
}
