using System.Collections.Immutable;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;
using Ptorrent.Work.Leasing;

namespace Ptorrent.Harbor.State;

/// <summary>Says where a job stands.</summary>
internal static class JobReports
{
    /// <summary>A job that has not ended.</summary>
    /// <param name="job">The job.</param>
    /// <param name="ledger">What is to be counted as done.</param>
    /// <param name="progress">Its work at present, if there is any.</param>
    /// <param name="waiting">Why nobody is at it, or null.</param>
    public static JobStatus Describe(
        JobRecord job,
        JobLedger ledger,
        WorkProgress? progress = null,
        string? waiting = null) =>
        new()
        {
            Id = job.Id,
            Name = job.Request.Name,
            State = job.HasRun ? JobState.Running : JobState.Submitted,
            Program = job.Request.Program.Name,
            Combine = job.Request.Combine,
            Range = job.Request.Range,
            IndicesDone = ledger.IndicesDone,
            FragmentsDone = ledger.FragmentsDone,
            Burnt = ledger.Burnt,
            SubmittedAt = job.SubmittedAt,
            CoresAtWork = progress?.SlotsAtWork ?? 0,
            TimeLeft = progress?.TimeLeft,
            Waiting = waiting,
            Contributions = ledger.Contributions,
            Deliveries = [.. job.Deliveries],
        };

    /// <summary>Why nobody works on a job, as a sentence; null where somebody does, or nothing is left to do.</summary>
    public static string? WhyNobody(
        JobRecord job,
        WorkProgress? progress,
        ImmutableArray<AgentRecord> agents,
        string? stalledBecause)
    {
        if (progress is { SlotsAtWork: > 0 })
        {
            return null;
        }

        // Also where all of it came back: then storing is what it waits for.
        if (stalledBecause is not null)
        {
            return $"The harbor cannot store results: {stalledBecause}";
        }

        if (progress is not { } idle)
        {
            return null;
        }

        if (agents.IsEmpty)
        {
            return "No agent is connected.";
        }

        if (idle.ExcludedCount >= agents.Length)
        {
            return $"Every connected agent refused; the last was {job.LastNack ?? "not heard"}.";
        }

        return agents.All(a => a.Window <= Fuel.Zero)
            ? "The connected agents take no work at present."
            : "The connected agents are at work on other jobs.";
    }
}
