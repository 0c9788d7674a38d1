using System.Collections.Immutable;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;

namespace Ptorrent.Harbor.Api;

/// <summary>Finds jobs: open ones in the loop, ended ones in the database.</summary>
internal sealed class JobLookup(HarborLoop loop, HarborReader reader)
{
    private const int ListedCountMax = 10_000;

    /// <summary>A job now; null if there is none.</summary>
    public async Task<JobStatus?> FindAsync(JobId id, CancellationToken stop) =>
        await loop.AskAsync(state => state.StatusOf(id), stop) ?? reader.FindEnded(id);

    /// <summary>All jobs, the newest 10,000 of those that have ended; newest first.</summary>
    public async Task<ImmutableArray<JobStatus>> ListAsync(CancellationToken stop)
    {
        // In this order: a job that ends meanwhile is seen twice and not never.
        ImmutableArray<(long Number, JobStatus Status)> open = await loop.AskAsync(state => state.Statuses(), stop);
        HashSet<JobId> seen = [.. open.Select(j => j.Status.Id)];
        return
        [
            .. open
                .Concat(reader.ListEnded(ListedCountMax).Where(j => !seen.Contains(j.Status.Id)))
                .OrderByDescending(j => j.Number)
                .Select(j => j.Status),
        ];
    }
}
