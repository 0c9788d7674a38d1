using System.Collections.Immutable;
using System.Diagnostics;
using Ptorrent.Agent.Blobs;
using Ptorrent.Agent.Device;
using Ptorrent.Link.Frames;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Units;
using Ptorrent.Sandbox;
using Ptorrent.Work.Leasing;
using ExecutorSandbox = Ptorrent.Sandbox.Sandbox;
using ModelFailure = Ptorrent.Model.Programs.ProgramFailure;

namespace Ptorrent.Agent.Execution;

/// <summary>Has runs and merges done by the sandbox, and turns every end of them into an event. Safe for several
/// threads.</summary>
internal sealed class Runner(ExecutorSandbox sandbox, BlobSource blobs)
{
    /// <summary>Runs a program with its inputs, or with its lines where the job is over lines.</summary>
    /// <exception cref="OperationCanceledException">Nobody waits for it any more.</exception>
    public async Task<DeviceEvent> RunAsync(
        DeviceEffect.StartRun run,
        SandboxProgram program,
        JobLines? lines,
        CancellationToken cancellationToken)
    {
        try
        {
            ImmutableArray<RunInput>.Builder inputs = ImmutableArray.CreateBuilder<RunInput>(run.Inputs.Length);
            foreach (InputFile input in run.Inputs)
            {
                byte[] content = await blobs.ReadAsync(input.Digest, input.SizeBytes, cancellationToken);
                inputs.Add(new RunInput(input.Name, content));
            }

            RunRequest request = new() { Range = run.Range, Inputs = inputs.MoveToImmutable() };
            if (lines is not null)
            {
                request = request with { Lines = await lines.ReadAsync(run.Range, cancellationToken) };
            }

            return EventOf(
                run.Run, await sandbox.Slots[run.Slot].RunAsync(program, request, cancellationToken));
        }
        catch (BlobUnavailableException exception)
        {
            return new DeviceEvent.RunImpossible(run.Run, exception.ToNackReason(), exception.Message);
        }
        catch (Exception exception) when (exception is RefusedException or SandboxException)
        {
            return EventOf(run.Run, run.Range.Begin, exception);
        }
    }

    /// <summary>Merges parts by the program's own merge.</summary>
    /// <exception cref="OperationCanceledException">Nobody waits for it any more.</exception>
    public async Task<DeviceEvent> MergeAsync(
        DeviceEffect.StartMerge merge,
        SandboxProgram program,
        CancellationToken cancellationToken)
    {
        try
        {
            MergeRequest request = new() { Parts = merge.Parts };
            return EventOf(
                merge.Run, await sandbox.Slots[merge.Slot].MergeAsync(program, request, cancellationToken));
        }
        catch (Exception exception) when (exception is RefusedException or SandboxException)
        {
            return EventOf(merge.Run, 0, exception);
        }
    }

    private static DeviceEvent EventOf(LeaseId run, RunOutcome outcome) => outcome switch
    {
        RunOutcome.Completed completed =>
            new DeviceEvent.RunCompleted(run, completed.Segment, completed.Burnt, completed.Busy),
        RunOutcome.Failed failed => new DeviceEvent.RunFailed(run, failed.Failure),
        _ => throw new UnreachableException(),
    };

    private static DeviceEvent EventOf(LeaseId run, long index, Exception exception) => exception switch
    {
        // Too many bytes for an executor are too many for every executor.
        RefusedException { Refusal.Code: RefusalCode.TooLarge } refused => new DeviceEvent.RunFailed(
            run, new ModelFailure(index, TrapCode.LoadFailed, refused.Message, Fuel.Zero)),
        _ => new DeviceEvent.RunLost(run, exception.Message),
    };
}
