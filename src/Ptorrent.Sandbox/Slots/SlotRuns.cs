using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Ptorrent.Model;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Units;
using Ptorrent.Sandbox.Frames;
using Ptorrent.Sandbox.Processes;

namespace Ptorrent.Sandbox.Slots;

/// <summary>
/// A slot's state behind one lock: the runs that wait, the answers that are expected from the process, and the process.
/// The head, the first expected answer, is what the process works on; its time is measured from when it became the
/// head.
/// </summary>
internal sealed partial class SlotRuns : IExecutorListener
{
    private const int CrashCountMax = 2;
    private const int AttachAttemptsMax = 3;

    private readonly Lock _gate = new();
    private readonly int _index;
    private readonly SandboxOptions _options;
    private readonly ProcessPool _pool;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<ComputeRate> _rate;
    private readonly LinkedList<PendingRun> _waiting = new();
    private readonly Queue<Expectation> _expected = new();
    private readonly ConcurrentQueue<PendingRun> _ended = new();
    private readonly ITimer _timer;
    private ExecutorProcess? _process;
    private ProgramTable _programs = new();
    private Task _acquiring = Task.CompletedTask;
    private int _runsInFlight;
    private long _bytesInFlight;
    private bool _isStopped;

    internal SlotRuns(
        int index, SandboxOptions options, ProcessPool pool, TimeProvider time, ILogger logger, Func<ComputeRate> rate)
    {
        _index = index;
        _options = options;
        _pool = pool;
        _time = time;
        _logger = logger;
        _rate = rate;
        _timer = time.CreateTimer(
            static state => ((SlotRuns)state!).OnTime(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    internal int ReplacedCount { get; private set; }

    internal int? ProcessId
    {
        get
        {
            lock (_gate)
            {
                return _process?.Id;
            }
        }
    }

    /// <summary>Gets the first process.</summary>
    /// <exception cref="SandboxException">None can be started.</exception>
    internal async Task StartAsync()
    {
        ExecutorProcess process = await _pool.TakeAsync(ProcessProfile.Common(_options));
        lock (_gate)
        {
            Adopt(process);
        }

        TellEnded();
    }

    /// <summary>Puts a run at the end of the line.</summary>
    /// <exception cref="RefusedException">Busy: the line is full.</exception>
    /// <exception cref="SandboxException">The sandbox has been stopped.</exception>
    internal void Submit(PendingRun run)
    {
        lock (_gate)
        {
            if (_isStopped)
            {
                throw Stopped();
            }

            if (_waiting.Count + _runsInFlight >= _options.RunsWaitingMax)
            {
                throw new RefusedException(new Refusal(
                    RefusalCode.Busy,
                    "slot",
                    $"{_index}",
                    $"{_options.RunsWaitingMax} runs are waiting",
                    "Wait for one"));
            }

            _waiting.AddLast(run);
            Pump();
        }

        TellEnded();
    }

    internal void Cancel(PendingRun run, CancellationToken cancelled)
    {
        lock (_gate)
        {
            if (run.HasEnded)
            {
                return;
            }

            run.Abandon(cancelled);
            _ended.Enqueue(run);
            if (!_waiting.Remove(run) && _expected.TryPeek(out Expectation head) && head.Run == run)
            {
                BeginHead();
            }
        }

        TellEnded();
    }

    internal async ValueTask StopAsync()
    {
        Task acquiring, makingExact;
        lock (_gate)
        {
            _isStopped = true;
            Requeue(null);
            FailAll(Stopped());
            _process?.Kill();
            _process = null;
            acquiring = _acquiring;
            makingExact = _makingExact;
        }

        TellEnded();
        await acquiring;
        await makingExact;
        await _timer.DisposeAsync();
    }

    /// <inheritdoc/>
    public long DoneBytesMax(ExecutorProcess process)
    {
        lock (_gate)
        {
            return process == _process && _expected.TryPeek(out Expectation head) && head.Run is { } run
                ? run.SegmentBytesMax + FrameLimits.DoneFixedBytes
                : 0;
        }
    }

    /// <inheritdoc/>
    public void OnFrame(ExecutorProcess process, ExecutorFrame frame)
    {
        lock (_gate)
        {
            if (process != _process)
            {
                return;
            }

            if (!_expected.TryPeek(out Expectation head))
            {
                throw new FrameException("it answered though nothing was asked");
            }

            TimeSpan measured = _time.GetElapsedTime(_headSince);
            if (head.Run is { } run)
            {
                measured += head.Program.UnpaidTime;
                head.Program.UnpaidTime = TimeSpan.Zero;
                End(run, head.Program, Answers.Read(frame, run, head.Program, measured, _rate()));
                _runsInFlight--;
                _bytesInFlight -= run.BodyBytes;
            }
            else
            {
                OnLoadAnswer(frame, head.Program);
                head.Program.UnpaidTime = head.Program.Program.IsScript ? measured : TimeSpan.Zero;
            }

            _expected.Dequeue();
            BeginHead();
            Pump();
        }

        TellEnded();
    }

    /// <inheritdoc/>
    public void OnEnded(ExecutorProcess process, ExecutorEnd end)
    {
        lock (_gate)
        {
            if (process != _process || _isStopped)
            {
                return;
            }

            (PendingRun? head, LoadedProgram? program) = Head();
            LogEnded(_index, process.Id, end.Text);
            ForgetProcess();
            Requeue(head);
            if (head is not null)
            {
                Blame(head, program!, end); // They are there together.
            }

            Pump();
        }

        TellEnded();
    }

    private void Blame(PendingRun head, LoadedProgram program, ExecutorEnd end)
    {
        head.CrashCount++;
        TimeSpan busy = _time.GetElapsedTime(_headSince);
        if (head.IsAbandoned)
        {
            return;
        }

        if (end.IsOutOfMemory)
        {
            Fail(TrapCode.MemoryExhausted, $"The executor ran out of memory: {end.Text}.");
        }
        else if (end.IsNonsense)
        {
            Fail(TrapCode.ProcessCrashed, $"The executor broke its protocol and was killed: {end.Text}.");
        }
        else if (head.CrashCount >= CrashCountMax)
        {
            Fail(
                TrapCode.ProcessCrashed,
                $"The executor died under this run {head.CrashCount} times, the last time because {end.Text}.");
        }
        else
        {
            // The operating system may have needed the memory, or a person may have ended it: no proof of guilt yet.
            LogRepeated(_index, head.Number);
            _waiting.AddFirst(head);
        }

        void Fail(TrapCode trap, string message) => End(head, program, head.Failed(trap, message, Fuel.Zero, busy));
    }

    /// <summary>What the process works on: the first run, also while its program is being loaded.</summary>
    private (PendingRun? Run, LoadedProgram? Program) Head()
    {
        if (!_expected.TryPeek(out Expectation head))
        {
            return default;
        }

        foreach (Expectation expectation in _expected)
        {
            if (expectation.Run is not null && expectation.Program == head.Program)
            {
                return (expectation.Run, head.Program);
            }
        }

        return default;
    }

    /// <summary>Takes all sent runs but <paramref name="blamed"/> back to the front of the line, in order.</summary>
    private void Requeue(PendingRun? blamed)
    {
        LinkedListNode<PendingRun>? last = null;
        foreach (Expectation expectation in _expected)
        {
            if (expectation.Run is { IsAbandoned: false } run && run != blamed)
            {
                last = last is null ? _waiting.AddFirst(run) : _waiting.AddAfter(last, run);
            }
        }

        _expected.Clear();
        _runsInFlight = 0;
        _bytesInFlight = 0;
    }

    private void ForgetProcess()
    {
        _process = null;
        _programs = new ProgramTable();
        ReplacedCount++;
    }

    private void FailAll(SandboxException cause)
    {
        foreach (PendingRun run in _waiting)
        {
            run.Fail(cause);
            _ended.Enqueue(run);
        }

        _waiting.Clear();
    }

    /// <summary>Outside the lock: whoever waits for a run that has ended goes on, on this thread, which saves waking
    /// another.</summary>
    private void TellEnded()
    {
        while (_ended.TryDequeue(out PendingRun? run))
        {
            run.Tell();
        }
    }

    private void OnLoadAnswer(ExecutorFrame frame, LoadedProgram program)
    {
        switch (frame)
        {
            case ExecutorFrame.Loaded loaded when loaded.Program == program.Number:
                program.HasMerge = loaded.HasMerge;
                break;
            case ExecutorFrame.Refused refused when refused.Program == program.Number:
                program.Refusal = refused;
                _programs.Remove(program);
                break;
            default:
                throw new FrameException("it answered something else than the load that it was asked for");
        }
    }

    /// <summary>Sends what may be sent.</summary>
    private void Pump()
    {
        // A run that waits for the exact form of its program keeps its place in the line.
        while (!_isStopped && _makingExact.IsCompleted)
        {
            PendingRun? next = _waiting.First?.Value;
            if (_process is null)
            {
                Acquire(next is null ? ProcessProfile.Common(_options) : ProcessProfile.For(next.Program, _options));
                return;
            }

            if (next is null || !HasCredit(next))
            {
                return;
            }

            if (Serves(_process, next.Program))
            {
                _waiting.RemoveFirst();
                Send(_process, next);
            }
            else if (_expected.Count > 0)
            {
                return;
            }
            else
            {
                _process.Kill();
                ForgetProcess();
            }
        }
    }

    private bool HasCredit(PendingRun run) =>
        _runsInFlight == 0
        || (_runsInFlight < _options.RunsInFlightMax && _bytesInFlight + run.BodyBytes <= _options.BytesInFlightMax);

    private bool Serves(ExecutorProcess process, SandboxProgram program)
    {
        if (process.Profile != ProcessProfile.For(program, _options))
        {
            return false;
        }

        // A script can reach into its executor: nothing else of anybody else's may be, or may have been, in there.
        return program.IsScript
            ? _programs.IsFresh || _programs.BoundTo == program
            : _programs.BoundTo is null;
    }

    private void Send(ExecutorProcess process, PendingRun run)
    {
        bool wasIdle = _expected.Count == 0;
        LoadedProgram? loaded = _programs.Use(run.Program);
        if (loaded is not null && loaded.Form != run.Program.Form)
        {
            _programs.Remove(loaded);
            process.Send(new AgentFrame.Unload(loaded.Number));
            loaded = null;
        }

        if (loaded is null)
        {
            while (_programs.TakeSurplus(run.Program, _options.ProgramCountMax, _options.ProcessMemoryBytesMax)
                is { } surplus)
            {
                process.Send(new AgentFrame.Unload(surplus.Number));
            }

            loaded = _programs.Add(run.Program);
            process.Send(new AgentFrame.Load(loaded.Number, run.Program, loaded.Form.Code));
            _expected.Enqueue(new Expectation(loaded, null));
        }

        process.Send(run.ToFrame(loaded.Number));
        _expected.Enqueue(new Expectation(loaded, run));
        _runsInFlight++;
        _bytesInFlight += run.BodyBytes;
        if (wasIdle)
        {
            BeginHead();
        }
    }

    private void Acquire(ProcessProfile profile)
    {
        if (_acquiring.IsCompleted)
        {
            _acquiring = AcquireAsync(profile);
        }
    }

    private async Task AcquireAsync(ProcessProfile profile)
    {
        // Off the caller's stack: it holds the lock.
        await Task.Yield();
        for (int attempt = 1; ; attempt++)
        {
            SandboxException failed;
            try
            {
                ExecutorProcess process = await _pool.TakeAsync(profile);
                bool isAdopted;
                lock (_gate)
                {
                    isAdopted = Adopt(process);
                }

                if (isAdopted)
                {
                    TellEnded();
                    return;
                }

                failed = new SandboxException("Executors end as soon as they have started.");
            }
            catch (SandboxException e)
            {
                failed = e;
            }
            catch (OperationCanceledException)
            {
                failed = Stopped();
            }

            if (IsGivenUp(failed, attempt))
            {
                TellEnded();
                return;
            }
        }
    }

    private bool IsGivenUp(SandboxException failed, int attempt)
    {
        lock (_gate)
        {
            if (!_isStopped && attempt < AttachAttemptsMax)
            {
                return false;
            }

            LogNoProcess(_index, failed.Message);
            _acquiring = Task.CompletedTask;
            FailAll(failed);
            return true;
        }
    }

    private bool Adopt(ExecutorProcess process)
    {
        if (_isStopped)
        {
            process.Kill();
            return true;
        }

        if (!process.TryAttach(this))
        {
            return false;
        }

        _process = process;
        _acquiring = Task.CompletedTask;
        Pump();
        return true;
    }

    private static SandboxException Stopped() => new("The sandbox has been stopped.");

    /// <summary>An answer that must come next: to a load where there is no run.</summary>
    private readonly record struct Expectation(LoadedProgram Program, PendingRun? Run);
}
