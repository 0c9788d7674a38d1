using System.Collections.Immutable;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;
using Ptorrent.Sdk;

namespace Ptorrent.Cli.Hosting;

/// <summary>Finds a job by its id, or by the beginning of it.</summary>
internal static class JobFinder
{
    /// <summary>The job that <paramref name="text"/> means.</summary>
    /// <exception cref="RefusedException">No job's id begins so, or several do.</exception>
    public static async Task<JobHandle> FindAsync(PtorrentClient client, string text, CancellationToken stop)
    {
        if (PrefixedId.TryParse(text, out JobId id))
        {
            return client.Job(id);
        }

        return client.Job(Choose(text, await client.ListJobsAsync(stop)));
    }

    internal static JobId Choose(string text, ImmutableArray<JobStatus> jobs)
    {
        string beginning = text.StartsWith(JobId.Prefix, StringComparison.Ordinal) ? text : JobId.Prefix + text;
        ImmutableArray<JobId> found =
            [.. jobs.Select(j => j.Id).Where(id => id.ToString().StartsWith(beginning, StringComparison.Ordinal))];
        return (text.Length, found.Length) switch
        {
            ( > 0, 1) => found[0],
            ( > 0, > 1) => throw new RefusedException(new Refusal(
                RefusalCode.Conflict, "job", text, $"{found.Length} jobs begin so", "Give more of the id")),
            _ => throw new RefusedException(new Refusal(
                RefusalCode.NotFound, "job", text, "there is no such job", "See 'ptorrent jobs'")),
        };
    }
}
