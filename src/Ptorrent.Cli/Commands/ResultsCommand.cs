using System.CommandLine;
using Ptorrent.Cli.CommandLine;
using Ptorrent.Cli.Hosting;
using Ptorrent.Cli.Output;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Serialization;
using Ptorrent.Sdk;

namespace Ptorrent.Cli.Commands;

/// <summary><c>ptorrent results ID</c>: a job's product, as it grows.</summary>
internal static class ResultsCommand
{
    public static Command Create(GlobalOptionSet globals)
    {
        Argument<string> id = new("id") { Description = "A job's id, or its beginning." };
        Option<string> output = new("--out", "-o")
        {
            Description = "A file, a folder for a job of --combine files, or - for standard output (default).",
            HelpName = "PATH",
        };
        Command command = new("results", "Fetch a job's product; waits while it grows.") { id, output };
        CommandBody.Set(command, globals, async (context, result, stop) =>
        {
            using PtorrentClient client = await HarborFinder.FindAsync(context.Options, stop);
            JobHandle job = await JobFinder.FindAsync(client, result.GetRequiredValue(id), stop);
            JobStatus status = await job.GetStatusAsync(stop);
            await using ProductTarget target =
                ProductTarget.Open(result.GetValue(output), status.Combine, context.Terminal.Note);
            await using (Stream product = await job.OpenResultsAsync(stop))
            {
                await target.WriteAsync(product, stop);
            }

            await target.CommitAsync(stop);
            if (context.Options.Json)
            {
                CommandContext.WriteJson(
                    await job.GetStatusAsync(stop), ModelJson.Default.JobStatus, target.IsStandardOutput);
            }

            return ExitCode.Success;
        });
        return command;
    }
}
