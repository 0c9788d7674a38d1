using System.Collections.Immutable;
using System.Threading.Channels;
using Ptorrent.Cli.Hosting;
using Ptorrent.Cli.Jobs;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Ptorrent.Sandbox;
using Ptorrent.Sdk;
using Ptorrent.Work.Combining;
using ExecutorSandbox = Ptorrent.Sandbox.Sandbox;

namespace Ptorrent.Cli.Local;

/// <summary>
/// Runs a job on this machine's executors alone, without harbor or link. Pieces of the range are handed out in order
/// and combined in order by the same code as on the network, so the product is the same bytes.
/// </summary>
internal sealed class LocalRun : IDisposable
{
    private const int PiecesAheadOfEachSlot = 4;

    private readonly ExecutorSandbox _sandbox;
    private readonly SandboxProgram _program;
    private readonly JobRequest _request;
    private readonly ImmutableArray<string> _inputPaths;
    private readonly LocalProgress _progress;
    private readonly SemaphoreSlim _taking = new(1, 1);
    private readonly PieceCutter _cutter;
    private readonly LineFile? _lines;

    /// <summary>Prepares a run.</summary>
    /// <exception cref="Model.Refusals.RefusedException">The program cannot run here.</exception>
    public LocalRun(
        ExecutorSandbox sandbox,
        JobPlan plan,
        JobRequest request,
        IndexRange range,
        LocalProgress progress)
    {
        _sandbox = sandbox;
        _request = request;
        _inputPaths = plan.InputPaths;
        _progress = progress;
        _cutter = new PieceCutter(range, request);
        _lines = plan is { Lines: { } index, Options.Lines: { } path } ? new LineFile(path, index) : null;
        _program = sandbox.Prepare(new ProgramLoad
        {
            Kind = request.Program.Kind,
            Mode = request.Mode,
            Combine = request.Combine,
            TopCount = request.TopCount,
            Name = request.Program.Name,
            Code = plan.Program.Bytes,
            Arguments = request.Arguments,
            Parameters = request.Parameters,
            Limits = request.Limits,
            Seed = JobSeed.Of(request).ToArray(),
        });
    }

    /// <summary>Runs all; gives the product away as it grows.</summary>
    /// <exception cref="JobEndedException">The program failed; of several failures the one of the lowest piece.
    /// </exception>
    /// <exception cref="SandboxException">No executor can be started.</exception>
    public async Task RunAsync(Func<ReadOnlyMemory<byte>, ValueTask> write, CancellationToken stop)
    {
        Channel<Task<ReadOnlyMemory<byte>>> pieces = Channel.CreateBounded<Task<ReadOnlyMemory<byte>>>(
            new BoundedChannelOptions(PiecesAheadOfEachSlot * _sandbox.Slots.Count) { SingleReader = true });
        int working = _sandbox.Slots.Count;

        async Task WorkAsync(ExecutorSlot slot, CancellationToken token)
        {
            await RunPiecesAsync(slot, pieces.Writer, token);
            if (Interlocked.Decrement(ref working) == 0)
            {
                pieces.Writer.Complete();
            }
        }

        IEnumerable<Func<CancellationToken, Task>> workers = _sandbox.Slots.Select(
            Func<CancellationToken, Task> (slot) => token => WorkAsync(slot, token));
        await Together.RunAsync([.. workers, token => CombineAsync(pieces.Reader, write, token)], unless: null, stop);
    }

    public void Dispose()
    {
        _taking.Dispose();
        _lines?.Dispose();
    }

    /// <summary>One slot: takes pieces and runs them until there are no more.</summary>
    private async Task RunPiecesAsync(
        ExecutorSlot slot,
        ChannelWriter<Task<ReadOnlyMemory<byte>>> pieces,
        CancellationToken stop)
    {
        while (true)
        {
            TaskCompletionSource<ReadOnlyMemory<byte>> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
            IndexRange piece;
            await _taking.WaitAsync(stop);
            try
            {
                // Cutting and announcing are one step, so that pieces are announced in their order.
                if (!_cutter.TryCut(_progress, out piece))
                {
                    return;
                }

                await pieces.WriteAsync(done.Task, stop);
            }
            finally
            {
                _taking.Release();
            }

            try
            {
                done.SetResult(await RunPieceAsync(slot, piece, stop));
            }
            catch (Exception error)
            {
                // It is told where the piece's turn comes: earlier pieces may have failed too.
                done.SetException(error);
                return;
            }
        }
    }

    private async Task<ReadOnlyMemory<byte>> RunPieceAsync(ExecutorSlot slot, IndexRange piece, CancellationToken stop)
    {
        RunRequest request = new()
        {
            Range = piece,
            Inputs = await ReadInputsAsync(piece, stop),
            Lines = await ReadLinesAsync(piece, stop),
        };
        _progress.Begin();
        RunOutcome outcome;
        try
        {
            outcome = await slot.RunAsync(_program, request, stop);
        }
        finally
        {
            _progress.End();
        }

        RunOutcome.Completed completed = Completed(outcome);
        _cutter.Observe(piece, completed.Busy, completed.Segment.Length);
        _progress.Add(piece.Count, completed.Burnt);
        return completed.Segment;
    }

    private async Task<ReadOnlyMemory<byte>> MergeAsync(
        ReadOnlyMemory<byte> left,
        ReadOnlyMemory<byte> right,
        CancellationToken stop)
    {
        MergeRequest request = new() { Parts = [left, right] };
        RunOutcome.Completed merged = Completed(await _sandbox.Slots[0].MergeAsync(_program, request, stop));
        _progress.Add(0, merged.Burnt);
        return merged.Segment;
    }

    private async Task CombineAsync(
        ChannelReader<Task<ReadOnlyMemory<byte>>> pieces,
        Func<ReadOnlyMemory<byte>, ValueTask> write,
        CancellationToken stop)
    {
        SegmentCombiner? folded =
            SegmentCombiner.IsFolded(_request.Combine) ? new(_request.Combine, _request.TopCount) : null;
        ReadOnlyMemory<byte>? merged = null;
        while (await pieces.WaitToReadAsync(stop))
        {
            while (pieces.TryRead(out Task<ReadOnlyMemory<byte>>? piece))
            {
                ReadOnlyMemory<byte> segment = await piece;
                if (folded is not null)
                {
                    AppendFolded(folded, segment);
                }
                else if (_request.Combine == CombineKind.Merge)
                {
                    merged = merged is { } left ? await MergeAsync(left, segment, stop) : segment;
                }
                else
                {
                    await write(segment);
                }
            }
        }

        if (folded is not null)
        {
            await write(folded.ToSegment());
        }

        if (SegmentCombiner.IsNumeric(_request.Combine))
        {
            await write("\n"u8.ToArray());
        }

        if (merged is { } product)
        {
            await write(product);
        }
    }

    private void AppendFolded(SegmentCombiner folded, ReadOnlyMemory<byte> segment)
    {
        try
        {
            folded.AppendSegment(segment.Span);
        }
        catch (Model.Segments.SegmentException error)
        {
            throw _progress.Ended(
                new ProgramFailure(_cutter.Whole.Begin, TrapCode.BadOutput, error.Message, Fuel.Zero));
        }
    }

    private RunOutcome.Completed Completed(RunOutcome outcome) => outcome switch
    {
        RunOutcome.Completed completed => completed,
        RunOutcome.Failed failed => throw _progress.Ended(failed.Failure),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private async Task<ReadOnlyMemory<byte>?> ReadLinesAsync(IndexRange piece, CancellationToken stop)
    {
        if (_lines is null)
        {
            return null;
        }

        return await _lines.ReadAsync(piece, stop);
    }

    private async Task<ImmutableArray<RunInput>> ReadInputsAsync(IndexRange piece, CancellationToken stop)
    {
        if (_inputPaths.IsEmpty)
        {
            return [];
        }

        ImmutableArray<RunInput>.Builder inputs = ImmutableArray.CreateBuilder<RunInput>((int)piece.Count);
        for (int i = (int)piece.Begin; i < piece.End; i++)
        {
            byte[] content = await File.ReadAllBytesAsync(_inputPaths[i], stop);
            inputs.Add(new RunInput(_request.Files[i].Name, content));
        }

        return inputs.MoveToImmutable();
    }
}
