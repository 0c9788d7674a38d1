namespace Ptorrent.Cli.Display;

/// <summary>How fast a count grows, over the last few seconds. Not for several threads.</summary>
internal sealed class RateMeter(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(4);

    private readonly Queue<(long At, long Count)> _samples = [];

    /// <summary>Takes the count as it is now; returns its growth a second.</summary>
    public double Update(long count)
    {
        long now = time.GetTimestamp();
        _samples.Enqueue((now, count));
        while (_samples.Count > 2 && time.GetElapsedTime(_samples.Peek().At, now) > Window)
        {
            _samples.Dequeue();
        }

        (long firstAt, long firstCount) = _samples.Peek();
        double seconds = time.GetElapsedTime(firstAt, now).TotalSeconds;
        return seconds <= 0 ? 0 : Math.Max(0, count - firstCount) / seconds;
    }
}
