using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Ptorrent.Model;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Units;
using Ptorrent.Sandbox.Frames;
using Ptorrent.Sandbox.Processes;
using Ptorrent.Sandbox.Slots;

namespace Ptorrent.Sandbox;

/// <summary>
/// One executor at a time, and the runs that it is given. Several calls may be under way; they are begun and answered
/// in the order in which they came. Safe for several threads. A process that must go is replaced, and the runs behind
/// the one that is to blame are repeated on its successor without anybody noticing.
/// </summary>
public sealed class ExecutorSlot
{
    private readonly SlotRuns _runs;
    private ulong _lastNumber;

    internal ExecutorSlot(
        int index, SandboxOptions options, ProcessPool pool, TimeProvider time, ILoggerFactory loggers)
    {
        Index = index;
        Rate = ComputeRate.Nominal;
        _runs = new SlotRuns(index, options, pool, time, loggers.CreateLogger<ExecutorSlot>(), () => Rate);
    }

    /// <summary>The slot's place among the sandbox's slots, from 0.</summary>
    public int Index { get; }

    /// <summary>Processes that this slot has lost or killed since the start.</summary>
    public int ReplacedCount => _runs.ReplacedCount;

    /// <summary>What a script's time is worth, set once when it has been measured.</summary>
    internal ComputeRate Rate { get; set; }

    /// <summary>The operating system's number of the process; null while there is none.</summary>
    internal int? ProcessId => _runs.ProcessId;

    /// <summary>Runs a program over a range of indices.</summary>
    /// <param name="program">From <see cref="Sandbox.Prepare"/> of the same sandbox.</param>
    /// <param name="request">The indices and their inputs, which are left alone until the run has ended.</param>
    /// <param name="cancellation">The caller no longer wants it. A run that was not begun is dropped; one that was and
    /// does not end within <see cref="SandboxOptions.CancelTimeMax"/> costs the process its life.</param>
    /// <returns>How it ended. Whatever a program does is a <see cref="RunOutcome.Failed"/>, never an
    /// exception.</returns>
    /// <exception cref="RefusedException">TooLarge: the inputs do not fit a frame of 320 MiB. Busy:
    /// <see cref="SandboxOptions.RunsWaitingMax"/> runs are waiting already.</exception>
    /// <exception cref="SandboxException">No executor can be started.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public ValueTask<RunOutcome> RunAsync(
        SandboxProgram program, RunRequest request, CancellationToken cancellation)
    {
        Invariant.Holds(!request.Range.IsEmpty);
        ImmutableArray<RunInput> inputs = request.Inputs;
        Invariant.Holds(!inputs.IsDefault);
        Invariant.Holds(inputs.Length == 0 || inputs.Length == request.Range.Count);
        foreach (RunInput input in inputs)
        {
            Invariant.Holds(FileNames.IsSafePart(input.Name));
        }

        Invariant.Holds(program.Load.Mode == RunMode.Item || inputs.Length <= 1);
        Invariant.Holds(request.Lines is null || (inputs.IsEmpty && program.Load.Mode == RunMode.Item));
        Invariant.Holds(program.Load.Mode == RunMode.Range || request.Range.Count <= RunRequest.ItemCountMax);
        return SubmitAsync(new PendingRun(program, request, Rate, NextNumber()), cancellation);
    }

    /// <summary>Combines outputs by the program's own merge. As <see cref="RunAsync"/> in all else.</summary>
    /// <param name="program">A kernel or a script that has a merge; another fails with LoadFailed.</param>
    /// <param name="request">The parts, which are left alone until the merge has ended.</param>
    /// <param name="cancellation">As for a run.</param>
    /// <returns>What the merge made, or the failure, whose index is 0.</returns>
    /// <exception cref="RefusedException">As for a run.</exception>
    /// <exception cref="SandboxException">As for a run.</exception>
    /// <exception cref="OperationCanceledException">As for a run.</exception>
    public ValueTask<RunOutcome> MergeAsync(
        SandboxProgram program, MergeRequest request, CancellationToken cancellation)
    {
        Invariant.Holds(!request.Parts.IsDefaultOrEmpty);
        return SubmitAsync(new PendingRun(program, request, Rate, NextNumber()), cancellation);
    }

    /// <summary>Gets its first process.</summary>
    internal Task StartAsync() => _runs.StartAsync();

    /// <summary>Ends all runs with a <see cref="SandboxException"/>; the pool puts the process away.</summary>
    internal ValueTask StopAsync() => _runs.StopAsync();

    private ulong NextNumber() => Interlocked.Increment(ref _lastNumber);

    private async ValueTask<RunOutcome> SubmitAsync(PendingRun run, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (run.BodyBytes > FrameLimits.BodyToExecutorBytesMax)
        {
            throw new RefusedException(new Refusal(
                RefusalCode.TooLarge,
                "inputs",
                $"{run.BodyBytes} bytes",
                $"the inputs of one run have at most {FrameLimits.BodyToExecutorBytesMax} bytes together",
                "Cut the inputs into smaller ones"));
        }

        _runs.Submit(run);
        using CancellationTokenRegistration registration = cancellation.UnsafeRegister(
            static (state, token) =>
            {
                (SlotRuns runs, PendingRun pending) = ((SlotRuns, PendingRun))state!;
                runs.Cancel(pending, token);
            },
            (_runs, run));
        return await run.Outcome;
    }
}
