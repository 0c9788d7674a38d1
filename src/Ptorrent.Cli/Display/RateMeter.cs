namespace Ptorrent.Cli.Display;

/// <summary>How fast a count grows, over the last few seconds. Not for several threads.</summary>
internal sealed class RateMeter
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(6);

    private readonly TimeProvider _time;
    private readonly Queue<(long At, long Count)> _samples = [];

    /// <summary>Starts with a count of zero now.</summary>
    public RateMeter(TimeProvider time)
    {
        _time = time;
        _samples.Enqueue((time.GetTimestamp(), 0));
    }

    /// <summary>Takes the count as it is now; returns its growth a second.</summary>
    public double Update(long count)
    {
        long now = _time.GetTimestamp();
        _samples.Enqueue((now, count));
        while (_samples.Count > 2 && _time.GetElapsedTime(_samples.Peek().At, now) > Window)
        {
            _samples.Dequeue();
        }

        (long firstAt, long firstCount) = _samples.Peek();
        double seconds = _time.GetElapsedTime(firstAt, now).TotalSeconds;
        return seconds <= 0 ? 0 : Math.Max(0, count - firstCount) / seconds;
    }
}
