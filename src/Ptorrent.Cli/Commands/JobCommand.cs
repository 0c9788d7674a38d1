using System.CommandLine;
using Ptorrent.Cli.CommandLine;
using Ptorrent.Cli.Display;
using Ptorrent.Cli.Hosting;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Serialization;
using Ptorrent.Sdk;

namespace Ptorrent.Cli.Commands;

/// <summary><c>ptorrent job ID</c>: one job, once or until it ends.</summary>
internal static class JobCommand
{
    public static Command Create(GlobalOptionSet globals)
    {
        Argument<string> id = new("id") { Description = "A job's id, or its beginning." };
        Option<bool> follow = new("--follow", "-f") { Description = "Show its progress until it ends." };
        Command command = new("job", "Show a job: state, progress, who computed what, deliveries.") { id, follow };
        CommandBody.Set(command, globals, async (context, result, stop) =>
        {
            using PtorrentClient client = await HarborFinder.FindAsync(context.Options, stop);
            JobHandle job = await JobFinder.FindAsync(client, result.GetRequiredValue(id), stop);
            JobStatus status = await job.GetStatusAsync(stop);
            if (result.GetValue(follow))
            {
                status = await JobFollower.FollowAsync(context, job, stop);
            }

            if (context.Options.Json)
            {
                CommandContext.WriteJson(status, ModelJson.Default.JobStatus);
            }
            else
            {
                Console.Out.Write(StatusText.Of(status));
            }

            bool endedBadly = status.State is JobState.Failed or JobState.Cancelled;
            return result.GetValue(follow) && endedBadly ? ExitCode.Failure : ExitCode.Success;
        });
        return command;
    }
}
