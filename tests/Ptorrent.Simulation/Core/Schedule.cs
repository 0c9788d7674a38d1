using Ptorrent.Model;

namespace Ptorrent.Simulation.Core;

/// <summary>Virtual time: what is to happen, by time and then by the order in which it was arranged. Time jumps to the
/// next thing; nobody sleeps.</summary>
internal sealed class Schedule
{
    private readonly PriorityQueue<Alarm, (TimeSpan At, long Number)> _queue = new();
    private long _lastNumber;

    /// <summary>The time since the world began.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>Things that have happened.</summary>
    public long StepCount { get; private set; }

    /// <summary>Arranges something; a time that is over means now, after what is arranged for now already.</summary>
    public Alarm At(TimeSpan at, Action action)
    {
        Alarm alarm = new(action);
        _queue.Enqueue(alarm, (at < Now ? Now : at, ++_lastNumber));
        return alarm;
    }

    /// <summary>Arranges something after a while.</summary>
    public Alarm After(TimeSpan delay, Action action) => At(Now + delay, action);

    /// <summary>Lets the next thing happen.</summary>
    /// <returns>False where nothing is arranged up to <paramref name="end"/>; time is then the end.</returns>
    public bool Step(TimeSpan end)
    {
        while (_queue.TryPeek(out Alarm? alarm, out (TimeSpan At, long Number) key))
        {
            if (key.At > end)
            {
                break;
            }

            _queue.Dequeue();
            if (alarm.Take() is not { } action)
            {
                continue;
            }

            Invariant.Holds(key.At >= Now);
            Now = key.At;
            StepCount++;
            action();
            return true;
        }

        Now = end;
        return false;
    }
}
