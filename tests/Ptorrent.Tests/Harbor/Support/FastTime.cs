using System.Collections.Concurrent;

namespace Ptorrent.Tests.Harbor.Support;

/// <summary>The real clock, but whatever waits, waits a hundredth of the time; keeps what was asked for.</summary>
internal sealed class FastTime : TimeProvider
{
    private const int Factor = 100;

    private readonly ConcurrentQueue<TimeSpan> _waits = new();

    /// <summary>Every wait that was asked for, in order.</summary>
    public IEnumerable<TimeSpan> Waits => _waits;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime > TimeSpan.Zero)
        {
            _waits.Enqueue(dueTime);
        }

        return System.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / Factor : dueTime, period);
    }
}
