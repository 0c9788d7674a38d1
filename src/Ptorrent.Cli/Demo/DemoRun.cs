using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Ptorrent.Cli.CommandLine;
using Ptorrent.Cli.Commands;
using Ptorrent.Cli.Display;
using Ptorrent.Cli.Hosting;
using Ptorrent.Cli.Jobs;
using Ptorrent.Cli.Local;
using Ptorrent.Cli.Output;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Serialization;
using Ptorrent.Model.Units;
using Ptorrent.Sdk;
using ExecutorSandbox = Ptorrent.Sandbox.Sandbox;

namespace Ptorrent.Cli.Demo;

/// <summary>
/// The demo: a picture is computed by two agents of a harbor, appears while it grows, and a part of it is computed once
/// more on this machine alone, to see that the bytes are the same.
/// </summary>
internal sealed class DemoRun(CommandContext context, DemoOptions options)
{
    private const int ChannelCount = 3;
    private const int CheckedShare = 20;
    private const string ProgramName = "path-tracer.wasm";
    private const string SamplesVariable = "PTORRENT_SAMPLES";

    private readonly Terminal _terminal = context.Terminal;
    private readonly TimeProvider _time = context.Time;
    private readonly Picture _picture = new(options.Width, options.Height);

    /// <summary>Runs it; returns the exit code.</summary>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        JobPlan plan = JobPlan.Make(JobOptionsOf());
        await using AtomicFile file = AtomicFile.Create(options.OutPath);
        using TemporaryHome home = TemporaryHome.Create(options.Keep);
        JobStatus status;
        JobRequest request = plan.ToRequest(PtorrentClient.NewJobId(), [], lines: null);
        await using (DemoNetwork network = await DemoNetwork.StartAsync(home.Path, _time, stop))
        {
            JobHandle job = await JobSubmission.SubmitAsync(context, network.Client, plan, stop);
            status = await ComputeAsync(network, job, stop);
            await WritePngAsync(file, stop);
            if (!await IsSameAloneAsync(plan, request, stop))
            {
                _terminal.Fail("network and this machine alone computed different bytes: this is a bug in ptorrent");
                return ExitCode.Failure;
            }
        }

        TellContributions(status);
        if (options.Keep)
        {
            _terminal.Note($"harbor and agents left their homes in {home.Path}");
        }

        if (context.Options.Json)
        {
            CommandContext.WriteJson(status, ModelJson.Default.JobStatus);
        }

        return ExitCode.Success;
    }

    private static string FindProgram()
    {
        string? folder = Environment.GetEnvironmentVariable(SamplesVariable);
        string checkout = RuntimeFiles.FindCheckout(AppContext.BaseDirectory) ?? AppContext.BaseDirectory;
        return Path.Combine(folder ?? Path.Combine(checkout, "samples", "build"), ProgramName);
    }

    private JobOptions JobOptionsOf() => new()
    {
        Program = FindProgram(),
        Name = "demo",
        Over = new IndexRange(0, options.PixelCount),
        Parameters = ImmutableSortedDictionary.CreateRange(
            StringComparer.Ordinal,
            [
                KeyValuePair.Create("width", options.Width.ToString(CultureInfo.InvariantCulture)),
                KeyValuePair.Create("height", options.Height.ToString(CultureInfo.InvariantCulture)),
                KeyValuePair.Create("samples", options.Samples.ToString(CultureInfo.InvariantCulture)),
            ]),
    };

    private async Task<JobStatus> ComputeAsync(DemoNetwork network, JobHandle job, CancellationToken stop)
    {
        string size = string.Create(
            CultureInfo.InvariantCulture, $"{options.Width}×{options.Height}, {options.Samples} samples a pixel");
        _terminal.Note($"a path tracer, {size}, on a harbor and two agents, each a process of its own");
        JobStatus? last = null;
        Task WorkAsync(Action<JobStatus> show) => Together.RunAsync(
            [
                token => FetchAsync(job, token),
                async token => last = await ProductFollower.WatchAsync(job, show, token),
            ],
            network.Ended,
            stop);

        await (_terminal.IsInteractive && !context.Options.Json
            ? ShowLiveAsync(WorkAsync)
            : ProgressDisplay.For(_terminal, context.Options.Json, _time).ShowWhileAsync(WorkAsync));
        return last!;
    }

    private Task ShowLiveAsync(Func<Action<JobStatus>, Task> work)
    {
        RateMeter rate = new(_time);
        ProgressLine line = new();
        return LiveScreen.ShowWhileAsync(
            new Preview(_picture, line),
            keep: true,
            _time,
            () => work(status => line.Update(status, rate.Update(status.FragmentsDone))));
    }

    private async Task FetchAsync(JobHandle job, CancellationToken stop)
    {
        await using Stream product = await job.OpenResultsAsync(stop);
        await _picture.FillAsync(product, stop);
    }

    private async Task WritePngAsync(AtomicFile file, CancellationToken stop)
    {
        PngWriter.Write(file.Content, _picture.Width, _picture.Height, _picture.Bytes);
        await file.CommitAsync(stop);
        _terminal.Note($"the picture is in {options.OutPath}");
    }

    /// <summary>Computes some rows again on executors of this process, and compares each byte.</summary>
    private async Task<bool> IsSameAloneAsync(JobPlan plan, JobRequest request, CancellationToken stop)
    {
        int rowCount = Math.Max(1, options.Height / CheckedShare);
        long begin = (long)(options.Height - rowCount) / 2 * options.Width;
        IndexRange range = new(begin, begin + ((long)rowCount * options.Width));
        LocalProgress progress = new(request, range, Environment.ProcessorCount, _time);
        using ILoggerFactory loggers = Loggers.ForHelper();
        await using ExecutorSandbox sandbox =
            await LocalSandbox.StartAsync(progress.SlotCount, loggers, _time, stop);
        using LocalRun run = new(sandbox, plan, request, range, progress);
        using MemoryStream alone = new();
        await run.RunAsync(segment => alone.WriteAsync(segment, stop), stop);
        ReadOnlySpan<byte> together = _picture.Bytes.Slice(
            (int)range.Begin * ChannelCount, (int)range.Count * ChannelCount);
        bool same = together.SequenceEqual(alone.GetBuffer().AsSpan(0, (int)alone.Length));
        if (same)
        {
            string bytes = Figures.OfCount(alone.Length);
            _terminal.Note($"{rowCount} rows computed again on this machine alone: all {bytes} bytes are identical");
        }

        return same;
    }

    private void TellContributions(JobStatus status)
    {
        foreach (Contribution part in status.Contributions.OrderBy(c => c.Name, StringComparer.Ordinal))
        {
            _terminal.Note(
                $"{part.Name} computed {Figures.OfCount(part.Indices)} pixels with {Figures.OfFuel(part.Burnt)}: "
                + Figures.OfShare(part.Indices, status.Range.Count));
        }
    }
}
