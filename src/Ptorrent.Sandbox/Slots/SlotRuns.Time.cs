using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;

namespace Ptorrent.Sandbox.Slots;

// The head's time, and what happens when it is over.
internal sealed partial class SlotRuns
{
    private static readonly TimeSpan ScriptLoadTimeMin = TimeSpan.FromSeconds(2);

    private long _headSince;
    private TimeSpan _headTimeMax;
    private long _timerDueAt = long.MaxValue;

    /// <summary>Measures the head's time from now on.</summary>
    private void BeginHead()
    {
        if (!_expected.TryPeek(out Expectation head))
        {
            return;
        }

        _headSince = _time.GetTimestamp();
        _headTimeMax = head.Run switch
        {
            null => LoadTimeMax(head.Program.Program),
            { IsAbandoned: true } => _options.CancelTimeMax,
            { } run => run.TimeMax,
        };

        // The timer is set only where it would ring too late: with many short runs it is hardly ever touched.
        long dueAt = _headSince + (long)(_headTimeMax.TotalSeconds * _time.TimestampFrequency);
        if (dueAt < _timerDueAt)
        {
            SetTimer(_headTimeMax);
        }
    }

    // What a script does while it is being loaded is its own code's doing.
    private TimeSpan LoadTimeMax(SandboxProgram program)
    {
        TimeSpan own = program.Load.Limits.TimeMax;
        own = own < ScriptLoadTimeMin ? ScriptLoadTimeMin : own;
        return program.IsScript && own < _options.LoadTimeMax ? own : _options.LoadTimeMax;
    }

    private void SetTimer(TimeSpan after)
    {
        _timerDueAt = _time.GetTimestamp() + (long)(after.TotalSeconds * _time.TimestampFrequency);
        _timer.Change(after, Timeout.InfiniteTimeSpan);
    }

    private void OnTime()
    {
        lock (_gate)
        {
            _timerDueAt = long.MaxValue;
            if (_isStopped || _process is null || !_expected.TryPeek(out Expectation expectation))
            {
                return;
            }

            TimeSpan busy = _time.GetElapsedTime(_headSince);
            if (busy < _headTimeMax)
            {
                // A timer counts whole milliseconds.
                SetTimer(_headTimeMax - busy + TimeSpan.FromMilliseconds(1));
                return;
            }

            (PendingRun? head, LoadedProgram? program) = Head();
            LogKilled(_index, _process.Id, busy.TotalSeconds);
            _process.Kill();
            ForgetProcess();
            Requeue(head);
            if (head is { IsAbandoned: false })
            {
                End(head, program!, Late(head, expectation.Run is null, busy)); // They are there together.
            }

            Pump();
        }

        TellEnded();
    }

    private RunOutcome.Failed Late(PendingRun head, bool whileLoading, TimeSpan busy)
    {
        if (whileLoading)
        {
            return head.Failed(
                TrapCode.TimeExhausted,
                $"Loading the program took more than {_headTimeMax.TotalSeconds:0.###} s.",
                Fuel.Zero,
                busy);
        }

        bool byFuel = head.TimeTrap == TrapCode.FuelExhausted;
        return head.Failed(
            head.TimeTrap,
            byFuel
                ? $"The fuel limit was reached: a script's fuel is time, here {head.TimeMax.TotalSeconds:0.###} s."
                : $"The time limit of {head.TimeMax.TotalSeconds:0.###} s was reached.",
            byFuel ? head.FuelMax : _rate().FuelIn(busy),
            busy);
    }
}
