using Ptorrent.Cli.CommandLine;
using Ptorrent.Cli.Display;
using Ptorrent.Cli.Hosting;
using Ptorrent.Cli.Output;
using Ptorrent.Model.Jobs;
using Ptorrent.Sdk;

namespace Ptorrent.Cli.Commands;

/// <summary>Fetches a job's product while it grows, and shows its progress meanwhile.</summary>
internal static class ProductFollower
{
    /// <summary>Follows the job to its end. The product has its name as soon as it is whole; other acceptors may still
    /// be served then.</summary>
    /// <param name="context">Where to show it.</param>
    /// <param name="job">The job.</param>
    /// <param name="target">Where the product goes.</param>
    /// <param name="unless">Where this fails, so does the call; null where there is nothing such.</param>
    /// <param name="stop">Stops following.</param>
    /// <returns>The job at its end.</returns>
    /// <exception cref="JobEndedException">It failed or was cancelled; there is no product.</exception>
    public static async Task<JobStatus> FollowAsync(
        CommandContext context, JobHandle job, ProductTarget target, Task? unless, CancellationToken stop)
    {
        // A live line and a product on one screen would write over each other.
        bool sharesScreen = target.IsStandardOutput && !Console.IsOutputRedirected;
        ProgressDisplay display =
            ProgressDisplay.For(context.Terminal, context.Options.Json || sharesScreen, context.Time);
        JobStatus? last = null;
        await display.ShowWhileAsync(show => Together.RunAsync(
            [
                token => FetchAsync(job, target, token),
                async token => last = await WatchAsync(job, show, token),
            ],
            unless,
            stop));
        return last!;
    }

    private static async Task FetchAsync(JobHandle job, ProductTarget target, CancellationToken stop)
    {
        await using Stream product = await job.OpenResultsAsync(stop);
        await target.WriteAsync(product, stop);
        await target.CommitAsync(stop);
    }

    /// <summary>Shows the job's progress until it ends well.</summary>
    /// <exception cref="JobEndedException">It ended badly.</exception>
    public static async Task<JobStatus> WatchAsync(JobHandle job, Action<JobStatus> show, CancellationToken stop)
    {
        await foreach (JobProgress progress in job.WatchAsync(stop))
        {
            show(progress.Status);
            if (progress.Last)
            {
                return progress.Status.State is JobState.Failed or JobState.Cancelled
                    ? throw new JobEndedException(progress.Status)
                    : progress.Status;
            }
        }

        throw new System.Diagnostics.UnreachableException();
    }
}
