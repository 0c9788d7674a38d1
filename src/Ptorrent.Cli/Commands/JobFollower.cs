using Ptorrent.Cli.CommandLine;
using Ptorrent.Cli.Display;
using Ptorrent.Model.Jobs;
using Ptorrent.Sdk;

namespace Ptorrent.Cli.Commands;

/// <summary>Shows a job's progress until it ends.</summary>
internal static class JobFollower
{
    /// <summary>Follows the job; returns it at its end.</summary>
    public static async Task<JobStatus> FollowAsync(CommandContext context, JobHandle job, CancellationToken stop)
    {
        JobStatus? last = null;
        ProgressDisplay display = ProgressDisplay.For(context.Terminal, context.Options.Json, context.Time);
        await display.ShowWhileAsync(async show =>
        {
            await foreach (JobProgress progress in job.WatchAsync(stop))
            {
                last = progress.Status;
                show(progress.Status);
            }
        });
        return last ?? await job.GetStatusAsync(stop);
    }
}
