namespace Ptorrent.Cli.Local;

/// <summary>
/// Says how many indices the next run takes, so that a run takes a certain time: short enough that V8 puts its
/// optimised code in place (it replaces no function that is running), long enough that starting it does not count. Not
/// for several threads.
/// </summary>
internal sealed class RunSizer(long countMax)
{
    private const long OutputBytesMax = 32L << 20;
    private const int GrowthMax = 8;

    private static readonly TimeSpan Target = TimeSpan.FromMilliseconds(30);

    // Weighs the newest runs more: the cost of an index changes along a range.
    private const double Memory = 0.9;

    private double _indices;
    private double _seconds;
    private double _bytes;
    private long _largest;

    /// <summary>The indices of the next run; at least one.</summary>
    public long Next()
    {
        if (_indices == 0)
        {
            return 1;
        }

        double byTime = Target.TotalSeconds / Math.Max(_seconds / _indices, 1e-12);
        double byBytes = OutputBytesMax / Math.Max(_bytes / _indices, 1e-3);
        double count = Math.Min(Math.Min(byTime, byBytes), (double)_largest * GrowthMax);
        return Math.Clamp((long)Math.Min(count, long.MaxValue / 2), 1, countMax);
    }

    /// <summary>Learns from a run.</summary>
    public void Observe(long indices, TimeSpan busy, long outputBytes)
    {
        _indices = (_indices * Memory) + indices;
        _seconds = (_seconds * Memory) + busy.TotalSeconds;
        _bytes = (_bytes * Memory) + outputBytes;
        _largest = Math.Max(_largest, indices);
    }
}
