using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;
using Ptorrent.Simulation.Core;
using Ptorrent.Simulation.Nodes;
using Ptorrent.Simulation.Workload;

namespace Ptorrent.Simulation.Checks;

/// <summary>What was told to anybody is durable when it is told and is still there after every crash, and no index is
/// durable twice.</summary>
internal sealed class DurabilityChecker(World world)
{
    private readonly Dictionary<(JobId Job, int Round), Coverage> _coverage = [];
    private readonly Dictionary<JobId, JobState> _jobs = [];
    private readonly HashSet<JobId> _acknowledged = [];
    private readonly HashSet<JobId> _cancelled = [];

    /// <summary>The indices of a round of a job that the disk said are durable.</summary>
    public Coverage CoverageOf(JobId job, int round)
    {
        if (!_coverage.TryGetValue((job, round), out Coverage? coverage))
        {
            coverage = new Coverage();
            _coverage.Add((job, round), coverage);
        }

        return coverage;
    }

    /// <summary>A job's durable state; null where it is not durable.</summary>
    public JobState? StateOf(JobId job) => _jobs.TryGetValue(job, out JobState state) ? state : null;

    /// <summary>The disk said that a record is durable.</summary>
    public void OnDurable(StorageRecord record)
    {
        switch (record)
        {
            case StorageRecord.JobAdded added:
                Require(_jobs.TryAdd(added.Job, JobState.Submitted), added.Job, "became durable twice");
                break;
            case StorageRecord.JobRemoved removed:
                Require(!_acknowledged.Contains(removed.Job), removed.Job, "was removed though it was acknowledged");
                _jobs.Remove(removed.Job);
                foreach ((JobId Job, int) key in _coverage.Keys.Where(k => k.Job == removed.Job).ToArray())
                {
                    _coverage.Remove(key);
                }

                break;
            case StorageRecord.JobEnded ended:
                OnEnded(ended.Status);
                break;
            case StorageRecord.SegmentAdded segment:
                Require(_jobs.ContainsKey(segment.Job), segment.Job, $"has {segment.Range} before it is durable");
                Coverage coverage = CoverageOf(segment.Job, segment.Round);
                Require(
                    !coverage.Meets(segment.Range),
                    segment.Job,
                    $"has indices of {segment.Range} of round {segment.Round} twice; there were {coverage}");
                coverage.Add(segment.Range);
                break;
            default:
                break;
        }
    }

    /// <summary>A submitter was told that the harbor has the job.</summary>
    public void OnAcknowledged(JobScript script)
    {
        Require(StateOf(script.Request.Id) is not null, script.Request.Id, "was acknowledged before it was durable");
        _acknowledged.Add(script.Request.Id);
    }

    /// <summary>Somebody was told that the job is cancelled.</summary>
    public void OnCancelled(JobScript script)
    {
        Require(
            StateOf(script.Request.Id) == JobState.Cancelled,
            script.Request.Id,
            "was said to be cancelled before that was durable");
        _cancelled.Add(script.Request.Id);
    }

    /// <summary>The harbor has handled an event.</summary>
    public void After(HarborEffect[] effects)
    {
        foreach (HarborEffect effect in effects)
        {
            if (effect is HarborEffect.Receipt)
            {
                world.Count("receipts");
            }

            if (effect is HarborEffect.JobChanged changed && StateOf(changed.Job) is not null)
            {
                IndexRange told = new(world.ScriptOf(changed.Job).Request.Range.Begin, changed.PrefixEnd);
                Require(
                    CoverageOf(changed.Job, 0).Covers(told),
                    changed.Job,
                    $"was said to be done up to {changed.PrefixEnd}; durable are {CoverageOf(changed.Job, 0)}");
            }
        }
    }

    /// <summary>A process opens the disk: all that it ever called durable must be there.</summary>
    public void OnHarborStart()
    {
        DurableJobs found = new(world.Harbor.Disk.Durable);
        foreach ((JobId job, JobState state) in _jobs)
        {
            DurableJobs.JobRows? rows = found.Find(job);
            Require(rows is not null, job, "is gone from the disk");
            JobState there = rows.Status?.State ?? JobState.Submitted;
            Require(there == state, job, $"was {state} and is {there} on the disk");
            foreach (IGrouping<int, StorageRecord.SegmentAdded> round in rows.Segments.GroupBy(s => s.Round))
            {
                Require(
                    round.Sum(s => s.Range.Count) == CoverageOf(job, round.Key).Count,
                    job,
                    $"had {CoverageOf(job, round.Key)} durable in round {round.Key}, and the disk lost some of it");
            }
        }

        foreach (JobId job in _acknowledged)
        {
            Require(_jobs.ContainsKey(job), job, "was acknowledged and is not durable");
        }

        foreach (JobId job in _cancelled)
        {
            Require(StateOf(job) == JobState.Cancelled, job, "was said to be cancelled and is not");
        }
    }

    private void OnEnded(JobStatus status)
    {
        Require(_jobs.TryGetValue(status.Id, out JobState before), status.Id, "ended before it was durable");
        Require(
            before == JobState.Submitted || (before == JobState.Assembled && status.State == JobState.Accepted),
            status.Id,
            $"was {before} for good and became {status.State}");
        _jobs[status.Id] = status.State;
    }

    private void Require(
        [System.Diagnostics.CodeAnalysis.DoesNotReturnIf(false)] bool holds,
        JobId job,
        string what)
    {
        if (!holds)
        {
            throw new CheckFailedException(
                nameof(DurabilityChecker), $"Job {world.ScriptOf(job).Number} {what}.");
        }
    }
}
