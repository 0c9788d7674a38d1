using System.Collections.Immutable;
using System.CommandLine;
using Ptorrent.Cli.CommandLine;
using Ptorrent.Cli.Display;
using Ptorrent.Cli.Hosting;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Serialization;
using Ptorrent.Sdk;

namespace Ptorrent.Cli.Commands;

/// <summary><c>ptorrent jobs</c>: all jobs of the harbor.</summary>
internal static class JobsCommand
{
    private static readonly string[] Heads = ["JOB", "STATE", "DONE", "FUEL", "AGE", "PROGRAM", "NAME"];

    public static Command Create(GlobalOptionSet globals)
    {
        Command command = new("jobs", "List the harbor's jobs, newest first.");
        CommandBody.Set(command, globals, async (context, _, stop) =>
        {
            using PtorrentClient client = await HarborFinder.FindAsync(context.Options, stop);
            ImmutableArray<JobStatus> jobs = await client.ListJobsAsync(stop);
            if (context.Options.Json)
            {
                CommandContext.WriteJson(jobs, ModelJson.Default.ImmutableArrayJobStatus);
            }
            else
            {
                Console.Out.Write(TextTable.Format(Heads, [.. jobs.Select(job => Row(job, context.Time.GetUtcNow()))]));
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static string[] Row(JobStatus job, DateTimeOffset now) =>
    [
        job.Id.ToString(),
        job.State.ToString().ToLowerInvariant(),
        Figures.OfShare(job.IndicesDone, job.Range.Count),
        Figures.Short(job.Burnt.Units).TrimEnd(),
        Figures.OfTime(now > job.SubmittedAt ? now - job.SubmittedAt : TimeSpan.Zero),
        job.Program,
        job.Name,
    ];
}
