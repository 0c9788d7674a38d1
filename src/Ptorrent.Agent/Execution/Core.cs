using System.Collections.Concurrent;
using Ptorrent.Agent.Device;
using Ptorrent.Model.Identity;

namespace Ptorrent.Agent.Execution;

/// <summary>
/// One core of the device: its feeder behind a lock, and the runs that its executor has. Whoever brings the end of a
/// run starts the next one, so that an executor waits neither for the device's loop nor for the harbor. What the
/// feeder has to tell waits here until the loop takes it. Safe for several threads.
/// </summary>
internal sealed class Core
{
    private readonly Lock _gate = new();
    private readonly int _slot;
    private readonly Runner _runner;
    private readonly ConcurrentQueue<Core> _told;
    private readonly Action _wake;
    private readonly CoreFeeder _feeder;
    private readonly CancellationTokenSource?[] _stops;
    private readonly Dictionary<JobId, ReadyProgram> _programs = [];
    private readonly List<CoreReport> _reports = [];
    private readonly Stack<Orders> _spare = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _fault = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _runningCount;
    private bool _hasTold;
    private bool _isStopped;

    /// <param name="slot">Which slot it feeds.</param>
    /// <param name="limits">How it cuts runs.</param>
    /// <param name="runner">Has the runs done.</param>
    /// <param name="told">Where it puts itself, once, when it has something to tell.</param>
    /// <param name="wake">Called after that, outside the core's lock.</param>
    public Core(int slot, FeederLimits limits, Runner runner, ConcurrentQueue<Core> told, Action wake)
    {
        _slot = slot;
        _runner = runner;
        _told = told;
        _wake = wake;
        _feeder = new CoreFeeder(limits);
        _stops = new CancellationTokenSource?[limits.RunsInFlight];
    }

    /// <summary>Fails when a run ends with an exception that it should have handled: a bug.</summary>
    public Task Fault => _fault.Task;

    /// <summary>Gives it a lease.</summary>
    public void Give(CoreLease lease, ReadyProgram program) => Change(
        (lease, program),
        static (core, given, effects) =>
        {
            core._programs[given.lease.Job] = given.program;
            core._feeder.Add(given.lease, effects);
        });

    /// <summary>A lease is over.</summary>
    public void Drop(CoreLease lease) =>
        Change(lease, static (core, dropped, effects) => core._feeder.Drop(dropped, effects));

    /// <summary>Begins nothing, or goes on.</summary>
    public void Pause(bool isPaused) =>
        Change(isPaused, static (core, paused, effects) => core._feeder.Pause(paused, effects));

    /// <summary>A program is not run any more.</summary>
    public void Forget(JobId job)
    {
        lock (_gate)
        {
            _programs.Remove(job);
        }
    }

    /// <summary>Moves what it has to tell, in order, to the end of a list.</summary>
    public void TakeReports(List<CoreReport> into)
    {
        lock (_gate)
        {
            into.AddRange(_reports);
            _reports.Clear();
            _hasTold = false;
        }
    }

    /// <summary>Begins nothing more, stops what runs and waits for it.</summary>
    public async Task StopAsync()
    {
        Pause(true);
        CancellationTokenSource?[] stops;
        lock (_gate)
        {
            _isStopped = true;
            stops = [.. _stops];
            Array.Clear(_stops);
            SeeWhetherIdle();
        }

        foreach (CancellationTokenSource? stop in stops)
        {
            stop?.Cancel();
        }

        await _idle.Task;
        foreach (CancellationTokenSource? stop in stops)
        {
            stop?.Dispose();
        }
    }

    private void End(int place, RunEnd end) => Change(
        (place, end),
        static (core, ended, effects) =>
        {
            core._runningCount--;
            core._feeder.End(ended.place, ended.end, effects);
        });

    /// <summary>Has the feeder take in an event under the lock, and carries out what it decides outside.</summary>
    private void Change<T>(T what, Action<Core, T, List<FeederEffect>> change)
    {
        Orders orders;
        lock (_gate)
        {
            orders = RentOrders();
            change(this, what, orders.Effects);
            Prepare(orders);
            SeeWhetherIdle();
        }

        CarryOut(orders);
    }

    private Orders RentOrders() => _spare.TryPop(out Orders? orders) ? orders : new Orders();

    private void SeeWhetherIdle()
    {
        if (_isStopped && _runningCount == 0)
        {
            _idle.TrySetResult();
        }
    }

    /// <summary>Under the lock, what must be in the order of the events: reports are put down, runs are counted and can
    /// be stopped from here on.</summary>
    private void Prepare(Orders orders)
    {
        foreach (FeederEffect effect in orders.Effects)
        {
            switch (effect.Kind)
            {
                case FeederEffectKind.Start:
                    _runningCount++;
                    orders.Starts.Add(new Start(
                        effect.Place, effect.Run, _programs[effect.Run.Lease.Job], NewStop(effect.Place)));
                    break;
                case FeederEffectKind.Stop when _stops[effect.Place] is { } stop:
                    // It is cancelled outside the lock, when the place may have another run: it is not used again.
                    _stops[effect.Place] = null;
                    orders.Stops.Add(stop);
                    break;
                case FeederEffectKind.Report:
                    _reports.Add(effect.Run);
                    break;
                default:
                    break;
            }
        }

        if (_reports.Count > 0 && !_hasTold)
        {
            _hasTold = true;
            _told.Enqueue(this);
            orders.Wakes = true;
        }
    }

    private CancellationToken NewStop(int place)
    {
        if (_stops[place] is not { } stop || !stop.TryReset())
        {
            stop = new CancellationTokenSource();
            _stops[place] = stop;
        }

        return stop.Token;
    }

    /// <summary>Outside the lock, because to start or to stop a run may bring its end at once, and whoever wakes the
    /// loop may run it. The next run first: the executor waits for that.</summary>
    private void CarryOut(Orders orders)
    {
        foreach (CancellationTokenSource stop in orders.Stops)
        {
            stop.Cancel();
            stop.Dispose();
        }

        foreach (Start start in orders.Starts)
        {
            // Counted until its end, which is awaited at stop.
            _ = RunAsync(start);
        }

        bool wakes = orders.Wakes;
        orders.Clear();
        lock (_gate)
        {
            _spare.Push(orders);
        }

        if (wakes)
        {
            _wake();
        }
    }

    private async Task RunAsync(Start start)
    {
        try
        {
            End(start.Place, await _runner.RunAsync(_slot, start.Run, start.Program, start.Stop));
        }
        catch (Exception exception)
        {
            _fault.TrySetException(exception);
        }
    }

    private readonly record struct Start(int Place, CoreReport Run, ReadyProgram Program, CancellationToken Stop);

    /// <summary>What one event makes the core do; kept to be used again.</summary>
    private sealed class Orders
    {
        public List<FeederEffect> Effects { get; } = [];

        public List<Start> Starts { get; } = [];

        public List<CancellationTokenSource> Stops { get; } = [];

        public bool Wakes { get; set; }

        public void Clear()
        {
            Wakes = false;
            Effects.Clear();
            Starts.Clear();
            Stops.Clear();
        }
    }
}
