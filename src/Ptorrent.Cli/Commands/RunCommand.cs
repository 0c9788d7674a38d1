using System.CommandLine;
using Microsoft.Extensions.Logging;
using Ptorrent.Cli.CommandLine;
using Ptorrent.Cli.Display;
using Ptorrent.Cli.Hosting;
using Ptorrent.Cli.Jobs;
using Ptorrent.Cli.Local;
using Ptorrent.Cli.Output;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;
using Ptorrent.Sdk;
using ExecutorSandbox = Ptorrent.Sandbox.Sandbox;

namespace Ptorrent.Cli.Commands;

/// <summary><c>ptorrent run PROGRAM</c>: runs a job on this machine alone; the same bytes as <c>map</c>.</summary>
internal static class RunCommand
{
    public static Command Create(GlobalOptionSet globals, string[]? programArguments)
    {
        JobOptionSet jobOptions = new();
        SlotsOption slots = new("Executors (default: one for each core).");
        Command command = new(
            "run", "Run a program on this machine alone, without a network; gives the same bytes as map.");
        jobOptions.AddTo(command);
        command.Options.Add(slots);
        CommandBody.Set(command, globals, async (context, result, stop) =>
        {
            JobPlan plan = JobPlan.Make(jobOptions.Read(result, programArguments));
            if (plan.Options.Webhooks is not null || plan.Options.Folders is not null)
            {
                throw new RefusedException(new Refusal(
                    RefusalCode.Conflict, plan.Options.Webhooks is not null ? "webhook" : "deliver", string.Empty,
                    "a harbor delivers products, and run uses none", "Use map"));
            }

            return await RunAsync(context, plan, slots.Read(result), stop);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        CommandContext context, JobPlan plan, int slotCount, CancellationToken stop)
    {
        JobRequest request = plan.ToLocalRequest(PtorrentClient.NewJobId());
        await using ProductTarget target =
            ProductTarget.Open(plan.Options.Out, request.Combine, context.Terminal.Note);
        LocalProgress progress = new(request, request.Range, slotCount, context.Time);
        try
        {
            using ILoggerFactory loggers = Loggers.ForHelper();
            await using ExecutorSandbox sandbox = await LocalSandbox.StartAsync(slotCount, loggers, context.Time, stop);
            using LocalRun run = new(sandbox, plan, request, request.Range, progress);
            bool sharesScreen = target.IsStandardOutput && !Console.IsOutputRedirected;
            ProgressDisplay display =
                ProgressDisplay.For(context.Terminal, context.Options.Json || sharesScreen, context.Time);
            await display.ShowWhileAsync(async show =>
            {
                progress.ShowOn(show);
                await LocalProduct.WriteAsync(run, target, stop);
                await target.CommitAsync(stop);
            });
        }
        catch (JobEndedException error)
        {
            JobOutcome.Tell(context, error.Status, target);
            return ExitCode.Failure;
        }

        JobOutcome.Tell(context, progress.Accepted(), target);
        return ExitCode.Success;
    }
}
