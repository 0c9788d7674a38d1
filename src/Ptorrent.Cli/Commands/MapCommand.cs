using System.CommandLine;
using Ptorrent.Cli.CommandLine;
using Ptorrent.Cli.Hosting;
using Ptorrent.Cli.Jobs;
using Ptorrent.Cli.Output;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Serialization;
using Ptorrent.Sdk;

namespace Ptorrent.Cli.Commands;

/// <summary><c>ptorrent map PROGRAM</c>: runs a job on the network and fetches its product.</summary>
internal static class MapCommand
{
    public static Command Create(GlobalOptionSet globals, string[]? programArguments)
    {
        JobOptionSet jobOptions = new();
        SlotsOption slots = new("Executors on this machine, where no harbor runs (default: one for each core).");
        Option<bool> detach = new("--detach", "-d")
        {
            Description = "Submit, write the job's id, and leave; fetch the product later with 'ptorrent results'.",
        };
        Command command = new(
            "map", "Run a program for every index or file, on all machines at once. Its own arguments stand after --.");
        jobOptions.AddTo(command);
        command.Options.Add(slots);
        command.Options.Add(detach);
        CommandBody.Set(command, globals, async (context, result, stop) =>
        {
            JobPlan plan = JobPlan.Make(jobOptions.Read(result, programArguments));
            int slotCount = slots.Read(result);
            return result.GetValue(detach)
                ? await DetachAsync(context, plan, stop)
                : await RunAsync(context, plan, slotCount, stop);
        });
        return command;
    }

    private static async Task<int> DetachAsync(CommandContext context, JobPlan plan, CancellationToken stop)
    {
        if (plan.Options.Out is not null)
        {
            throw new RefusedException(new Refusal(
                RefusalCode.Conflict, "out", plan.Options.Out, "with --detach nobody waits for the product",
                "Fetch it later with 'ptorrent results ID --out PATH'"));
        }

        using PtorrentClient client = await HarborFinder.FindAsync(context.Options, stop);
        JobHandle job = await JobSubmission.SubmitAsync(context, client, plan, stop);
        if (context.Options.Json)
        {
            CommandContext.WriteJson(await job.GetStatusAsync(stop), ModelJson.Default.JobStatus);
        }
        else
        {
            Console.Out.WriteLine(job.Id);
        }

        return ExitCode.Success;
    }

    private static async Task<int> RunAsync(
        CommandContext context, JobPlan plan, int slotCount, CancellationToken stop)
    {
        await using ProductTarget target = ProductTarget.Open(
            plan.Options.Out, JobRequestBuilder.CombineOf(plan.Options), context.Terminal.Note);
        using PtorrentClient? harbor = await HarborFinder.TryFindAsync(context.Options, stop);
        if (harbor is not null)
        {
            return await RunAtAsync(context, harbor, plan, target, unless: null, stop);
        }

        await using EmbeddedNetwork network = await EmbeddedNetwork.StartAsync(slotCount, stop);
        return await RunAtAsync(context, network.Client, plan, target, network.Ended, stop);
    }

    private static async Task<int> RunAtAsync(
        CommandContext context,
        PtorrentClient client,
        JobPlan plan,
        ProductTarget target,
        Task? unless,
        CancellationToken stop)
    {
        JobHandle job = await JobSubmission.SubmitAsync(context, client, plan, stop);
        JobStatus status;
        try
        {
            status = await ProductFollower.FollowAsync(context, job, target, unless, stop);
        }
        catch (JobEndedException error)
        {
            JobOutcome.Tell(context, error.Status, target);
            return ExitCode.Failure;
        }
        catch (Exception error) when (error is not HarborUnreachableException)
        {
            // Nobody would fetch the product any more, so nobody need compute it.
            await JobSubmission.GiveUpAsync(job, context.Time);
            throw;
        }

        JobOutcome.Tell(context, status, target);
        return JobOutcome.ExitCodeOf(status);
    }
}
