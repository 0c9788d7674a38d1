using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Sandbox.Frames;

namespace Ptorrent.Sandbox.Slots;

/// <summary>A run or a merge from the call until its answer. Its slot's lock guards what changes: under it is decided
/// how it ends, and outside it the caller is told, who goes on at once on the same thread.</summary>
internal sealed class PendingRun
{
    private readonly TaskCompletionSource<RunOutcome> _completion = new();
    private readonly RunRequest? _run;
    private readonly MergeRequest? _merge;
    private RunOutcome? _outcome;
    private SandboxException? _cause;
    private CancellationToken _cancelled;

    /// <summary>A run over a range.</summary>
    internal PendingRun(SandboxProgram program, RunRequest request, ComputeRate rate, ulong number)
        : this(program, request.Range.Count, rate, number)
    {
        _run = request;
        BodyBytes = FrameEncoder.BodyBytes(request);
        SegmentBytesMax = program.SegmentBytesMax(request.Range.Count);
        BurntMax = program.BurntMax(request.Range.Count);
    }

    /// <summary>A merge of parts.</summary>
    internal PendingRun(SandboxProgram program, MergeRequest request, ComputeRate rate, ulong number)
        : this(program, request.Parts.Length, rate, number)
    {
        _merge = request;
        BodyBytes = FrameEncoder.BodyBytes(request);
        SegmentBytesMax = program.Load.Limits.OutputBytesMax;
        BurntMax = FuelMax;
    }

    private PendingRun(SandboxProgram program, long indexCount, ComputeRate rate, ulong number)
    {
        Program = program;
        Number = number;
        FuelMax = program.FuelMax(indexCount);
        TimeMax = program.Load.Limits.TimeMax;
        TimeTrap = TrapCode.TimeExhausted;

        // A script has no meter: its fuel is time, and so is its fuel limit.
        if (program.IsScript && rate.TimeFor(FuelMax) is { } fuelTime && fuelTime < TimeMax)
        {
            TimeMax = fuelTime;
            TimeTrap = TrapCode.FuelExhausted;
        }
    }

    internal SandboxProgram Program { get; }

    internal ulong Number { get; }

    internal long BodyBytes { get; }

    internal long SegmentBytesMax { get; }

    internal Fuel FuelMax { get; }

    /// <summary>Fuel that its answer may say: the merges within a run have a limit of their own.</summary>
    internal Fuel BurntMax { get; }

    internal TimeSpan TimeMax { get; }

    /// <summary>What it means when <see cref="TimeMax"/> is over.</summary>
    internal TrapCode TimeTrap { get; }

    /// <summary>Processes that ended under it without a reason.</summary>
    internal int CrashCount { get; set; }

    /// <summary>Its caller no longer waits.</summary>
    internal bool IsAbandoned { get; private set; }

    /// <summary>The first index, as failures name it.</summary>
    internal long Begin => _run?.Range.Begin ?? 0;

    /// <summary>Whether it is decided how it ends.</summary>
    internal bool HasEnded => IsAbandoned || _outcome is not null || _cause is not null;

    /// <summary>How it ended; continuations run where <see cref="Tell"/> is called.</summary>
    internal Task<RunOutcome> Outcome => _completion.Task;

    internal bool Covers(long index) => _run is null ? index == 0 : _run.Range.Contains(index);

    internal AgentFrame ToFrame(uint program) => _run is not null
        ? new AgentFrame.Run(Number, program, FuelMax.Units, _run)
        : new AgentFrame.Merge(Number, program, FuelMax.Units, _merge!); // One of the two is always there.

    /// <summary>It ends with an outcome.</summary>
    internal void Complete(RunOutcome outcome) => _outcome = outcome;

    internal RunOutcome.Failed Failed(TrapCode trap, string message, Fuel burnt, TimeSpan busy) =>
        new(new ProgramFailure(Begin, trap, Bounded(message), burnt), busy);

    /// <summary>It cannot be run.</summary>
    internal void Fail(SandboxException cause) => _cause = cause;

    /// <summary>Its caller wants it no longer.</summary>
    internal void Abandon(CancellationToken cancelled)
    {
        IsAbandoned = true;
        _cancelled = cancelled;
    }

    /// <summary>Lets the caller go on, after the end was decided, outside the lock. Again does no harm.</summary>
    internal void Tell()
    {
        if (IsAbandoned)
        {
            _completion.TrySetCanceled(_cancelled);
        }
        else if (_outcome is not null)
        {
            _completion.TrySetResult(_outcome);
        }
        else
        {
            _completion.TrySetException(_cause!); // One of the three is how it ended.
        }
    }

    private static string Bounded(string message) =>
        message[..Math.Min(message.Length, ProgramFailure.MessageCharactersMax)];
}
