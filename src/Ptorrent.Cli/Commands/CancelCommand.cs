using System.CommandLine;
using Ptorrent.Cli.CommandLine;
using Ptorrent.Cli.Hosting;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Serialization;
using Ptorrent.Sdk;

namespace Ptorrent.Cli.Commands;

/// <summary><c>ptorrent cancel ID</c>.</summary>
internal static class CancelCommand
{
    public static Command Create(GlobalOptionSet globals)
    {
        Argument<string> id = new("id") { Description = "A job's id, or its beginning." };
        Command command = new("cancel", "Cancel a job.") { id };
        CommandBody.Set(command, globals, async (context, result, stop) =>
        {
            using PtorrentClient client = await HarborFinder.FindAsync(context.Options, stop);
            JobHandle job = await JobFinder.FindAsync(client, result.GetRequiredValue(id), stop);
            JobStatus status = await job.CancelAsync(stop);
            if (context.Options.Json)
            {
                CommandContext.WriteJson(status, ModelJson.Default.JobStatus);
            }
            else
            {
                context.Terminal.Note($"{status.Id} is cancelled");
            }

            return ExitCode.Success;
        });
        return command;
    }
}
