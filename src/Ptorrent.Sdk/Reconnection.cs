namespace Ptorrent.Sdk;

/// <summary>Decides how long to wait before a line is made again, and when to give up. Not for several
/// threads.</summary>
internal sealed class Reconnection(PtorrentClientOptions options)
{
    private static readonly TimeSpan WaitFirst = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WaitLongest = TimeSpan.FromSeconds(3);

    private readonly PtorrentClientOptions _options = options;
    private TimeSpan _wait = WaitFirst;
    private long? _brokenAt;

    /// <summary>Whether an error means that the line broke, and that making it again may help.</summary>
    public static bool IsBreak(Exception error) =>
        error is IOException or HttpRequestException or HarborUnreachableException
            or HarborFaultException { IsTransient: true };

    /// <summary>The line works: patience starts anew.</summary>
    public void Succeeded()
    {
        _wait = WaitFirst;
        _brokenAt = null;
    }

    /// <summary>Waits before the next attempt, twice as long each time; throws <paramref name="why"/> where the harbor
    /// has been gone for too long.</summary>
    public async Task WaitAsync(HarborUnreachableException why, CancellationToken stop)
    {
        TimeProvider time = _options.Time;
        _brokenAt ??= time.GetTimestamp();
        if (time.GetElapsedTime(_brokenAt.Value) >= _options.ReconnectTimeMax)
        {
            throw why;
        }

        await Task.Delay(_wait, time, stop);
        _wait = TimeSpan.FromTicks(Math.Min(_wait.Ticks * 2, WaitLongest.Ticks));
    }
}
