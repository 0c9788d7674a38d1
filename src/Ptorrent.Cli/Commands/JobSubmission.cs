using System.Collections.Immutable;
using Ptorrent.Cli.CommandLine;
using Ptorrent.Cli.Hosting;
using Ptorrent.Cli.Jobs;
using Ptorrent.Model;
using Ptorrent.Model.Jobs;
using Ptorrent.Sdk;

namespace Ptorrent.Cli.Commands;

/// <summary>Brings a job to a harbor: its program, its files, itself.</summary>
internal static class JobSubmission
{
    private const int ManyFiles = 100;

    private static readonly TimeSpan GiveUpTimeMax = TimeSpan.FromSeconds(3);

    /// <summary>Uploads what the harbor does not have, and submits the job.</summary>
    public static async Task<JobHandle> SubmitAsync(
        CommandContext context, PtorrentClient client, JobPlan plan, CancellationToken stop)
    {
        using (MemoryStream program = new(plan.Program.Bytes.ToArray(), writable: false))
        {
            if (await client.FindBlobAsync(plan.Program.Reference.Digest, stop) is null)
            {
                await client.PutBlobAsync(plan.Program.Reference.Digest, program, program.Length, stop);
            }
        }

        if (plan.InputPaths.Length >= ManyFiles)
        {
            context.Terminal.Note($"bringing {plan.InputPaths.Length} files to the harbor …");
        }

        ImmutableArray<InputFile> files = await client.UploadFilesAsync(plan.InputPaths, stop);
        InputFile? lines = plan.Options.Lines is { } path ? await client.UploadFileAsync(path, stop) : null;
        return await client.SubmitAsync(plan.ToRequest(PtorrentClient.NewJobId(), files, lines), stop);
    }

    /// <summary>Cancels a job that nobody waits for any more, as far as that is possible soon.</summary>
    public static async Task GiveUpAsync(JobHandle job, TimeProvider time)
    {
        using CancellationTokenSource limit = new(GiveUpTimeMax, time);
        try
        {
            await job.CancelAsync(limit.Token);
        }
        catch (Exception error) when (error is PtorrentException or OperationCanceledException)
        {
            // It had ended already, or the harbor is gone; the command ends for another reason, which is told.
        }
    }
}
