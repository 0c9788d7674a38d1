using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Sandbox.Frames;

namespace Ptorrent.Sandbox.Slots;

/// <summary>A run or a merge from the call until its answer. Its slot's lock guards what changes.</summary>
internal sealed class PendingRun
{
    private readonly TaskCompletionSource<RunOutcome> _completion =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly RunRequest? _run;
    private readonly MergeRequest? _merge;

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

    internal Task<RunOutcome> Outcome => _completion.Task;

    internal bool Covers(long index) => _run is null ? index == 0 : _run.Range.Contains(index);

    internal AgentFrame ToFrame(uint program) => _run is not null
        ? new AgentFrame.Run(Number, program, FuelMax.Units, _run)
        : new AgentFrame.Merge(Number, program, FuelMax.Units, _merge!); // One of the two is always there.

    internal void Complete(RunOutcome outcome) => _completion.TrySetResult(outcome);

    internal RunOutcome.Failed Failed(TrapCode trap, string message, Fuel burnt, TimeSpan busy) =>
        new(new ProgramFailure(Begin, trap, Bounded(message), burnt), busy);

    internal void Fail(SandboxException cause) => _completion.TrySetException(cause);

    internal void Abandon(CancellationToken cancelled)
    {
        IsAbandoned = true;
        _completion.TrySetCanceled(cancelled);
    }

    private static string Bounded(string message) =>
        message[..Math.Min(message.Length, ProgramFailure.MessageCharactersMax)];
}
