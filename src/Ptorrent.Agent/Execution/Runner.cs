using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Ptorrent.Agent.Blobs;
using Ptorrent.Agent.Device;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Units;
using Ptorrent.Sandbox;
using ExecutorSandbox = Ptorrent.Sandbox.Sandbox;
using ModelFailure = Ptorrent.Model.Programs.ProgramFailure;

namespace Ptorrent.Agent.Execution;

/// <summary>Has runs and merges done by the sandbox. Safe for several threads.</summary>
internal sealed class Runner(ExecutorSandbox sandbox, BlobSource blobs)
{
    /// <summary>Does a run or a merge of a core's lease, with its inputs or lines; every end of it that is no bug is
    /// told by what is returned.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<RunEnd> RunAsync(int slot, CoreReport run, ReadyProgram ready, CancellationToken stop)
    {
        try
        {
            ExecutorSlot executor = sandbox.Slots[slot];
            RunOutcome outcome;
            if (run.Lease.IsMerge)
            {
                outcome = await executor.MergeAsync(ready.Program, new MergeRequest { Parts = run.Lease.Parts }, stop);
            }
            else
            {
                BlobBytes[] inputs = run.Lease.HasInputs ? await ReadAsync(run, stop) : [];
                RunRequest request = new() { Range = run.Range, Inputs = RequestOf(run, inputs) };
                if (ready.Lines is { } lines)
                {
                    request = request with { Lines = await lines.ReadAsync(run.Range, stop) };
                }

                outcome = await executor.RunAsync(ready.Program, request, stop);

                // Only now: of a run that was cancelled, an executor may still be sent what is left of the inputs.
                Array.ForEach(inputs, i => i.Dispose());
            }

            return EndOf(outcome);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return new RunEnd(RunEndKind.Stopped);
        }
        catch (BlobUnavailableException exception)
        {
            return new RunEnd(RunEndKind.Impossible, Reason: exception.ToNackReason(), Detail: exception.Message);
        }
        catch (RefusedException exception) when (exception.Refusal.Code == RefusalCode.TooLarge)
        {
            // Too many bytes for an executor are too many for every executor.
            return new RunEnd(
                RunEndKind.Failed,
                Failure: new ModelFailure(run.Range.Begin, TrapCode.LoadFailed, exception.Message, Fuel.Zero));
        }
        catch (Exception exception) when (exception is RefusedException or SandboxException)
        {
            return new RunEnd(RunEndKind.Lost, Detail: exception.Message);
        }
    }

    private async ValueTask<BlobBytes[]> ReadAsync(CoreReport run, CancellationToken stop)
    {
        BlobBytes[] inputs = new BlobBytes[run.Range.Count];
        for (int i = 0; i < inputs.Length; i++)
        {
            InputFile input = run.Lease.InputsOf(run.Range)[i];
            inputs[i] = await blobs.ReadAsync(input.Digest, input.SizeBytes, stop);
        }

        return inputs;
    }

    private static ImmutableArray<RunInput> RequestOf(CoreReport run, BlobBytes[] inputs)
    {
        ImmutableArray<RunInput>.Builder request = ImmutableArray.CreateBuilder<RunInput>(inputs.Length);
        for (int i = 0; i < inputs.Length; i++)
        {
            request.Add(new RunInput(run.Lease.InputsOf(run.Range)[i].Name, inputs[i].Content));
        }

        return request.MoveToImmutable();
    }

    private static RunEnd EndOf(RunOutcome outcome) => outcome switch
    {
        RunOutcome.Completed completed =>
            new RunEnd(RunEndKind.Completed, completed.Segment, completed.Burnt, completed.Busy),
        RunOutcome.Failed failed => new RunEnd(RunEndKind.Failed, Failure: failed.Failure),
        _ => throw new UnreachableException(),
    };
}
